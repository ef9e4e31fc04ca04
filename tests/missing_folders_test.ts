import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Finding } from "../src/model/records.ts";
import { moveAway } from "./support/break_and_mend.ts";
import { BlackBox } from "./support/black_box.ts";
import { exists } from "./support/files.ts";
import { soundBox } from "./support/sound_box.ts";

/** The repairs of `LAYOUT` findings, after the safe repairs. */
async function repairsLeft(box: BlackBox): Promise<(string | null)[]> {
  const { json } = await box.run(["doctor", "--repair-runtime", "--json"], { cwd: box.path });
  const { findings } = json as { findings: Finding[] };
  return findings.filter(({ code }) => code === "LAYOUT").map(({ repair }) => repair);
}

for (const folder of ["refs", "gc/pins", "snapshots", "descriptors", "manifests", "worktrees"]) {
  Deno.test(`jvs doctor does not make the folder ${folder} again where that would hide a loss`, async () => {
    using box = await soundBox("usual");
    moveAway(box, folder);
    assertEquals(await repairsLeft(box.box), [null]);
    assert(!exists(`${box.control}/${folder}`));
  });
}

for (const folder of ["refs", "gc/pins"]) {
  Deno.test(`no command makes ${folder} again where that would hide a loss`, async () => {
    using box = await soundBox("usual");
    moveAway(box, folder);
    for (
      const args of [["ref", "create", "another"], ["gc", "pin"], ["worktree", "remove", "other", "--force"]]
    ) {
      const { message } = await box.box.error("E_DESCRIPTOR_CORRUPT", args);
      assertStringIncludes(message, `${box.control}/${folder}`);
      assert(!exists(`${box.control}/${folder}`), args.join(" "));
    }
    assert(exists(box.other), "the worktree is still there");
  });

  Deno.test(`jvs gc collects nothing where ${folder} is missing and held something`, async () => {
    using box = await soundBox("usual");
    moveAway(box, folder);
    for (const args of [["gc", "plan"], ["gc", "run", "--yes"]]) {
      const { hint, message } = await box.box.error("E_DESCRIPTOR_CORRUPT", args);
      assertStringIncludes(message, `${box.control}/${folder}`);
      assertStringIncludes(hint, "jvs doctor");
    }
  });
}

Deno.test("jvs doctor makes folders again that held nothing, and gc does not need them", async () => {
  using box = await BlackBox.make();
  box.write("a", "one\n");
  await box.save("one");
  for (const folder of ["refs", "gc/pins", "gc", "seals"]) {
    Deno.removeSync(`${box.control}/${folder}`, { recursive: true });
  }
  await box.json(["gc", "plan"]);
  Deno.removeSync(`${box.control}/gc`, { recursive: true });
  const { repaired } = await box.json(["doctor", "--repair-runtime"]);
  const told = (repaired as string[]).filter((each) => each.includes("folder")).join("\n");
  assertStringIncludes(told, `"${box.control}/refs" again: it held nothing.`);
  assertStringIncludes(
    told,
    `"${box.control}/gc" again. If you had written "${box.control}/gc/retention.json", bring`,
  );
  assertEquals(await repairsLeft(box), []);
  for (const folder of ["refs", "gc/pins", "seals"]) assert(exists(`${box.control}/${folder}`), folder);
  await box.audit();
});

Deno.test("jvs doctor does not take a folder for empty where the audit trail began again, or is broken", async () => {
  using box = await BlackBox.make();
  const refs = `${box.control}/refs`;
  Deno.removeSync(refs);
  const log = `${box.control}/audit/audit.jsonl`;
  const text = Deno.readTextFileSync(log);
  Deno.writeTextFileSync(log, "");
  Deno.removeSync(`${box.control}/audit/HEAD`);
  assertEquals(await repairsLeft(box), [null]);
  await box.run(["doctor", "--repair", "audit_repair"]);
  assert(!Deno.readTextFileSync(log).includes(text));
  assertEquals(await repairsLeft(box), [null]);
  assert(!exists(refs));
});

for (
  const [folder, commands] of [
    ["refs", [["ref", "list"], ["ref", "delete", "nothing"], ["show", "nothing"]]],
    ["gc/pins", [["gc", "pins"]]],
    ["snapshots", [["history", "--all"], ["history"], ["show", "nothing"], ["diff", "one", "two"]]],
    ["worktrees", [["worktree", "list"], ["status"]]],
  ] as const
) {
  Deno.test(`no command takes a missing folder ${folder} that held something for an empty one`, async () => {
    using box = await soundBox("usual");
    moveAway(box, folder);
    for (const args of commands) {
      const { hint, message } = await box.box.error("E_DESCRIPTOR_CORRUPT", [...args]);
      assertStringIncludes(message, `"${box.control}/${folder}" is missing`, args.join(" "));
      assertStringIncludes(hint, "jvs doctor");
    }
    const { stderr } = await box.box.run(["info"], { cwd: box.box.path });
    assertStringIncludes(stderr, `The folder "${box.control}/${folder}" is missing`);
  });
}

Deno.test("a folder that held nothing and is missing is taken for an empty one, as in a copy", async () => {
  using box = await BlackBox.make();
  for (const folder of ["refs", "gc/pins", "snapshots", "descriptors", "manifests"]) {
    Deno.removeSync(`${box.control}/${folder}`, { recursive: true });
  }
  for (const args of [["ref", "list"], ["gc", "pins"], ["history"], ["info"], ["worktree", "list"]]) {
    const { code, stderr } = await box.run(args);
    assertEquals([code, stderr], [0, ""], args.join(" "));
  }
});
