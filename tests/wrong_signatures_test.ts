import { assertEquals } from "@std/assert";
import type { Descriptor, Finding } from "../src/model/records.ts";
import { restore } from "../src/operation/restore.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { BlackBox } from "./support/black_box.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { Signed } from "./support/signed_repository.ts";
import { refused, verified } from "./support/signed_verdicts.ts";

Deno.test("a signature that names a key which did not make it is none", async () => {
  using repository = await Signed.make();
  const id = await repository.save("first");
  const file = `${repository.path}/.jvs/signatures/${id}.json`;
  const signed = JSON.parse(Deno.readTextFileSync(file));
  for (const change of [{ actor: "someone else" }, { signature: "00".repeat(64) }, { reason: "another" }]) {
    Deno.writeTextFileSync(file, JSON.stringify({ ...signed, ...change }));
    assertEquals(await verified(repository), { severity: "critical", codes: ["E_SIGNATURE_INVALID"] });
  }
  const head = `${repository.path}/.jvs/audit/HEAD`;
  Deno.writeTextFileSync(file, JSON.stringify(signed));
  const end = JSON.parse(Deno.readTextFileSync(head));
  Deno.writeTextFileSync(
    head,
    JSON.stringify({ ...end, signed: { ...end.signed, signed_at: "2020-01-01T00:00:00Z" } }),
  );
  assertEquals(await verified(repository), { severity: "critical", codes: ["E_SIGNATURE_INVALID"] });
});

Deno.test("a snapshot beside which lies a signature that is not of it is not brought out, also where none is required", async () => {
  using repository = await Signed.make();
  const id = await repository.save("first");
  const file = `${repository.path}/.jvs/signatures/${id}.json`;
  const whole = Deno.readTextFileSync(file);
  const bringOut = async (as: string) => {
    await repository.call(restore, { snapshot: id }, { as });
    await repository.call(worktreeFork, { snapshot: id, name: `fork-${crypto.randomUUID()}` }, { as });
  };
  const ofAnother = JSON.stringify({ ...JSON.parse(whole), actor: "someone else" });
  for (const text of [whole.slice(0, 20), ofAnother]) {
    Deno.writeTextFileSync(file, text);
    for (const as of ["anna", "ben"]) {
      await refused("E_SIGNATURE_INVALID", () => repository.call(restore, { snapshot: id }, { as }));
      const fork = { snapshot: id, name: "fork" };
      await refused("E_SIGNATURE_INVALID", () => repository.call(worktreeFork, fork, { as }));
    }
  }
  Deno.writeTextFileSync(file, whole);
  await bringOut("ben");
  // Nothing is said about signatures without the repository's id: that is another finding.
  const repoId = `${repository.path}/.jvs/repo_id`;
  const before = Deno.readTextFileSync(repoId);
  Deno.removeSync(repoId);
  await bringOut("ben");
  Deno.writeTextFileSync(repoId, before);
  // Without a signature it is as one that nobody signed.
  Deno.removeSync(file);
  await bringOut("ben");
  Deno.removeSync(`${repository.path}/.jvs/signatures`, { recursive: true });
  await bringOut("ben");
});

Deno.test({
  name: "something else in the place of a signature, or one that is closed, hides nothing of the others",
  ...requires("root", "user"),
  async fn() {
    const ann = { user: 61001, env: { XDG_CONFIG_HOME: "" } };
    using box = await BlackBox.make({ user: ann.user });
    ann.env.XDG_CONFIG_HOME = `${box.outside}/config`;
    await box.json(["key", "create", "anna"], ann);
    await box.json(["config", "set", "signing.key", "anna"], ann);
    const save = async (note: string) =>
      (await box.json<{ snapshot: Descriptor }>(["snapshot", note], ann)).snapshot.snapshot_id;
    const [closed, linked, cut, sound] = [
      await save("closed"),
      await save("linked"),
      await save("cut"),
      await save("sound"),
    ];
    const signature = (id: string) => `${box.control}/signatures/${id}.json`;
    mustRun("chown", "0:0", signature(closed));
    Deno.chmodSync(signature(closed), 0);
    mustRun("mv", signature(linked), `${box.outside}/elsewhere`);
    mustRun("ln", "-s", `${box.outside}/elsewhere`, signature(linked));
    Deno.truncateSync(signature(cut), 20);
    const { json } = await box.run(["verify", "--all", "--json"], ann);
    const snapshots = json.snapshots as { error: string | null; snapshot_id: string; severity: string }[];
    assertEquals(
      new Map(snapshots.map(({ error, severity, snapshot_id }) => [snapshot_id, [severity, error]])),
      new Map([
        [closed, ["unchecked", "E_PERMISSION"]],
        [linked, ["critical", "E_SIGNATURE_INVALID"]],
        [cut, ["critical", "E_SIGNATURE_INVALID"]],
        [sound, ["ok", null]],
      ]),
    );
    const { findings } = (await box.run(["doctor", "--json"], ann)).json as unknown as {
      findings: Finding[];
    };
    assertEquals(findings.map(({ code, severity }) => `${severity} ${code}`).sort(), [
      "critical E_PATH_ESCAPE", // the file itself
      "critical E_SIGNATURE_INVALID",
      "warning E_PERMISSION",
    ]);
  },
});
