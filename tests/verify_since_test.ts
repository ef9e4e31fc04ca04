import { assertEquals, assertMatch } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { namesIn } from "./support/files.ts";
import { mustRun } from "./support/run.ts";
import { damageSilently as damage } from "./support/silent_damage.ts";

/* SPEC 9: what was read is remembered on this host; and a verification may end at the first damage. */

interface Verified {
  readonly snapshots: {
    readonly snapshot_id: string;
    readonly severity: string;
    readonly payload_hash_valid: boolean | null;
    readonly read_at: string | null;
    readonly files: readonly { readonly path: string; readonly problem: string }[];
  }[];
  readonly severity: string;
  readonly complete: boolean;
}

async function verify({ run }: Pick<BlackBox, "run">, ...args: string[]): Promise<Verified> {
  return JSON.parse((await run(["verify", ...args, "--json"])).stdout);
}

/** The box, and a function that verifies. */
async function madeBox() {
  const box = await BlackBox.make();
  return { box, check: (...args: string[]) => verify({ run: (all) => box.run(all) }, ...args) };
}

async function save(box: BlackBox, content: Record<string, string>): Promise<string> {
  for (const [name, text] of Object.entries(content)) box.write(name, text);
  return (await box.save()).snapshot_id;
}

const HOUR = ["--since", "1h"];
const TO_COME = ["--since", "2099-01-01"];

Deno.test("jvs verify --since does not read again what was read since, and says when that was", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  const id = await save(box, { "a.txt": "content of a\n" });
  const { snapshots: [read] } = await check("--all");
  assertEquals([read?.severity, read?.payload_hash_valid], ["ok", true]);
  damage(box, id, "a.txt");
  const { snapshots: [again] } = await check("--all", ...HOUR);
  assertEquals([again?.severity, again?.payload_hash_valid, again?.read_at], ["ok", null, read?.read_at]);
  assertMatch((await box.run(["verify", ...HOUR])).stdout, /^OK {2}\S+, read before \(.*\)\n$/);
  assertEquals((await check("--all", ...TO_COME)).severity, "critical", "nothing was read since then");
  assertEquals((await check("--all", ...HOUR)).severity, "critical", "what is damaged counts as never read");
});

Deno.test("jvs verify --since of a snapshot that shares files reads only the others", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  const first = await save(box, { "old.txt": "from the first snapshot\n", "both.txt": "one\n" });
  await check(first);
  const second = await save(box, { "new.txt": "from the second snapshot\n", "both.txt": "two\n" });
  const inode = (id: string) => Deno.statSync(`${box.control}/snapshots/${id}/old.txt`).ino;
  assertEquals(inode(first), inode(second), "they share a file");
  damage(box, second, "old.txt");
  damage(box, second, "new.txt");
  const { snapshots: [read] } = await check(second, ...HOUR);
  assertEquals(read?.files, [{ path: "new.txt", problem: "content" }]);
  // Now that one is damaged, no other is believed unseen.
  const all = await check("--all", ...HOUR);
  assertEquals(all.snapshots.map(({ severity }) => severity), ["ok", "critical"]);
  const whole = await check("--all");
  assertEquals(whole.snapshots.map(({ severity }) => severity), ["critical", "critical"]);
});

Deno.test("jvs verify --since reads a file whose size or time changed, and looks at the records of each snapshot", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  const first = await save(box, { "a.txt": "content of a\n" });
  const second = await save(box, { "b.txt": "content of b\n" });
  await check("--all");
  await save(box, { "c.txt": "content of c\n" });
  Deno.renameSync(`${box.control}/manifests/${first}`, `${box.outside}/kept`);
  assertEquals((await check(first, ...HOUR)).severity, "critical", "a manifest is missing");
  Deno.renameSync(`${box.outside}/kept`, `${box.control}/manifests/${first}`);
  const payload = `${box.control}/snapshots/${second}`;
  mustRun(
    "sh",
    "-c",
    'cd "$1"; chmod u+w a.txt b.txt; printf XX > a.txt; printf "content of X\n" > b.txt',
    "sh",
    payload,
  );
  const third = (await box.history())[0]?.snapshot_id ?? "";
  const { snapshots: [read] } = await check(third, ...HOUR);
  assertEquals(read?.files.map(({ path }) => path), ["a.txt", "b.txt"]);
});

Deno.test("jvs verify --since checks each manifest, and reads a payload that is another folder than then", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  const first = await save(box, { "a.txt": "content of a\n" });
  const second = await save(box, { "a.txt": "content of b\n" });
  await check("--all");
  const manifest = `${box.control}/manifests/${first}`;
  const whole = Deno.readFileSync(manifest);
  Deno.chmodSync(manifest, 0o600);
  Deno.writeFileSync(manifest, whole.slice(0, -1));
  assertEquals((await check("--all", ...HOUR)).severity, "critical");
  Deno.writeFileSync(manifest, whole);
  await check("--all");
  // As docs/recovery.md tells, but from a copy that is damaged.
  const payload = `${box.control}/snapshots/${second}`;
  mustRun("mv", payload, `${box.outside}/was`);
  mustRun("cp", "-a", `${box.outside}/was`, payload);
  damage(box, second, "a.txt");
  assertEquals((await check("--all", ...HOUR)).snapshots.map(({ severity }) => severity), ["ok", "critical"]);
});

Deno.test("jvs verify --since goes on to say that a snapshot lost metadata", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  const id = await save(box, { "a.txt": "content of a\n" });
  await check("--all");
  mustRun("touch", "-d", "@1", `${box.control}/snapshots/${id}/a.txt`);
  for (const flags of [[], HOUR, HOUR]) assertEquals((await check("--all", ...flags)).severity, "degraded");
});

Deno.test("jvs verify --since believes nothing of what was read of the repository that this one is a copy of", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  const id = await save(box, { "a.txt": "content of a\n" });
  await check("--all");
  mustRun("cp", "-a", box.path, `${box.outside}/copy`);
  const copy = `${box.outside}/copy`;
  damage({ control: `${copy}/.jvs` }, id, "a.txt");
  const { stdout } = await box.run(["verify", "--all", ...HOUR, "--json"], { cwd: `${copy}/main` });
  assertEquals(JSON.parse(stdout).severity, "critical");
});

Deno.test("jvs verify --since reads everything where its memory is damaged, and jvs doctor removes that", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  const id = await save(box, { "a.txt": "content of a\n" });
  await check("--all");
  const [host = ""] = namesIn(`${box.control}/runtime/hosts`);
  const caches = `${box.control}/runtime/hosts/${host}/cache`;
  const memory = () => namesIn(caches).filter((name) => name.startsWith("readings-"));
  const [name = ""] = memory();
  const bytes = Deno.readFileSync(`${caches}/${name}`);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  Deno.writeFileSync(`${caches}/${name}`, bytes);
  damage(box, id, "a.txt");
  assertEquals((await check("--all", ...HOUR)).severity, "critical");
  Deno.writeFileSync(`${caches}/${name}`, bytes);
  await box.run(["doctor", "--repair-runtime"]);
  assertEquals(memory(), []);
});

Deno.test("jvs verify --fail-fast ends at the first damage, and says that the rest was not checked", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  const ids = [];
  for (const n of [1, 2, 3]) ids.push(await save(box, { "a.txt": `content ${n}\n` }));
  const [, second = "", third = ""] = ids;
  assertEquals((await check("--all", "--fail-fast")).complete, true);
  damage(box, second, "a.txt");
  damage(box, third, "a.txt");
  const { snapshots, complete } = await check("--all", "--fail-fast");
  assertEquals(snapshots.map(({ severity }) => severity), ["ok", "critical"]);
  assertEquals(complete, false);
  const { code, stdout } = await box.run(["verify", "--all", "--fail-fast"]);
  assertEquals(code, 1);
  assertMatch(stdout, /Stopped at the first damage: the rest was not checked\.\n$/);
  assertEquals((await check("--all")).complete, true);
});

Deno.test("jvs verify --fail-fast ends within a snapshot: before it reads anything where something is missing", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  // So many that they are read in several parts.
  for (let n = 0; n < 10_050; n++) box.write(`f${String(n).padStart(5, "0")}`, `${n}\n`);
  const id = (await box.save()).snapshot_id;
  damage(box, id, "f00003");
  damage(box, id, "f10049");
  const named = async () => (await check("--fail-fast")).snapshots[0]?.files;
  assertEquals(await named(), [{ path: "f00003", problem: "content" }]);
  Deno.removeSync(`${box.control}/snapshots/${id}/f05000`);
  assertEquals(await named(), [{ path: "f05000", problem: "missing" }]);
  assertEquals((await check()).snapshots[0]?.files.length, 3);
});

Deno.test("jvs verify --fail-fast looks at all snapshots before it reads one", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  const [first, last] = [await save(box, { "a.txt": "one\n" }), await save(box, { "a.txt": "two\n" })];
  damage(box, first, "a.txt");
  Deno.removeSync(`${box.control}/snapshots/${last}/a.txt`);
  const { snapshots } = await check("--all", "--fail-fast");
  assertEquals(snapshots.map(({ files, snapshot_id: id }) => [id, files]), [[last, [{
    path: "a.txt",
    problem: "missing",
  }]]]);
});

Deno.test("jvs verify --fail-fast reads no content where the records are damaged", async () => {
  const { box, check } = await madeBox();
  using _ = box;
  await save(box, { "a.txt": "content of a\n" });
  const log = `${box.control}/audit/audit.jsonl`;
  Deno.writeTextFileSync(log, Deno.readTextFileSync(log).replace("snapshot", "snapshop"));
  const { snapshots, severity, complete } = await check("--all", "--fail-fast");
  assertEquals([snapshots.length, severity, complete], [0, "critical", false]);
});
