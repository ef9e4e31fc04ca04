import { assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";

/** The operations of the records that a command adds. */
async function added(box: BlackBox, args: readonly string[], code = 0): Promise<string[]> {
  const before = box.records().length;
  const run = await box.run([...args, "--json"]);
  assertEquals(run.code, code, `jvs ${args.join(" ")}: ${run.stdout}`);
  return box.records().slice(before).map((record) => record.operation);
}

Deno.test("conformance 14: every change leaves exactly one audit record, a restore with an autosave one for each", async () => {
  using box = await BlackBox.make();
  assertEquals(box.records().map((record) => record.operation), ["init"]);
  box.write("a.txt", "one\n");
  box.write("data/b.txt", "two\n");
  const { snapshot_id: first } = await box.save("first", "--tag", "v1");
  assertEquals(box.records().length, 2);

  const changes: [args: string[], expected: string[], before?: () => unknown][] = [
    [["snapshot", "second"], ["snapshot"], () => box.write("a.txt", "two\n")],
    [["snapshot", "the same again"], ["snapshot"]],
    [["restore", first], ["restore"]],
    [["restore", "HEAD"], ["restore"]],
    [["restore", first], ["snapshot", "restore"], () => box.write("a.txt", "unsaved\n")],
    [["snapshot", "other line", "--branch"], ["snapshot"]],
    [["restore", first, "--paths", "a.txt"], ["restore"]],
    [["ref", "create", "good", first], ["ref create"]],
    [["ref", "delete", "good"], ["ref delete"]],
    [["worktree", "create", "one"], ["worktree create"]],
    [["worktree", "fork", first, "two"], ["worktree fork"]],
    [["worktree", "rename", "two", "three"], ["worktree rename"]],
    [["worktree", "remove", "three"], ["worktree remove"]],
    [["gc", "pin", first], ["gc pin"]],
    [["pin", "remove", first], ["gc unpin"]],
    [["gc", "run", "--yes"], []],
    [
      ["gc", "run", "--yes"],
      ["gc run"],
      () => box.json(["config", "set", "retention.keep_autosave_days", "0"]),
    ],
    [["config", "set", "restore.unsaved", "refuse"], ["config set"]],
  ];
  for (const [args, expected, prepare] of changes) {
    await prepare?.();
    assertEquals(await added(box, args), expected, args.join(" "));
  }
  await box.audit();
});

Deno.test("conformance 14: what changes nothing leaves no record", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: id } = await box.save("first");
  for (
    const args of [
      ["status"],
      ["history"],
      ["diff"],
      ["show", id],
      ["verify", "--all"],
      ["doctor", "--strict"],
      ["info"],
      [
        "snapshot",
        "--if-changed",
      ],
      ["restore", id, "--preview"],
      ["worktree", "list"],
      ["ref", "list"],
      ["config", "list"],
      ["path", id],
      ["gc", "plan"],
      ["gc", "pins"],
      ["audit"],
      ["audit", "verify"],
    ]
  ) assertEquals(await added(box, args), [], args.join(" "));
  // What was refused was no change either.
  assertEquals(await added(box, ["restore", "nothing-like-it"], 1), []);
  assertEquals(await added(box, ["snapshot", "--tag", "a b"], 1), []);
  box.write("a.txt", "two\n");
  await box.save("second");
  await box.json(["restore", id]);
  assertEquals(await added(box, ["snapshot"], 1), []);
  await box.audit();
});

Deno.test("conformance 14: a record says what was done, to what, by whom and why", async () => {
  using box = await BlackBox.make({ env: { USER: "somebody" } });
  box.write("a.txt", "one\n");
  const { snapshot_id: id, descriptor_checksum } = await box.save("first", "--reason", "a milestone");
  const record = box.records().at(-1);
  assertEquals(record?.target, id);
  assertEquals(record?.reason, "a milestone");
  assertEquals(record?.details.snapshot_id, id);
  assertEquals(record?.details.worktree, "main");
  assertEquals(record?.details.descriptor_checksum, descriptor_checksum.value);
  assertEquals(record?.actor.split("@").length, 2);
  await box.audit();
});
