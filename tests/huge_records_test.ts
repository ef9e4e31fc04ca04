import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";

// What a member of a shared repository can put in the place of small files of JVS, so that the work of others never ends.

/** A list of many items that has a long name: the paths of all items together are very long. */
function longPaths(bytes: number, end = ""): string {
  return `{"${"x".repeat(bytes / 2)}":[${"0,".repeat(bytes / 4 - 10)}0]${end}}`;
}

Deno.test("jvs names the settings that have a name of half a megabyte, whose places cannot all be kept", async () => {
  using box = await BlackBox.make();
  Deno.writeTextFileSync(`${box.control}/config.jsonc`, longPaths(1_000_000));
  const { message } = await box.error("E_USAGE", ["snapshot", "one"]);
  assertStringIncludes(message, "is no setting");
});

Deno.test("jvs names a record that is no JSON, however long the names in it are", async () => {
  using box = await BlackBox.make();
  await box.save("one");
  await box.json(["ref", "create", "r0"]);
  Deno.writeTextFileSync(`${box.control}/refs/r0.json`, longPaths(1_000_000, ","));
  for (const args of [["ref", "list"], ["gc", "plan"]]) {
    assertStringIncludes((await box.error("E_DESCRIPTOR_CORRUPT", args)).message, "r0.json");
  }
  Deno.writeTextFileSync(`${box.control}/worktrees/main/config.json`, longPaths(1_000_000, ","));
  const { message } = await box.error("E_DESCRIPTOR_CORRUPT", ["status"]);
  assertStringIncludes(message, "main/config.json");
});

/** Makes a record that is right in all else as long as `bytes`, by this field. */
function lengthen(path: string, field: string, bytes: number): void {
  const record = JSON.parse(Deno.readTextFileSync(path));
  Deno.writeTextFileSync(path, JSON.stringify({ ...record, [field]: "n".repeat(bytes) }));
}

Deno.test("jvs reads no record that is longer than JVS writes it, and names it", async () => {
  using box = await BlackBox.make();
  const { snapshot_id } = await box.save("one");
  await box.json(["ref", "create", "r0"]);
  const { pin } = await box.json<{ pin: { pin_id: string } }>(["gc", "pin"]);
  const records: [file: string, field: string, bytes: number, command: string[]][] = [
    ["refs/r0.json", "note", 2 ** 20, ["ref", "list"]],
    [`gc/pins/${pin.pin_id}.json`, "reason", 2 ** 20, ["gc", "plan"]],
    ["worktrees/main/config.json", "label", 2 ** 20, ["status"]],
    [`snapshots/${snapshot_id}.READY`, "engine", 2 ** 20, ["show", snapshot_id]],
    [`descriptors/${snapshot_id}.json`, "note", 2 ** 24, ["show", snapshot_id]],
  ];
  for (const [file, field, bytes, command] of records) {
    const path = `${box.control}/${file}`;
    const before = Deno.readTextFileSync(path);
    Deno.chmodSync(path, 0o600);
    lengthen(path, field, bytes);
    const { message } = await box.error("E_DESCRIPTOR_CORRUPT", command);
    assertStringIncludes(message, file);
    assertStringIncludes(message, "more than any record of JVS of its kind");
    assertMatch((await box.run(["doctor"])).stdout, /more than any record of JVS/, file);
    Deno.writeTextFileSync(path, before);
    await box.json(command);
  }
});

Deno.test("jvs takes no words that make a record too long, and reads again the longest that it takes", async () => {
  using box = await BlackBox.make();
  const longest = "\x01".repeat(32_768); // each takes six bytes in JSON
  const env = { JVS_ACTOR: longest };
  const tags = Array.from({ length: 1000 }, (_, i) => ["--tag", `${i}-`.padEnd(128, "t")]).flat();
  const commands = [["snapshot", longest, ...tags], ["ref", "create", "r0", "--note", longest], [
    "pin",
    "add",
    "--reason",
    longest,
  ]];
  for (const command of commands) {
    const longer = command.map((each) => each === longest ? `${each}x` : each);
    assertStringIncludes((await box.error("E_USAGE", longer)).message, "at most 32,768 characters");
  }
  for (const command of commands.slice(0, 2)) await box.json([...command, "--reason", longest], { env });
  await box.json(commands[2] ?? [], { env });
  await box.error("E_USAGE", ["snapshot", "--tag", "one-more", ...tags]);
  for (
    const given of [{ args: ["--reason", `${longest}x`] }, { args: [], env: { JVS_ACTOR: `${longest}x` } }]
  ) {
    const { message } = await box.error("E_USAGE", ["snapshot", ...given.args], { env: given.env ?? {} });
    assertStringIncludes(message, "it has 32769 characters");
  }
  for (const command of [["ref", "list"], ["gc", "plan"], ["history"], ["show", "HEAD"]]) {
    await box.json(command);
  }
  assertEquals((await box.run(["doctor", "--strict"])).code, 0);
  await box.audit();
});
