import { assertEquals } from "@std/assert";
import type { Descriptor, Finding } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import { diskImage } from "../tests/support/disk_image.ts";
import { fullAudit } from "../tests/support/full_audit.ts";
import { jvsJson } from "../tests/support/jvs.ts";
import { requires } from "../tests/support/requires.ts";
import { ruleTest } from "../tests/support/rule_test.ts";
import { mustRun } from "../tests/support/run.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { describeTree, makeRichTree } from "../tests/support/trees.ts";

ruleTest(11);

const REPAIR = ["doctor", "--strict", "--repair-runtime"];

/** A repository with two snapshots, a ref, unsaved work, and an interrupted change that stays behind with the runtime state. */
async function madeBox(parent?: string): Promise<BlackBox & { ids: string[] }> {
  const box = await BlackBox.make(parent === undefined ? {} : { parent });
  await makeRichTree(box.main);
  mustRun("rm", "-rf", `${box.main}/deep`, `${box.main}/special`); // too deep, or nothing to copy, for some copiers
  const { snapshot_id: first } = await box.save("first", "--tag", "v1");
  await box.json(["ref", "create", "good", first]);
  box.write("a.txt", "changed\n");
  const { snapshot_id: second } = await box.save("second");
  box.write("a.txt", "unsaved when it was copied\n");
  return Object.assign(box, { ids: [second, first] });
}

Deno.test({
  name:
    "conformance 11: a repository that rsync copied without runtime/ is repaired in one command, and so is the next copy",
  ...requires("root", "rsync", "python3"),
  async fn() {
    using box = await madeBox();
    using elsewhere = tempDir();
    const copy = `${elsewhere.path}/project`;
    const flags = ["-aHAXS", "--modify-window=-1", "--numeric-ids", "--delete", "--exclude=/.jvs/runtime"];
    const at = { cwd: `${copy}/main` };
    for (const more of [[], ["third"]]) {
      for (const note of more) box.ids.unshift((await box.save(note)).snapshot_id);
      mustRun("rsync", ...flags, `${box.path}/`, `${copy}/`);
      const doctor = await jvsJson<{ healthy: boolean; findings: Finding[] }>(REPAIR, at);
      assertEquals([doctor.healthy, doctor.findings], [true, []]);
      const { snapshots } = await jvsJson<{ snapshots: Descriptor[] }>(["history"], at);
      assertEquals(snapshots.map(({ snapshot_id }) => snapshot_id), box.ids);
      assertEquals(await describeTree(at.cwd), await describeTree(box.main));
      assertEquals((await jvsJson(["status"], at)).clean, more.length > 0);
      await fullAudit(copy);
    }
    // It is a repository of its own from here on.
    await jvsJson(["snapshot", "in the copy"], at);
    await jvsJson(["restore", "v1"], at);
    await jvsJson(["restore", "HEAD"], at);
    assertEquals((await jvsJson<{ refs: unknown[] }>(["ref", "list"], at)).refs.length, 1);
    await fullAudit(copy);
    await box.audit();
  },
});

Deno.test({
  name:
    "conformance 11: what juicefs sync copied off a volume is repaired; what the copier lost is degraded, and comes back",
  ...requires("root", "juicefs", "python3"),
  async fn() {
    using disk = await diskImage("juicefs");
    using box = await madeBox(disk.path);
    using elsewhere = tempDir();
    const copy = `${elsewhere.path}/project`;
    const flags = ["--dirs", "--perms", "--links", "--delete-dst", "--check-new"];
    mustRun("juicefs", "sync", ...flags, "--exclude", "/.jvs/runtime/**", `${box.path}/`, `${copy}/`);
    const at = { cwd: `${copy}/main` };
    const doctor = await jvsJson<{ healthy: boolean; findings: Finding[] }>(REPAIR, at);
    assertEquals([doctor.healthy, new Set(doctor.findings.map(({ code }) => code))], [
      true,
      new Set(["E_DEGRADED"]),
    ]);
    const { snapshots } = await jvsJson<{ snapshots: Descriptor[] }>(["history"], at);
    assertEquals(snapshots.map(({ snapshot_id }) => snapshot_id), box.ids);
    await jvsJson(["restore", "HEAD"], at);
    await jvsJson(["restore", "v1"], at);
    await jvsJson(["restore", "HEAD"], at);
    await jvsJson(["snapshot"], at);
    assertEquals((await jvsJson(["verify"], at)).severity, "ok");
    await box.audit();
  },
});
