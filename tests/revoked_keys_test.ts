import { assertEquals, assertMatch } from "@std/assert";
import { shortId } from "../src/model/ids.ts";
import { auditVerify } from "../src/operation/audit_verify.ts";
import { doctor } from "../src/operation/doctor.ts";
import { keyCreate } from "../src/operation/key_create.ts";
import { keyList } from "../src/operation/key_list.ts";
import { keyRevoke } from "../src/operation/key_revoke.ts";
import { keyTrust } from "../src/operation/key_trust.ts";
import { path } from "../src/operation/path.ts";
import { verify } from "../src/operation/verify.ts";
import { rewriteTrail } from "./support/forger.ts";
import { Signed } from "./support/signed_repository.ts";
import { SOUND, verified } from "./support/signed_verdicts.ts";
import { gcPin } from "../src/operation/gc_pin.ts";

Deno.test("the keys in the repository's settings count for those who did not say whom they trust", async () => {
  using repository = await Signed.make();
  const id = await repository.save("first");
  await repository.call(keyTrust, { key: "anna", team: true });
  const stateFor = async (user: string) =>
    (await repository.call(verify, { snapshot: id }, { as: user })).snapshots[0]?.signature?.state;
  assertEquals(await stateFor("ben"), "valid");
  // Mallory adds a key to the settings, under a good name, and signs with it.
  const { public_key } = await repository.call(keyCreate, { name: "eve" }, { as: "mallory" });
  const signingKey = `${repository.configOf("mallory")}/keys/eve.key`;
  await repository.call(keyTrust, { key: public_key, name: "anna", team: true }, { as: "mallory" });
  const forged = await repository.save("forged", { as: "mallory", signingKey });
  const trusted = async (user: string) => {
    const { trusted } = await repository.call(keyList, {}, { as: user });
    return trusted.map(({ by, public_key }) => [by, public_key]);
  };
  assertEquals(await trusted("ben"), [["repository", repository.publicKey], ["repository", public_key]]);
  assertEquals(await trusted("anna"), [["you", repository.publicKey]]);
  const { snapshots } = await repository.call(verify, { snapshot: forged });
  assertEquals(snapshots[0]?.signature?.state, "untrusted");
});

Deno.test("what a revoked key signed stays valid only if something that is trusted saw it before", async () => {
  using repository = await Signed.make();
  const old = await repository.save("before the theft");
  await repository.call(keyRevoke, { key: "anna" }); // what is there now was seen
  assertEquals(await verified(repository), SOUND);
  // The thief signs with a time of before, in the snapshot and in the audit log.
  const forged = await repository.save("by the thief", {
    as: "thief",
    signingKey: `${repository.configOf("anna")}/keys/anna.key`,
  });
  await backdate(repository, forged);
  const states = async () => {
    const { snapshots } = await repository.call(verify, { all: true });
    return snapshots.map(({ signature, snapshot_id }) => [snapshot_id, signature?.state]);
  };
  assertEquals(await states(), [[old, "valid"], [forged, "revoked"]]);
  assertEquals((await verified(repository)).codes, ["E_TRUST_POLICY_VIOLATION"]);
  const [told = ""] = (await repository.call(doctor)).findings.map(({ message }) => message);
  assertMatch(
    told,
    new RegExp(
      `was revoked at .*\\. If you know that its content is right, save it again: .jvs path ${
        shortId(forged)
      }.`,
    ),
  );
  assertEquals((await repository.call(path, { of: shortId(forged) })).path.endsWith(forged), true);
  // Who revokes it since an earlier day than what was seen, loses what nothing proves.
  await repository.call(keyRevoke, { key: "anna", since: "1d" });
  assertEquals(await states(), [[old, "revoked"], [forged, "revoked"]]);
});

/** Gives a snapshot of the thief's a time long ago, wherever the thief can: with the key, and in the audit log. */
async function backdate(repository: Signed, id: string): Promise<void> {
  const { keyInFile } = await import("../src/repo/signing_key.ts");
  const key = await keyInFile(`${repository.configOf("anna")}/keys/anna.key`);
  const file = `${repository.path}/.jvs/signatures/${id}.json`;
  const { public_key: _key, signature: _, ...said } = JSON.parse(Deno.readTextFileSync(file));
  Deno.writeTextFileSync(
    file,
    JSON.stringify(await key.sign({ ...said, signed_at: "2020-01-01T00:00:00Z" })),
  );
  const { store } = await repository.open();
  await rewriteTrail(
    repository.path,
    (record) => record.target === id ? { ...record, timestamp: "2020-01-01T00:00:00Z" } : record,
  );
  const head = JSON.parse(Deno.readTextFileSync(store.layout.auditHead.path));
  const signed = await key.sign({
    signs: "jvs audit",
    repo_id: store.repoId,
    count: head.count + 1,
    hash: head.next.record_hash,
    signed_at: "2020-01-01T00:00:00Z",
  });
  Deno.writeTextFileSync(store.layout.auditHead.path, JSON.stringify({ ...head, signed }));
}

Deno.test("another key's signature proves what was there before a revocation", async () => {
  using repository = await Signed.make();
  const old = await repository.save("before the theft");
  const { public_key: ben } = await repository.call(keyCreate, { name: "ben" }, { as: "ben" });
  const signingKey = `${repository.configOf("ben")}/keys/ben.key`;
  await repository.save("Ben's", { as: "ben", signingKey });
  const time = new Date().toISOString();
  const late = await repository.save("after it");
  // Carla, who was never here before, trusts Ben, and knows when Anna's key was stolen.
  await repository.call(keyTrust, { key: ben, name: "ben" }, { as: "carla" });
  await repository.call(keyTrust, { key: repository.publicKey, name: "anna" }, { as: "carla" });
  await repository.call(keyRevoke, { key: "anna", since: time }, { as: "carla" });
  const { snapshots } = await repository.call(verify, { all: true }, { as: "carla" });
  assertEquals(
    snapshots.map(({ signature, snapshot_id }) => [snapshot_id, signature?.state]).filter(([id]) =>
      id === old || id === late
    ),
    [[old, "valid"], [late, "revoked"]],
  );
});

Deno.test("the audit log stays as good as the snapshots in it when the key is revoked that signed it last", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  await repository.save("before the theft");
  await repository.call(keyRevoke, { key: "anna" }); // what is there now was seen
  assertEquals(await verified(repository), SOUND);
  const state = async () => (await repository.call(auditVerify)).signature;
  assertEquals((await state()).state, "valid");
  // What the thief signs afterwards nobody saw before.
  await repository.call(gcPin, { snapshot: "HEAD", reason: "by the thief" }, {
    as: "thief",
    signingKey: `${repository.configOf("anna")}/keys/anna.key`,
  });
  const { problem, state: after } = await state();
  assertEquals(after, "revoked");
  assertMatch(problem ?? "", /was revoked, and nothing that you trust saw it before.*let another key sign/);
  const { findings } = await repository.call(doctor);
  assertEquals(findings.map(({ message }) => message), [`${problem}.`]);
  assertEquals((await verified(repository)).codes, ["E_TRUST_POLICY_VIOLATION"]);
});

Deno.test("key revoke goes by the time at which it is said in each repository", async () => {
  using first = await Signed.make();
  using second = await first.another();
  const [inFirst, inSecond] = [await first.save("in the first"), await second.save("in the second")];
  const stateOf = async (repository: Signed, id: string) =>
    (await repository.call(verify, { snapshot: id })).snapshots[0]?.signature?.state;
  await first.call(keyRevoke, { key: "anna" });
  // Nothing was noted of the second one yet.
  assertEquals([await stateOf(first, inFirst), await stateOf(second, inSecond)], ["valid", "revoked"]);
  await second.call(keyRevoke, { key: "anna" });
  assertEquals([await stateOf(first, inFirst), await stateOf(second, inSecond)], ["valid", "valid"]);
  assertEquals([await verified(first), await verified(second)], [SOUND, SOUND]);
  // A time that is named is one of the key, wherever it is said.
  const { revoked_at } = await second.call(keyRevoke, { key: "anna", since: "1d" });
  assertEquals([await stateOf(first, inFirst), await stateOf(second, inSecond)], ["revoked", "revoked"]);
  assertEquals((await first.call(keyRevoke, { key: "anna" })).revoked_at, revoked_at);
});

Deno.test("key revoke --team never moves a time forward, and says which one holds", async () => {
  const since = "2026-05-01T00:00:00.000Z";
  for (const order of [[since, undefined], [undefined, since]]) {
    using repository = await Signed.make();
    await repository.save("first");
    for (const time of order) {
      await repository.call(keyRevoke, {
        key: "anna",
        team: true,
        ...(time !== undefined && { since: time }),
      });
    }
    // So says another user, whose own word is later.
    for (const as of ["anna", "ben"]) {
      const { revoked_at } = await repository.call(keyRevoke, { key: repository.publicKey, team: true }, {
        as,
      });
      assertEquals(revoked_at, since);
    }
    const { store } = await repository.open();
    assertEquals(store.config.get("signing.revoked"), [`${repository.publicKey} ${since}`]);
  }
});
