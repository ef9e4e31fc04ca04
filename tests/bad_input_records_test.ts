import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { contentsOf, losingNothing, missingFrom } from "./support/kept_content.ts";
import { leaveIntent } from "./support/leftovers.ts";
import type { Finding } from "../src/model/records.ts";

/** A repository with records of every kind, and unsaved work in main. */
async function fullBox() {
  const box = await BlackBox.make();
  box.write("a", "first\n");
  box.write("folder/b", "first\n");
  const first = (await box.save("first")).snapshot_id;
  box.write("a", "second\n");
  const second = (await box.save("second")).snapshot_id;
  await box.json(["ref", "create", "named", first]);
  await box.json(["worktree", "fork", "other"]);
  box.write("a", "precious\n");
  return Object.assign(box, { first, second });
}

type FullBox = Awaited<ReturnType<typeof fullBox>>;

/** Ways in which a file can be damaged. */
const DAMAGES: Record<string, (content: Uint8Array) => Uint8Array> = {
  "cut in half": (content) => content.slice(0, content.length / 2),
  "empty": () => new Uint8Array(),
  "full of something else": () => Uint8Array.of(0x00, 0xff, 0x7b, 0x0a),
};

/** Damages a file for one block. */
function damaged(path: string, damage: (content: Uint8Array) => Uint8Array): Disposable {
  const content = Deno.readFileSync(path);
  const { mode } = Deno.statSync(path);
  const write = (bytes: Uint8Array) => {
    Deno.chmodSync(path, 0o644);
    Deno.writeFileSync(path, bytes);
    Deno.chmodSync(path, (mode ?? 0o644) & 0o777);
  };
  write(damage(content));
  return { [Symbol.dispose]: () => write(content) };
}

/** What each kind of record must do when it is damaged. */
interface Case {
  readonly what: string;
  readonly path: (box: FullBox) => string;
  /** The class that names it. */
  readonly error: string;
  /** Commands that cannot do without it. */
  readonly fails: (box: FullBox) => string[][];
  /** Commands that have nothing to do with it, or can do without. */
  readonly works: (box: FullBox) => string[][];
}

const CASES: readonly Case[] = [
  {
    what: "a descriptor",
    path: ({ control, first }) => `${control}/descriptors/${first}.json`,
    error: "E_DESCRIPTOR_CORRUPT",
    fails: ({ first }) => [["show", first], ["diff", first], ["restore", first]],
    works: (
      { second },
    ) => [["status"], ["history"], ["history", "--all"], ["diff", second], ["worktree", "list"], [
      "restore",
      second,
      "--preview",
    ]],
  },
  {
    what: "a manifest",
    path: ({ control, first }) => `${control}/manifests/${first}`,
    error: "E_DESCRIPTOR_CORRUPT",
    fails: ({ first }) => [["diff", first], ["restore", first], ["restore", first, "--name", "new"]],
    works: (
      { first, second },
    ) => [["history"], ["show", first], ["restore", second, "--preview"], ["status"]],
  },
  {
    what: "the head's manifest",
    path: ({ control, second }) => `${control}/manifests/${second}`,
    error: "E_DESCRIPTOR_CORRUPT",
    fails: ({ second }) => [["status"], ["restore", second]],
    works: ({ first }) => [["history"], ["restore", first, "--preview"], ["restore", first]],
  },
  {
    what: "the head's descriptor",
    path: ({ control, second }) => `${control}/descriptors/${second}.json`,
    error: "E_DESCRIPTOR_CORRUPT",
    fails: ({ second }) => [["show", second], ["restore", second]],
    works: ({ first }) => [["show", first], ["restore", first, "--preview"], ["snapshot"]],
  },
  {
    what: "a commit marker",
    path: ({ control, first }) => `${control}/snapshots/${first}.READY`,
    error: "E_DESCRIPTOR_CORRUPT",
    fails: ({ first }) => [["show", first], ["restore", first]],
    works: ({ second }) => [["status"], ["show", second], ["restore", second, "--preview"], ["snapshot"]],
  },
  {
    what: "this worktree's record",
    path: ({ control }) => `${control}/worktrees/main/config.json`,
    error: "E_DESCRIPTOR_CORRUPT",
    fails: ({ first }) => [["status"], ["snapshot"], ["restore", first]],
    works: ({ first }) => [["verify", first], ["show", first], ["status", "--worktree", "other"]],
  },
  {
    what: "another worktree's record",
    path: ({ control }) => `${control}/worktrees/other/config.json`,
    error: "E_DESCRIPTOR_CORRUPT",
    fails: () => [["status", "--worktree", "other"], ["worktree", "remove", "other", "--discard"]],
    works: ({ first }) => [["status"], ["restore", first], ["snapshot", "--branch"], ["verify", first]],
  },
  {
    what: "a ref",
    path: ({ control }) => `${control}/refs/named.json`,
    error: "E_DESCRIPTOR_CORRUPT",
    fails: () => [["ref", "list"], ["restore", "named"]],
    works: ({ first }) => [["status"], ["restore", first], ["snapshot", "--branch"]],
  },
  {
    what: "the repository's id",
    path: ({ control }) => `${control}/repo_id`,
    error: "E_DESCRIPTOR_CORRUPT",
    fails: () => [["info"]],
    works: ({ first }) => [["status"], ["restore", first], ["snapshot", "--branch"]],
  },
  {
    what: "the settings",
    path: ({ control }) => `${control}/config.jsonc`,
    error: "E_USAGE",
    fails: ({ first }) => [["snapshot"], ["restore", first], ["config", "list"]],
    works: ({ first }) => [["status"], ["history"], ["verify", "--all"], ["show", first]],
  },
  {
    what: "the end of the audit trail",
    path: ({ control }) => `${control}/audit/HEAD`,
    error: "E_AUDIT_CHAIN_BROKEN",
    fails: ({ first }) => [["snapshot"], ["restore", first], ["ref", "create", "x"]],
    works: ({ first }) => [["status"], ["history"], ["show", first], ["restore", first, "--preview"]],
  },
  {
    what: "the audit trail",
    path: ({ control }) => `${control}/audit/audit.jsonl`,
    error: "E_AUDIT_CHAIN_BROKEN",
    fails: ({ first }) => [["snapshot"], ["restore", first]],
    works: () => [["status"], ["history"]],
  },
];

for (const { what, path, error, fails, works } of CASES) {
  Deno.test(`jvs says of ${what} that it is damaged, does what it can without it, and loses nothing`, async () => {
    using box = await fullBox();
    const before = contentsOf(box.main);
    let round = 0;
    for (const [how, damage] of Object.entries(DAMAGES)) {
      using _damage = damaged(path(box), damage);
      const { findings } = (await box.run(["doctor", "--strict", "--json"])).json as { findings?: Finding[] };
      assert(findings?.some(({ code }) => code === error), `doctor finds nothing where ${what} is ${how}`);
      // Each in one of the rounds: a round of all costs three times as much and tells no more.
      for (const [index, args] of fails(box).entries()) {
        if (index % 3 !== round && fails(box).length >= 3) continue;
        const { message, hint } = await box.error(error, args);
        assertMatch(message, /^Cannot .*["“]/s, `${args.join(" ")} does not name what is damaged`);
        assertNotEquals(hint, "");
        assertEquals(contentsOf(box.main), before);
      }
      for (const [index, args] of works(box).entries()) if (index % 3 === round) await box.json(args);
      assertEquals(missingFrom(before, box.main, box.control), []);
      round++;
      box.write("a", "precious\n");
    }
    await box.audit();
  });
}

Deno.test("jvs verify --all names the record of a worktree that is damaged", async () => {
  using box = await fullBox();
  const path = `${box.control}/worktrees/other/config.json`;
  using _damage = damaged(path, () => new Uint8Array());
  const { code, stdout } = await box.run(["verify", "--all", "--json"]);
  const { findings }: { findings: Finding[] } = JSON.parse(stdout);
  assertEquals([code, findings.map((each) => [each.code, each.path])], [1, [["E_DESCRIPTOR_CORRUPT", path]]]);
});

Deno.test("jvs worktree remove names no folder outside that a damaged record leads to", async () => {
  using box = await fullBox();
  const file = `${box.control}/worktrees/other/config.json`;
  const text = Deno.readTextFileSync(file);
  const before = contentsOf(box.main);
  for (const path of ["../../elsewhere", "../..", ".jvs/worktrees", "/etc"]) {
    Deno.writeTextFileSync(file, JSON.stringify({ ...JSON.parse(text), path }));
    for (const force of [[], ["--force"], ["--discard"]]) {
      const { hint } = await box.error("E_PATH_ESCAPE", ["worktree", "remove", "other", ...force]);
      assert(!hint.includes("elsewhere.jvs"), hint);
    }
  }
  Deno.writeTextFileSync(file, text);
  assertEquals(contentsOf(box.main), before);
  await box.audit();
});

Deno.test("jvs refuses a repository of another format, and changes nothing", async () => {
  using box = await fullBox();
  const path = `${box.control}/format_version`;
  const before = contentsOf(box.main);
  for (const [version, wayOut] of [["3\n", "newer jvs"], ["1\n", "original jvs"]]) {
    Deno.writeTextFileSync(path, version ?? "");
    for (
      const args of [["status"], ["snapshot"], ["restore", box.first], ["doctor"], [
        "worktree",
        "create",
        "x",
      ]]
    ) {
      const { hint, details } = await box.error("E_FORMAT_UNSUPPORTED", args);
      assertStringIncludes(hint, wayOut ?? "");
      assertEquals(details.supported, 2);
    }
  }
  for (const content of ["", "two\n", "2.0"]) {
    Deno.writeTextFileSync(path, content);
    const { message, hint } = await box.error("E_DESCRIPTOR_CORRUPT", ["snapshot"]);
    assertStringIncludes(message, "format_version");
    assertStringIncludes(hint, "copy");
  }
  Deno.removeSync(path);
  const { hint } = await box.error("E_DESCRIPTOR_CORRUPT", ["doctor", "--strict"]);
  assertStringIncludes(hint, 'the single line "2"');
  Deno.writeTextFileSync(path, "2\n");
  assertEquals(contentsOf(box.main), before);
  await box.audit();
});

Deno.test("jvs names a way out of damaged settings that leads out", async () => {
  using box = await fullBox();
  const path = `${box.control}/config.jsonc`;
  Deno.writeTextFileSync(path, "{");
  const { hint } = await box.error("E_USAGE", ["config", "list"]);
  assertStringIncludes(hint, "move the file away");
  Deno.renameSync(path, `${path}.away`);
  await box.json(["config", "list"]);
  await box.json(["snapshot"]);
  await box.audit();
});

/** An intent as a restore leaves it that was killed a year ago. */
function leaveRestore(box: FullBox, change: (text: string) => string): string {
  const file = leaveIntent(box.control, "restore", {
    target: box.first,
    details: { snapshot_id: box.first },
  });
  Deno.writeTextFileSync(file, change(Deno.readTextFileSync(file)));
  const id = file.slice(file.lastIndexOf("/") + 1, -".json".length);
  const staged = `${box.control}/runtime/shared/staging/${id}`;
  Deno.mkdirSync(`${staged}/old`, { recursive: true });
  Deno.writeTextFileSync(`${staged}/old/file`, "taken out of the worktree\n");
  return id;
}

for (
  const [how, damage] of [["cut in half", (text: string) => text.slice(0, text.length / 2)], [
    "empty",
    () => "",
  ]] as const
) {
  Deno.test(`jvs keeps what an intent that is ${how} had staged, says so, and goes on`, async () => {
    using box = await fullBox();
    const id = leaveRestore(box, damage);
    const { findings } = (await box.run(["doctor", "--json"])).json as unknown as { findings: Finding[] };
    const [found] = findings.filter(({ code }) => code === "E_DESCRIPTOR_CORRUPT");
    assertStringIncludes(found?.path ?? "", id);
    await box.run(["doctor", "--repair-runtime", "--repair", "clean_tmp"]);
    const kept = `${box.control}/runtime/shared/staging/${id}/old/file`;
    assertEquals(Deno.readTextFileSync(kept), "taken out of the worktree\n");
    await box.json(["snapshot", "goes on", "--worktree", "main"]);
    Deno.removeSync(`${box.control}/runtime/shared/intents/${id}.json`);
    Deno.removeSync(`${box.control}/runtime/shared/staging/${id}`, { recursive: true });
    await box.audit();
  });
}

Deno.test("jvs leaves an intent of a newer version's operation alone, and names the way out", async () => {
  using box = await fullBox();
  const before = contentsOf(box.main);
  const id = leaveRestore(box, (text) => text.replace('"restore"', '"teleport"'));
  const { message, hint } = await box.error("E_FORMAT_UNSUPPORTED", ["snapshot"]);
  assertStringIncludes(message, "teleport");
  assertStringIncludes(hint, "newer");
  assertEquals(contentsOf(box.main), before);
  Deno.removeSync(`${box.control}/runtime/shared/intents/${id}.json`);
  Deno.removeSync(`${box.control}/runtime/shared/staging/${id}`, { recursive: true });
  await losingNothing(box, ["restore", box.first]);
});
