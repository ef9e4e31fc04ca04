import { assertEquals, assertMatch } from "@std/assert";
import { auditVerify } from "../src/operation/audit_verify.ts";
import { configGet } from "../src/operation/config_get.ts";
import { doctor } from "../src/operation/doctor.ts";
import { keyCreate } from "../src/operation/key_create.ts";
import { keyList } from "../src/operation/key_list.ts";
import { keyRevoke } from "../src/operation/key_revoke.ts";
import { keyTrust } from "../src/operation/key_trust.ts";
import { restore } from "../src/operation/restore.ts";
import { verify } from "../src/operation/verify.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { dropSignatures } from "./support/forger.ts";
import { Signed } from "./support/signed_repository.ts";
import { callIn, warnings } from "./support/context.ts";
import { mustRun } from "./support/run.ts";
import { refused, SOUND, verified } from "./support/signed_verdicts.ts";

Deno.test("another repository in the place of one that the user knows is no way around", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  await repository.save("signed");
  dropSignatures(repository.path);
  Deno.writeTextFileSync(`${repository.path}/.jvs/repo_id`, `${crypto.randomUUID()}\n`);
  assertEquals(await verified(repository), { severity: "critical", codes: ["E_TRUST_POLICY_VIOLATION"] });
  await refused("E_TRUST_POLICY_VIOLATION", () => repository.save("more"));
});

Deno.test("audit verify names another repository in the place of one that the user knows, also where nothing must be signed", async () => {
  using repository = await Signed.make();
  await repository.save("signed");
  await repository.call(keyTrust);
  Deno.writeTextFileSync(`${repository.path}/.jvs/repo_id`, `${crypto.randomUUID()}\n`);
  const { signature } = await repository.call(auditVerify);
  assertMatch(signature.problem ?? "", /another repository than the one that you know/);
});

Deno.test("a repository that was moved keeps what the user expects of it, also when another one is trusted in its old place", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  await repository.save("first");
  const moved = `${repository.path}.moved`;
  Deno.renameSync(repository.path, moved);
  mustRun("cp", "-a", moved, repository.path);
  Deno.writeTextFileSync(`${repository.path}/.jvs/repo_id`, `${crypto.randomUUID()}\n`);
  await repository.call(keyTrust, {});
  dropSignatures(moved);
  const options = { userConfig: repository.configOf("anna") };
  const { severity } = await callIn(`${moved}/main`, verify, { all: true }, options);
  assertEquals(severity, "critical");
});

Deno.test("a repository that is put back to an earlier, rightly signed state is found by what the user saw", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, {});
  await repository.save("first");
  const backup = `${repository.path}-backup`;
  mustRun("cp", "-a", `${repository.path}/.jvs`, backup);
  await repository.save("second");
  assertEquals(await verified(repository), SOUND); // that notes the end of the log
  Deno.removeSync(`${repository.path}/.jvs`, { recursive: true });
  mustRun("cp", "-a", backup, `${repository.path}/.jvs`);
  assertEquals(await verified(repository), { severity: "critical", codes: ["E_TRUST_POLICY_VIOLATION"] });
  const trail = await repository.call(auditVerify);
  assertMatch(trail.signature.problem ?? "", /was exchanged for an earlier one/);
  // The user who did it says so.
  await repository.call(keyTrust, {});
  assertEquals(await verified(repository), SOUND);
});

Deno.test("a copy of a repository without its runtime is the one that the user knows", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  await repository.save("first");
  const copy = `${repository.path}-copy`;
  mustRun("cp", "-a", repository.path, copy);
  Deno.removeSync(`${copy}/.jvs/runtime`, { recursive: true });
  const inCopy = { userConfig: repository.configOf("anna") };
  await callIn(copy, doctor, { repair_runtime: true }, inCopy);
  const { findings, severity, snapshots } = await callIn(copy, verify, { all: true }, inCopy);
  assertEquals([severity, findings, snapshots[0]?.signature?.state], ["ok", [], "valid"]);
});

Deno.test("another repository in the place of one that the user knows gives nothing out, also where nothing must be signed", async () => {
  using repository = await Signed.make();
  const id = await repository.save("signed");
  await repository.call(keyTrust);
  Deno.writeTextFileSync(`${repository.path}/.jvs/repo_id`, `${crypto.randomUUID()}\n`);
  dropSignatures(repository.path); // they are for the one that the user knows
  const { hint, message } = await refused(
    "E_TRUST_POLICY_VIOLATION",
    () => repository.call(restore, { snapshot: id }),
  );
  assertMatch(message, /not the one that you know there/);
  await refused(
    "E_TRUST_POLICY_VIOLATION",
    () => repository.call(worktreeFork, { snapshot: id, name: "fork" }),
  );
  // The user who replaced it says so.
  assertMatch(hint, /jvs key trust/);
  await repository.call(keyTrust);
  await repository.call(worktreeFork, { snapshot: id, name: "fork" });
});

/** Ways to put something else in the place of a repository that the user knows. */
const EXCHANGES: readonly [name: string, exchange: (repository: Signed, earlier: string) => void][] = [
  ["with an earlier state of it", ({ path }, earlier) => {
    Deno.removeSync(`${path}/.jvs`, { recursive: true });
    mustRun("cp", "-a", earlier, `${path}/.jvs`);
  }],
  ["with another repository", ({ path }) => {
    dropSignatures(path);
    Deno.writeTextFileSync(`${path}/.jvs/repo_id`, `${crypto.randomUUID()}\n`);
  }],
  ["by a log that is cut", ({ path }) => Deno.truncateSync(`${path}/.jvs/audit/audit.jsonl`, 20)],
];

for (const [name, exchange] of EXCHANGES) {
  Deno.test(`key revoke and key trust KEY take no repository that was exchanged ${name}: only key trust does`, async () => {
    using repository = await Signed.make();
    await repository.call(keyCreate, { name: "stolen" });
    await repository.call(keyTrust, { require: true });
    const earlier = `${repository.path}-earlier`;
    mustRun("cp", "-a", `${repository.path}/.jvs`, earlier);
    await repository.save("signed");
    assertEquals(await verified(repository), SOUND); // that notes the end of the log
    const trustFile = `${repository.configOf("anna")}/signers.json`;
    const expected = () => JSON.parse(Deno.readTextFileSync(trustFile)).repositories;
    const before = expected();
    exchange(repository, earlier);
    const said = await verified(repository);
    assertEquals(said.severity, "critical");
    const code = name.includes("cut") ? "E_AUDIT_CHAIN_BROKEN" : "E_TRUST_POLICY_VIOLATION";
    const ben = {
      key: (await repository.call(keyCreate, { name: "ben" }, { as: "ben" })).public_key,
      name: "ben",
    };
    for (const input of [ben, { ...ben, team: true }, { ...ben, require: false }]) {
      const { message } = await refused(code, () => repository.call(keyTrust, input));
      assertMatch(message, /^Cannot trust the repository/);
    }
    const keyring = () => repository.call(configGet, { key: "signing.keyring" });
    assertEquals((await keyring()).value, []);
    // The revocation must not wait.
    const reporter = warnings();
    await repository.call(keyRevoke, { key: "stolen" }, { reporter });
    assertMatch(reporter.told.join(), /^Cannot trust the repository.*What you expect of it stays as it was/);
    const { trusted } = await repository.call(keyList);
    assertEquals(trusted.map(({ name, revoked_at }) => [name, revoked_at !== null]), [["anna", false], [
      "stolen",
      true,
    ]]);
    assertEquals(expected(), before);
    assertEquals(await verified(repository), said);
  });
}
