import { assert, assertEquals } from "@std/assert";
import type { Descriptor } from "../src/model/records.ts";
import { leaseOn } from "../tests/support/leases.ts";
import { ruleTest } from "../tests/support/rule_test.ts";
import { largeBox, StoppedChange } from "../tests/support/stopped_change.ts";
import { until } from "../tests/support/until.ts";

const JOB = ["--session", "job"];

ruleTest(3);

for (const [what, before] of [["snapshot", undefined], ["restore", "journal"]] as const) {
  Deno.test(`conformance 3: a ${what} that slept so long that it lost lock and lease does not disturb who has them now`, async () => {
    using box = await largeBox();
    await box.json(["lock", "acquire", "--lease-ms", "1000", ...JOB]);
    const args = what === "snapshot" ? ["snapshot", "too late"] : ["restore", box.first, "--discard"];
    await using stopped = await StoppedChange.make(box, [...args, ...JOB], before);
    // As JuiceFS frees the locks of a host that it does not hear of any more.
    const { worktree_id } = leaseOn(box);
    Deno.removeSync(`${box.control}/runtime/shared/locks/worktree-${worktree_id}.lock`);
    await until(() => Date.now() > Date.parse(leaseOn(box).lease_expires_at) + 3000);
    await box.json(["lock", "acquire", "--session", "next"]);
    box.write("data/7/7.txt", "by the next\n");
    const { snapshot } = await box.json<{ snapshot: Descriptor }>(["snapshot", "next", "--session", "next"]);
    assertEquals([snapshot.fencing_token, snapshot.parent_snapshot_id], [2, box.first]);
    assertEquals((await stopped.error()).error, "E_FENCING_MISMATCH");
    assertEquals(box.read("data/7/7.txt"), "by the next\n");
    assertEquals((await box.history()).map(({ note }) => note).sort(), ["first", "next"]);
    await box.json(["snapshot", "and on", "--session", "next"]);
    await box.audit();
  });
}

for (const [what, before] of [["snapshot", undefined], ["restore", "journal"]] as const) {
  for (const fate of ["rename", "remove"] as const) {
    Deno.test(`conformance 3: a ${what} that lost its lock does nothing to the worktree that has the name by now, after ${fate}`, async () => {
      using box = await largeBox();
      await box.json(["worktree", "fork", "--live", "exp"]);
      const [exp, at] = [`${box.path}/worktrees/exp`, { cwd: box.path }];
      const args = what === "snapshot" ? ["snapshot", "too late"] : ["restore", box.first, "--discard"];
      await using stopped = await StoppedChange.make(box, args, before, { cwd: exp });
      const { worktree_id } = JSON.parse(Deno.readTextFileSync(`${box.control}/worktrees/exp/config.json`));
      Deno.removeSync(`${box.control}/runtime/shared/locks/worktree-${worktree_id}.lock`);
      const next = ["--session", "next"];
      await box.json(["lock", "acquire", "--worktree", "exp", ...next], at);
      const words = fate === "rename" ? ["exp", "moved"] : ["exp", "--force"];
      await box.json(["worktree", fate, ...words, ...next], at);
      await box.json(["worktree", "create", "exp", "--from", box.first], at);
      const now = () => box.json(["history", "--worktree", "exp"], at);
      const earlier = await now();
      // Where its folder was removed under it, it may notice that first.
      const expected = fate === "rename"
        ? ["E_FENCING_MISMATCH"]
        : ["E_FENCING_MISMATCH", "E_IO", "E_NOT_FOUND"];
      const { error } = await stopped.error();
      assert(expected.includes(error), error);
      assertEquals(await now(), earlier);
      const held = `${box.path}/worktrees/moved/data/7/7.txt`;
      if (fate === "rename") assertEquals(Deno.readTextFileSync(held), "two 7\n");
      await box.audit();
    });
  }
}
