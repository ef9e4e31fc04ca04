import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { configSet } from "../src/operation/config_set.ts";
import { doctor } from "../src/operation/doctor.ts";
import { keyTrust } from "../src/operation/key_trust.ts";
import { restore } from "../src/operation/restore.ts";
import { verify } from "../src/operation/verify.ts";
import { rewriteTrail } from "./support/forger.ts";
import { mustRun } from "./support/run.ts";
import { Signed } from "./support/signed_repository.ts";
import { refused, SOUND, verified } from "./support/signed_verdicts.ts";

/** Another repository of the same users, that says it is this one. */
async function withIdOf(repository: Signed): Promise<Signed> {
  const other = await repository.another();
  mustRun("cp", `${repository.path}/.jvs/repo_id`, `${other.path}/.jvs/repo_id`);
  return other;
}

/** All that there is of a snapshot, without its audit record. */
function copySnapshot(id: string, from: Signed, to: Signed): void {
  for (const folder of ["descriptors", "manifests", "signatures", "snapshots"]) {
    const [source, target] = [`${from.path}/.jvs/${folder}`, `${to.path}/.jvs/${folder}`];
    for (const { name } of Deno.readDirSync(source)) {
      if (name.startsWith(id)) mustRun("cp", "-a", `${source}/${name}`, `${target}/`);
    }
  }
}

async function judged(repository: Signed, id: string, as = "anna") {
  const { snapshots } = await repository.call(verify, { snapshot: id }, { as });
  return { error: snapshots[0]?.error, ...snapshots[0]?.signature };
}

Deno.test("nothing is signed in a repository with the id of one that the user knows", async () => {
  using repository = await Signed.make();
  await repository.save("first");
  await repository.call(keyTrust);
  using other = await withIdOf(repository);
  const { message } = await refused("E_TRUST_POLICY_VIOLATION", () => other.save("not for here"));
  assertMatch(message, /^Cannot save: the audit log is not the one that you saw/);
  await other.call(configSet, { key: "audit.rotate_bytes", value: "2000000" });
  const { signed } = JSON.parse(Deno.readTextFileSync(`${other.path}/.jvs/audit/HEAD`));
  const { store } = await repository.open();
  assertNotEquals(signed.repo_id, store.repoId);
  // The user who brought it there says so.
  await other.call(keyTrust);
  await other.save("for here");
});

Deno.test("what a key signed in another repository with the same id is no snapshot of this one", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { key: "anna", team: true });
  await repository.save("first");
  using other = await withIdOf(repository);
  other.repository.write("main/a.txt", "evil\n");
  // A machine on which the owner of the key never was in the true one.
  const signingKey = `${repository.configOf("anna")}/keys/anna.key`;
  const id = await other.save("elsewhere", { as: "ci", signingKey });
  copySnapshot(id, other, repository);
  const { error, problem } = await judged(repository, id);
  assertEquals(error, "E_SIGNATURE_INVALID");
  assertMatch(problem ?? "", /made in another repository/);
  await refused("E_SIGNATURE_INVALID", () => repository.call(restore, { snapshot: id }));
  assertEquals(await verified(repository), { severity: "critical", codes: ["E_SIGNATURE_INVALID"] });
  // So it is for who goes by the settings alone.
  assertEquals((await judged(repository, id, "ben")).error, null);
  await repository.call(configSet, { key: "signing.require", value: "true" });
  assertEquals((await judged(repository, id, "ben")).error, "E_SIGNATURE_INVALID");
});

Deno.test("a signed snapshot that no record of the audit log made is found where signatures are required", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  await repository.save("first");
  const id = await repository.save("second");
  await rewriteTrail(repository.path, (record) => record.target === id ? undefined : record);
  const { error, problem, state } = await judged(repository, id);
  assertEquals([error, state], ["E_TRUST_POLICY_VIOLATION", "valid"]);
  assertMatch(problem ?? "", /no record of the audit log made it/);
  await refused("E_TRUST_POLICY_VIOLATION", () => repository.call(restore, { snapshot: id }));
});

Deno.test("a log that lost its end and was repaired says nothing against the snapshots of that time", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  const ids = [
    await repository.save("first"),
    await repository.save("second"),
    await repository.save("third"),
  ];
  const log = `${repository.path}/.jvs/audit/audit.jsonl`;
  const lines = Deno.readTextFileSync(log).trimEnd().split("\n");
  Deno.writeTextFileSync(log, lines.slice(0, -3).map((line) => `${line}\n`).join(""));
  const states = async () =>
    (await Promise.all(ids.map((id) => judged(repository, id)))).map(({ problem }) => problem);
  assertEquals(await states(), [null, null, null]); // the break is a finding of its own
  await repository.call(doctor, { repair: ["audit_repair"] });
  assertEquals(await states(), [null, null, null]);
  await repository.save("after it");
  assertEquals(await verified(repository), SOUND);
});
