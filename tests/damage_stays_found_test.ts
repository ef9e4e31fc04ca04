import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Finding } from "../src/model/records.ts";
import { doctor } from "../src/operation/doctor.ts";
import { verify } from "../src/operation/verify.ts";
import { KnownDamage } from "../src/protocol/verify/known_damage.ts";
import { USER } from "./support/as_user.ts";
import { BlackBox, type BlackBoxOptions } from "./support/black_box.ts";
import { namesIn } from "./support/files.ts";
import { killedAt } from "./support/kill_point.ts";
import { TestRepository } from "./support/repository.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { damageSilently } from "./support/silent_damage.ts";

/* SPEC 9: what a verification found damaged is read again by each later one, until it is sound. */

const PARTS = 7;

/** Three snapshots that share a file, with a copy outside, and the night whose seventh has that file. */
async function nights(options: BlackBoxOptions = {}) {
  const box = await BlackBox.make(options);
  box.write("a.txt", "content of a\n");
  const ids: string[] = [];
  for (const n of [1, 2, 3]) {
    box.write("b.txt", `content ${n}\n`);
    ids.push((await box.save()).snapshot_id);
  }
  mustRun("cp", "-a", `${box.control}/snapshots`, `${box.outside}/copy`);
  const all = async (...flags: string[]) => await box.run(["verify", "--all", ...flags]);
  const night = (n: number, ...flags: string[]) =>
    all("--subset", `${(n - 1) % PARTS + 1}/${PARTS}`, ...flags);
  return {
    box,
    ids,
    all,
    night,
    /** The night that finds it, and one that does not read its part. */
    async found(): Promise<{ first: number; other: number }> {
      for (let n = 1; n <= PARTS; n++) {
        if ((await night(n)).code !== 0) return { first: n, other: n % PARTS + 1 };
      }
      throw new Error("no part has the file");
    },
    /** As docs/recovery.md tells. */
    bringBack(from = `${box.outside}/copy`) {
      for (const id of ids) mustRun("rm", "-rf", `${box.control}/snapshots/${id}`);
      mustRun("cp", "-a", ...ids.map((id) => `${from}/${id}`), `${box.control}/snapshots/`);
    },
    async doctor(...flags: string[]): Promise<Finding[]> {
      const { stdout } = await box.run(["doctor", ...flags, "--json"]);
      return JSON.parse(stdout).findings;
    },
    memory(): string {
      const [host = ""] = namesIn(`${box.control}/runtime/hosts`);
      const caches = `${box.control}/runtime/hosts/${host}/cache`;
      return `${caches}/${namesIn(caches).find((name) => name.startsWith("damage-")) ?? "none"}`;
    },
    [Symbol.dispose]: () => box[Symbol.dispose](),
  };
}

Deno.test("a job that reads a seventh each night tells of damage from the night that finds it until it is mended", async () => {
  using at = await nights();
  const { box, ids, night } = at;
  damageSilently(box, ids[0] ?? "", "a.txt");
  const codes: number[] = [];
  for (let n = 1; n <= 10; n++) codes.push((await night(n)).code);
  const first = codes.indexOf(1);
  assert(first >= 0 && first < PARTS, `${codes}`);
  assertEquals(codes, codes.map((_, n) => n < first ? 0 : 1), "red from the night that found it");
  const { stdout } = await night(1);
  assertEquals(stdout.match(/^TAMPERED/gm)?.length, ids.length, "each snapshot that has it");
  // The doctor of that job must not call the repository healthy.
  const said = await at.doctor();
  assertEquals(
    said.map(({ code, snapshot_id }) => [code, snapshot_id]),
    ids.map((id) => [
      "E_PAYLOAD_HASH_MISMATCH",
      id,
    ]),
  );
  assertMatch(
    said[0]?.message ?? "",
    /A verification of \S+Z found .*: a\.txt\. `jvs verify \S+` reads that again\./,
  );
  at.bringBack();
  for (let n = first + 1; n <= first + 3; n++) assertEquals((await night(n)).code, 0, "the night after");
  assertEquals(await at.doctor(), []);
});

Deno.test("what is brought back damaged is still found, though no part has it, and with --since too", async () => {
  using at = await nights();
  const { box, ids, night } = at;
  const since = ["--since", "1h"];
  await at.all();
  damageSilently(box, ids[0] ?? "", "a.txt");
  mustRun("cp", "-a", `${box.control}/snapshots`, `${box.outside}/damaged`);
  const { other } = await at.found();
  for (const flags of [[], since, since]) assertEquals((await night(other, ...flags)).code, 1);
  at.bringBack(`${box.outside}/damaged`);
  for (const flags of [[], since]) assertEquals((await night(other, ...flags)).code, 1);
  assertEquals((await at.all(...since)).code, 1);
  at.bringBack();
  assertEquals((await night(other, ...since)).code, 0);
});

Deno.test("a verification of one snapshot, and the doctor who reads everything, note damage and find it mended", async () => {
  using at = await nights();
  const { box, ids: [, second = ""] } = at;
  damageSilently(box, second, "b.txt");
  const { other } = await at.found();
  at.bringBack();
  await box.json(["verify", second]);
  assertEquals(await at.doctor(), []);
  damageSilently(box, second, "b.txt");
  assertEquals((await at.doctor("--strict")).length, 1);
  assertEquals((await at.night(other)).code, 1, "doctor noted it");
  at.bringBack();
  assertEquals((await at.doctor()).length, 1, "it reads nothing");
  assertEquals(await at.doctor("--strict"), []);
  assertEquals(await at.doctor(), []);
  assertEquals(at.memory().endsWith("/none"), true);
});

Deno.test("all of a snapshot is read again whose manifest or folder was damaged", async () => {
  using at = await nights();
  const { box, ids: [first = ""] } = at;
  damageSilently(box, first, "a.txt");
  const { other } = await at.found();
  at.bringBack();
  await at.all();
  const lose = (place: string) => {
    Deno.renameSync(`${box.control}/${place}/${first}`, `${box.outside}/lost`);
    return () => Deno.renameSync(`${box.outside}/lost`, `${box.control}/${place}/${first}`);
  };
  for (const place of ["manifests", "snapshots"]) {
    const back = lose(place);
    assertEquals((await at.night(other)).code, 1);
    back();
    damageSilently(box, first, "a.txt");
    assertEquals((await at.night(other)).code, 1, `after ${place}`);
    at.bringBack();
    assertEquals((await at.night(other)).code, 0, `after ${place}`);
  }
});

Deno.test("a verification that stops at the first damage forgets none that it did not come to", async () => {
  using at = await nights();
  const { box, ids: [first = "", , third = ""] } = at;
  damageSilently(box, first, "a.txt");
  const { other } = await at.found();
  // In the first it knows of both, in the third it has only looked at the first.
  for (const id of [first, third]) {
    const path = `${box.control}/snapshots/${id}/b.txt`;
    Deno.renameSync(path, `${box.outside}/b.txt`);
    const stopped = await at.night(other, "--fail-fast");
    assertMatch(stopped.stdout, /missing {2}b\.txt\nStopped/);
    Deno.renameSync(`${box.outside}/b.txt`, path);
    assertMatch((await at.night(other)).stdout, new RegExp(`TAMPERED {2}${first} [^]*content {2}a\\.txt`));
  }
});

Deno.test({
  name: "what may not be read is not sound: damage that was found there stays found",
  ...requires("root"),
  async fn() {
    using at = await nights({ user: USER });
    const { box, ids: [first = ""] } = at;
    damageSilently(box, first, "a.txt");
    const { other } = await at.found();
    const path = `${box.control}/snapshots/${first}/a.txt`;
    const { mode } = Deno.statSync(path);
    Deno.chownSync(path, 0, 0);
    Deno.chmodSync(path, 0o600);
    const closed = await at.night(other);
    assertEquals(closed.code, 1);
    assertMatch(closed.stdout, /^UNCHECKED/m);
    Deno.chownSync(path, USER, USER);
    Deno.chmodSync(path, mode ?? 0);
    assertMatch((await at.night(other)).stdout, /^TAMPERED/m);
  },
});

Deno.test("a memory of damage that is lost, damaged or of another version is only forgotten", async () => {
  using at = await nights();
  const { box, ids: [first = ""] } = at;
  damageSilently(box, first, "a.txt");
  const { first: its, other } = await at.found();
  const whole = Deno.readFileSync(at.memory());
  const changed = (change: (bytes: Uint8Array) => void) => {
    const bytes = whole.slice();
    change(bytes);
    return bytes;
  };
  const forgotten = [
    whole.slice(0, -1),
    new Uint8Array(),
    changed((bytes) => void (bytes[60] = 0)),
    changed((bytes) => void (bytes[4] = 9)), // its format
  ];
  for (const bytes of forgotten) {
    Deno.writeFileSync(at.memory(), bytes);
    const { code, stderr } = await at.night(other);
    assertEquals([code, stderr], [0, ""]);
    assertEquals((await at.night(its)).code, 1);
    assertEquals((await at.night(other)).code, 1, "it was noted anew");
  }
  await box.run(["doctor", "--repair-runtime", "--repair", "rebuild_index"]);
  assertEquals((await at.night(other)).code, 1, "no repair of caches forgets it");
  Deno.writeFileSync(at.memory(), whole.slice(0, -1));
  await box.run(["doctor", "--repair-runtime"]);
  assertEquals(at.memory().endsWith("/none"), true);
});

Deno.test("a verification with --since reads what one found damaged that was killed before it forgot what it had read", async () => {
  using repository = await TestRepository.saved();
  const { first, path } = repository;
  await repository.call(verify, { all: true });
  damageSilently({ control: `${path}/.jvs` }, first, "a.txt");
  const { store } = await repository.open();
  const killed = await KnownDamage.open(store);
  await killed.noteFound(first, { error: "E_PAYLOAD_HASH_MISMATCH", paths: ["a.txt"], isPartly: false });
  const { snapshots } = await repository.call(verify, { all: true, since: "1h" });
  assertEquals(snapshots.map(({ files }) => files), [[{ path: "a.txt", problem: "content" }]]);
});

Deno.test("a verification that is killed while it notes damage forgets none of before", async () => {
  using repository = await TestRepository.saved();
  const { first, path } = repository;
  const box = { control: `${path}/.jvs` };
  Deno.writeTextFileSync(`${repository.main}/own.txt`, "of the second\n");
  const second = await repository.save("second");
  const noted = async () => {
    return (await repository.call(doctor)).findings.map(({ snapshot_id }) => snapshot_id);
  };
  damageSilently(box, first, "data/b.txt");
  await repository.call(verify, { snapshot: first });
  assertEquals(await noted(), [first]);
  damageSilently(box, second, "own.txt");
  let n = 1;
  for (; await killedAt(n, () => repository.call(verify, { snapshot: second })); n++) {
    assert((await noted()).includes(first), `killed at change ${n}`);
  }
  assert(n > 2, "there were changes at which to kill it");
  assertEquals(await noted(), [first, second]);
});
