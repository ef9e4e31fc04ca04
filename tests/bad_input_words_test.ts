import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { spawnJvs } from "./support/jvs.ts";
import { contentsOf } from "./support/kept_content.ts";

Deno.test("jvs names of snapshots that match nothing, or too much, are refused with what there is", async () => {
  using box = await BlackBox.make();
  box.write("a", "1\n");
  const first = (await box.save("note one", "--tag", "both")).snapshot_id;
  box.write("a", "2\n");
  await box.json(["worktree", "fork", "other"]);
  const other = { cwd: `${box.path}/worktrees/other` };
  await box.json(["snapshot", "note two", "--tag", "twice"], other);
  box.write("a", "3\n");
  await box.save("note three", "--tag", "twice", "--tag", "both");
  await box.json(["worktree", "create", "third"]);
  const before = contentsOf(box.main);
  for (
    const word of ["nothing", "ffffffff", "9".repeat(13), "HEAD~7", "gone@", "1234567890123-aaaaaaaa", "a"]
  ) {
    const { message, hint } = await box.error("E_NOT_FOUND", ["restore", word]);
    assertMatch(message, /^Cannot /);
    assertNotEquals(hint, "", word);
  }
  // Both prefixes fit every snapshot of the hour; a tag of two other lines fits two.
  const { details } = await box.error("E_AMBIGUOUS", ["show", first.slice(0, 6)]);
  assert(JSON.stringify(details).includes(first), "the matches are listed");
  await box.error("E_AMBIGUOUS", ["show", "twice"], { cwd: `${box.path}/worktrees/third` });
  assertEquals(contentsOf(box.main), before);
  await box.audit();
});

Deno.test("jvs refuses odd words without doing anything, with a sentence each", async () => {
  using box = await BlackBox.make();
  box.write("a", "1\n");
  const { snapshot_id } = await box.save("first");
  const cases: [string, string[]][] = [
    ["E_USAGE", ["restore"]],
    ["E_USAGE", ["restore", ""]],
    ["E_USAGE", ["restore", snapshot_id, "extra"]],
    ["E_USAGE", ["restore", snapshot_id, "--nonsense"]],
    ["E_USAGE", ["snapshot", "--consistency", "maybe"]],
    ["E_USAGE", ["nonsense"]],
    ["E_USAGE", ["status", "--lock-timeout", "soon"]],
    ["E_PATH_ESCAPE", ["restore", snapshot_id, "--paths", "../.jvs"]],
    ["E_PATH_ESCAPE", ["restore", snapshot_id, "--paths", "/etc"]],
    ["E_NAME_INVALID", ["snapshot", "--tag", "no spaces"]],
    ["E_NAME_INVALID", ["worktree", "create", "--", "-dash"]],
    ["E_NAME_INVALID", ["worktree", "create", "n".repeat(200)]],
    ["E_NAME_INVALID", ["worktree", "create", "e\u0301"]],
    ["E_NAME_INVALID", ["ref", "create", "new\nline"]],
    ["E_PATH_ESCAPE", ["worktree", "create", "../out"]],
    ["E_NOT_FOUND", ["worktree", "remove", "gone"]],
    ["E_USAGE", ["worktree", "remove", "main", "--force"]],
    ["E_NOT_A_REPOSITORY", ["status", "--repo", `${box.outside}/gone`]],
  ];
  for (const [code, args] of cases) {
    const run = await box.run(["--json", ...args]);
    const shown = `${args.join(" ")}: ${run.stdout}${run.stderr}`;
    assertEquals([run.json.error, run.code], [code, code === "E_USAGE" ? 2 : 1], shown);
    assertMatch(String(run.json.message), /^[A-Z].*\w/s, shown);
    assertNotEquals(run.json.hint, "", shown);
    assertEquals(run.stderr.includes("    at "), false, shown);
  }
  assertEquals([...contentsOf(box.main)], [["a", "1\n"]]);
  await box.audit();
});

Deno.test("jvs waits for a lock as long as it was told, then names the holder", async () => {
  using box = await BlackBox.make();
  box.write("a", "1\n");
  const { snapshot_id } = await box.save("first");
  const [name] = [...Deno.readDirSync(`${box.control}/runtime/shared/locks`)].map((entry) => entry.name)
    .filter((each) => each.startsWith("worktree-"));
  // Held for as long as the flock program's child lives; what a jvs would write into it stands there.
  const path = `${box.control}/runtime/shared/locks/${name}`;
  const holder = { host: "elsewhere", pid: 4711, operation: "restore", since: "2026-01-01T00:00:00Z" };
  using file = Deno.openSync(path, { read: true, write: true });
  file.lockSync(true);
  file.writeSync(new TextEncoder().encode(JSON.stringify(holder)));
  const began = performance.now();
  for (const args of [["snapshot"], ["restore", snapshot_id]]) {
    const { message, hint } = await box.error("E_BUSY", [...args, "--lock-timeout", "300ms"]);
    for (const part of ["4711", "elsewhere", "restore"]) assertStringIncludes(message, part);
    assertStringIncludes(hint, "--lock-timeout");
  }
  assert(performance.now() - began < 10_000);
  await box.json(["status"]);
  await box.json(["history"]);

  // A command that waits goes on when the lock is free.
  const waiting = await spawnJvs(["snapshot", "second", "--json"], box.commands());
  await waiting.stdin.close();
  file.truncateSync(0);
  file.unlockSync();
  assertEquals((await waiting.output()).code, 0);
  await box.audit();
});
