import { assertEquals, assertMatch } from "@std/assert";
import { auditVerify } from "../src/operation/audit_verify.ts";
import { configSet } from "../src/operation/config_set.ts";
import { keyCreate } from "../src/operation/key_create.ts";
import { keyExport } from "../src/operation/key_export.ts";
import { keyList } from "../src/operation/key_list.ts";
import { keyRevoke } from "../src/operation/key_revoke.ts";
import { keyTrust } from "../src/operation/key_trust.ts";
import { refCreate } from "../src/operation/ref_create.ts";
import { verify } from "../src/operation/verify.ts";
import { createKey } from "../src/repo/signing_key.ts";
import { Signed } from "./support/signed_repository.ts";
import { refused, SOUND, verified } from "./support/signed_verdicts.ts";

/** A user with an own key of the same name as Anna's, which is in no keyring; gives the public key. */
async function withOwnKey(repository: Signed, as: string): Promise<string> {
  return (await repository.call(keyCreate, { name: "anna" }, { as })).public_key;
}

async function stateOf(repository: Signed, snapshot: string, as = "anna") {
  return (await repository.call(verify, { snapshot }, { as })).snapshots[0]?.signature?.state;
}

Deno.test("a member whose key the team's keyring lacks cannot save where the settings require signatures", async () => {
  using repository = await Signed.make();
  await repository.save("first");
  const ben = await withOwnKey(repository, "ben");
  await repository.call(configSet, { key: "signing.require", value: "true" });
  await repository.save("no key is in the keyring yet", { as: "ben" });
  await repository.call(keyTrust, { key: "anna", team: true });
  const { hint, message } = await refused(
    "E_TRUST_POLICY_VIOLATION",
    () => repository.save("", { as: "ben" }),
  );
  assertMatch(message, /the team's keys do not have yours/);
  assertMatch(hint, new RegExp(`jvs key trust ${ben} NAME --team`));
  await repository.save("Anna's");
  await repository.call(keyTrust, { key: ben, name: "ben", team: true });
  const id = await repository.save("Ben's", { as: "ben" });
  assertEquals([await stateOf(repository, id), await stateOf(repository, id, "ben")], ["valid", "valid"]);
  // Who requires signatures by the own word decides alone whose keys count.
  await repository.call(configSet, { key: "signing.keyring", value: `["${repository.publicKey} anna"]` });
  await refused("E_TRUST_POLICY_VIOLATION", () => repository.save("", { as: "ben" }));
  await repository.call(keyTrust, { require: true }, { as: "ben" });
  await repository.save("by the own word", { as: "ben" });
});

Deno.test("a revoked key saves nothing more, also where nothing is required, and is not trusted again", async () => {
  using repository = await Signed.make();
  const id = await repository.save("first");
  await repository.call(keyRevoke, { key: "anna" });
  const { hint, message } = await refused("E_TRUST_POLICY_VIOLATION", () => repository.save("second"));
  assertMatch(message, /Cannot save: your key was revoked at 20/);
  assertMatch(hint, /jvs key create NAME/);
  for (const input of [{ key: "anna" }, { key: "anna", everywhere: true }, { key: "anna", team: true }]) {
    const { message } = await refused("E_TRUST_POLICY_VIOLATION", () => repository.call(keyTrust, input));
    assertMatch(message, /Cannot trust the key "anna": it was revoked/);
  }
  assertEquals(await verified(repository), SOUND);
  // Other changes are recorded, and the signature that is there covers what it did.
  const before = await repository.call(auditVerify);
  await repository.call(refCreate, { name: "good", snapshot: id });
  const { count, signature } = await repository.call(auditVerify);
  assertEquals([count, signature.covers, signature.state], [before.count + 1, before.count, "valid"]);
  // The way out.
  await repository.call(keyCreate, { name: "new" });
  await repository.call(configSet, { key: "signing.key", value: "new" });
  await repository.save("with a new key");
  assertEquals(await verified(repository), SOUND);
});

Deno.test("a key that the settings revoke saves nothing more, and what nobody saw before counts for no user", async () => {
  using repository = await Signed.make();
  const id = await repository.save("first");
  await repository.call(configSet, {
    key: "signing.revoked",
    value: `["${repository.publicKey} 2026-01-01T00:00:00Z"]`,
  });
  for (const as of ["anna", "ben"]) {
    assertEquals(await stateOf(repository, id, as), "revoked");
    assertEquals(await verified(repository, { as }), {
      severity: "critical",
      codes: ["E_TRUST_POLICY_VIOLATION"],
    });
  }
  // This user has no file of what is trusted, and the settings require nothing.
  const signingKey = `${repository.configOf("anna")}/keys/anna.key`;
  await refused("E_TRUST_POLICY_VIOLATION", () => repository.save("second", { as: "ci", signingKey }));
});

Deno.test("where signatures are required no key signs that is not trusted, and neither snapshots nor the log by one count", async () => {
  using repository = await Signed.make();
  await repository.save("first");
  await repository.call(keyTrust, { require: true });
  const mallory = await withOwnKey(repository, "mallory");
  const forged = await repository.save("forged", { as: "mallory" });
  const { snapshots } = await repository.call(verify, { snapshot: forged });
  assertEquals(snapshots[0]?.signature, {
    state: "untrusted",
    signer: null,
    public_key: mallory,
    signed_at: snapshots[0]?.signature?.signed_at ?? null,
    problem: `It is signed with the key ${mallory}, which you do not trust`,
  });
  assertEquals(snapshots[0]?.error, "E_TRUST_POLICY_VIOLATION");
  const { signature } = await repository.call(auditVerify);
  assertEquals([signature.state, signature.problem], [
    "untrusted",
    `The audit log is signed with the key ${mallory}, which you do not trust`,
  ]);
  // A key that its owner does not trust, such as one from another machine, signs nothing either.
  await repository.call(configSet, { key: "signing.require", value: "true" });
  const { publicKey } = await createKey(repository.configOf("ben"), "anna");
  const { details, message } = await refused(
    "E_TRUST_POLICY_VIOLATION",
    () => repository.save("", { as: "ben" }),
  );
  assertMatch(message, /yours is not trusted/);
  assertEquals(details["public_key"], publicKey);
});

Deno.test("key trust --everywhere trusts a key in all repositories, and without it in one", async () => {
  using first = await Signed.make();
  using second = await first.another();
  const [inFirst, inSecond] = [await first.save(), await second.save()];
  const states = async () => [
    await stateOf(first, inFirst, "ben"),
    await stateOf(second, inSecond, "ben"),
  ];
  const anna = { key: first.publicKey, name: "anna" };
  await first.call(keyTrust, anna, { as: "ben" });
  assertEquals(await states(), ["valid", "untrusted"]);
  await first.call(keyTrust, { ...anna, everywhere: true }, { as: "ben" });
  assertEquals(await states(), ["valid", "valid"]);
  const { trusted } = await second.call(keyList, {}, { as: "ben" });
  assertEquals(trusted.map(({ by, name }) => [by, name]), [["you", "anna"]]);
});

Deno.test("key trust --no-require ends what the user required, and keeps whom the user trusts", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { key: "anna", require: true });
  assertEquals((await repository.call(keyTrust)).required, true); // it stays by itself
  const id = await repository.save("signed");
  Deno.removeSync(`${repository.path}/.jvs/signatures/${id}.json`);
  assertEquals((await verified(repository)).codes, ["E_TRUST_POLICY_VIOLATION"]);
  assertEquals((await repository.call(keyTrust, { require: false })).required, false);
  assertEquals(await verified(repository), SOUND);
  const { required, trusted } = await repository.call(keyList);
  assertEquals([required, trusted.map(({ name }) => name)], [false, ["anna"]]);
});

Deno.test("key export gives the public key of an own key, or of one that is trusted", async () => {
  using repository = await Signed.make();
  const public_key = repository.publicKey;
  assertEquals(await repository.call(keyExport, { name: "anna" }), { public_key, name: "anna" });
  await repository.call(keyTrust, { key: public_key, name: "our-anna" }, { as: "ben" });
  assertEquals(await repository.call(keyExport, { name: "our-anna" }, { as: "ben" }), {
    public_key,
    name: "our-anna",
  });
  await refused("E_NOT_FOUND", () => repository.call(keyExport, { name: "anna" }, { as: "ben" }));
});

Deno.test("key trust refuses what is no key, or one for which anybody can sign", async () => {
  using repository = await Signed.make();
  for (const key of ["ff".repeat(32), "00".repeat(32), `01${"00".repeat(31)}`]) {
    const { message } = await refused("E_USAGE", () => repository.call(keyTrust, { key, name: "eve" }));
    assertMatch(message, new RegExp(`Cannot trust the key ${key}: no private key`));
  }
  assertEquals((await repository.call(keyList)).trusted.map(({ name }) => name), ["anna"]);
});

Deno.test("config set takes no revocation at a time that there is not, or that is still to come", async () => {
  using repository = await Signed.make();
  const set = (time: string) =>
    repository.call(configSet, {
      key: "signing.revoked",
      value: JSON.stringify([`${repository.publicKey} ${time}`]),
    });
  for (const time of ["2026-99-99T00:00:00Z", "2026-02-31T00:00:00Z", "2026-01-01T24:00:00Z"]) {
    assertMatch((await refused("E_USAGE", () => set(time))).message, /must be a public key and a time/);
  }
  assertMatch((await refused("E_USAGE", () => set("2999-01-01T00:00:00Z"))).message, /still to come, 2999/);
  await set("2026-01-31T23:59:59.999Z");
  // In a file, such a time may be one of another clock.
  repository.repository.write(
    ".jvs/config.jsonc",
    JSON.stringify({ signing: { revoked: [`${repository.publicKey} 2999-01-01T00:00:00Z`] } }),
  );
  assertEquals((await repository.call(keyList)).trusted.map(({ revoked_at }) => revoked_at), [
    "2999-01-01T00:00:00Z",
  ]);
});

Deno.test("key trust and key revoke take no name from the repository's settings, which others write", async () => {
  using repository = await Signed.make();
  const anna = repository.publicKey;
  const { public_key: ben } = await repository.call(keyCreate, { name: "work" }, { as: "ben" });
  const swapped = JSON.stringify([`${anna} ben`, `${ben} anna`]);
  await repository.call(configSet, { key: "signing.keyring", value: swapped }, { as: "ben" });
  // For Anna, "anna" is her own key, and nobody is Ben yet. For Carla, nobody is anybody.
  for (const [key, as] of [["ben", "anna"], ["anna", "carla"]] as const) {
    const revoke = () => repository.call(keyRevoke, { key }, { as });
    const trust = () => repository.call(keyTrust, { key }, { as });
    for (const take of [revoke, trust]) {
      const { hint, message } = await refused("E_NOT_FOUND", take);
      assertMatch(message, /only the repository's settings call one so/);
      assertMatch(hint, new RegExp(key === "ben" ? anna : ben));
    }
  }
  const { trusted } = await repository.call(keyList);
  assertEquals(trusted.filter(({ revoked_at }) => revoked_at !== null), []);
  // Digits get no name from there, and leave the team's as it is.
  assertEquals((await repository.call(keyTrust, { key: ben }, { as: "carla" })).name, ben.slice(0, 8));
  await repository.call(keyTrust, { key: anna, team: true }, { as: "carla" });
  const { store } = await repository.open();
  assertEquals(JSON.stringify(store.config.get("signing.keyring")), swapped);
  // Her own word is taken.
  await repository.call(keyTrust, { key: ben, name: "benjamin" });
  assertEquals((await repository.call(keyRevoke, { key: "benjamin" })).public_key, ben);
});

Deno.test("a name that the user gave to two keys is none of them", async () => {
  using repository = await Signed.make();
  const ben = await withOwnKey(repository, "ben");
  await repository.call(keyTrust, { key: ben, name: "anna" });
  await refused("E_AMBIGUOUS", () => repository.call(keyRevoke, { key: "anna" }));
});
