import { assert, assertEquals, assertMatch } from "@std/assert";
import { bytesOf } from "../src/model/bytes.ts";
import { auditVerify } from "../src/operation/audit_verify.ts";
import { configSet } from "../src/operation/config_set.ts";
import { doctor } from "../src/operation/doctor.ts";
import { gcRun } from "../src/operation/gc_run.ts";
import { keyTrust } from "../src/operation/key_trust.ts";
import { refCreate } from "../src/operation/ref_create.ts";
import { restore } from "../src/operation/restore.ts";
import { show } from "../src/operation/show.ts";
import { verify } from "../src/operation/verify.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { dropSignatures, forgeSnapshot, rewriteTrail, withChecksum } from "./support/forger.ts";
import { Signed } from "./support/signed_repository.ts";
import { requires } from "./support/requires.ts";
import { mustRun, python } from "./support/run.ts";
import { until } from "./support/until.ts";
import { exists } from "./support/files.ts";
import { refused, SOUND, verified } from "./support/signed_verdicts.ts";

Deno.test("a signed snapshot says who signed it, and so does the audit log", async () => {
  using repository = await Signed.make();
  const id = await repository.save("first");
  const result = await repository.call(verify, { all: true });
  assertEquals([result.severity, result.findings], ["ok", []]);
  assertEquals(result.snapshots.map(({ signature }) => [signature?.state, signature?.signer]), [[
    "valid",
    "anna",
  ]]);
  assertEquals((await repository.call(show, { snapshot: id })).signature.signer, "anna");
  const trail = await repository.call(auditVerify);
  assertEquals([trail.signature.state, trail.signature.covers], ["valid", trail.count]);
  // Somebody who trusts no key sees that it is signed, and does not take that for more.
  const other = await repository.call(verify, { all: true }, { as: "ben" });
  assertEquals(other.snapshots.map(({ signature }) => signature?.state), ["untrusted"]);
  assertEquals(other.severity, "ok");
});

Deno.test("who rewrites descriptor, manifest, payload, READY and audit trail consistently is found by the signature", async () => {
  using repository = await Signed.make();
  await repository.save("first");
  const id = await repository.save("second");
  const { head: before } = await repository.call(auditVerify);
  const checksum = await forgeSnapshot(repository.path, id, "a.txt", "evil\n");
  await rewriteTrail(repository.path, withChecksum(id, checksum));
  // By the hashes alone everything is in order: that is what is forged here.
  const { path } = repository;
  const forged = await repository.call(verify, { all: true });
  assertEquals(forged.snapshots[1]?.checksum_valid, true);
  assertEquals(forged.snapshots[1]?.payload_hash_valid, true);
  assertEquals(forged.snapshots[1]?.signature?.state, "invalid");
  assertEquals(await verified(repository), { severity: "critical", codes: ["E_SIGNATURE_INVALID"] });
  // Whoever trusts no key sees that too.
  assertEquals(await verified(repository, { as: "ben" }), {
    severity: "critical",
    codes: ["E_SIGNATURE_INVALID"],
  });
  const { findings, healthy } = await repository.call(doctor);
  assert(!healthy);
  assertEquals(findings.filter(({ code }) => code === "E_SIGNATURE_INVALID").length, 2, path);
  // With the signatures gone, nothing in the repository tells; the hash that was noted does.
  dropSignatures(repository.path);
  assertEquals(await verified(repository, { as: "ben" }), SOUND);
  const { findings: expected } = await repository.call(verify, { all: true, expect_head: before }, {
    as: "ben",
  });
  assertEquals(expected.map(({ code }) => code), ["E_AUDIT_CHAIN_BROKEN"]);
});

Deno.test("who drops all signatures is found where the user requires them, whatever the repository's settings say", async () => {
  using repository = await Signed.make();
  const before = await repository.save("before it was required");
  await repository.call(keyTrust, { require: true });
  const id = await repository.save("signed");
  assertEquals(await verified(repository), SOUND);
  dropSignatures(repository.path);
  Deno.writeTextFileSync(`${repository.path}/.jvs/config.jsonc`, "{}");
  assertEquals(await verified(repository), { severity: "critical", codes: ["E_TRUST_POLICY_VIOLATION"] });
  const { snapshots } = await repository.call(verify, { all: true });
  // The user's own JVS saw the first one in the audit log.
  assertEquals(snapshots.map(({ severity, snapshot_id }) => [snapshot_id, severity]), [[before, "ok"], [
    id,
    "critical",
  ]]);
  const [, told = ""] = (await repository.call(doctor)).findings.map(({ message }) => message);
  assertMatch(
    told,
    /not signed, and it must be.*Bring its signature back from a copy .* yours, save it again/,
  );
  // What cannot be trusted is not brought out either.
  await refused("E_TRUST_POLICY_VIOLATION", () => repository.call(restore, { snapshot: id }));
  await refused(
    "E_TRUST_POLICY_VIOLATION",
    () => repository.call(worktreeFork, { snapshot: id, name: "fork" }),
  );
  // Nor is more added that the next verification would refuse.
  await refused("E_SIGNING_KEY_MISSING", () => repository.save("unsigned"));
});

Deno.test("users without a key go on; where signatures are required their records are named, and the next signature has them", async () => {
  using repository = await Signed.make();
  const id = await repository.save("first");
  await repository.call(keyTrust, { require: true });
  await repository.call(refCreate, { name: "good", snapshot: id }, { as: "ben" });
  const trail = await repository.call(auditVerify);
  assertMatch(trail.signature.problem ?? "", /not signed \(1\)/);
  assertEquals(await verified(repository), { severity: "error", codes: ["E_TRUST_POLICY_VIOLATION"] });
  await refused("E_SIGNING_KEY_MISSING", () => repository.save("no key", { as: "ben" }));
  await repository.save("second");
  assertEquals(await verified(repository), SOUND);
});

Deno.test("the signature of the audit log goes with it into new files", async () => {
  using repository = await Signed.make();
  await repository.call(configSet, { key: "audit.rotate_bytes", value: "1" });
  await repository.save("first");
  await repository.save("second");
  const trail = await repository.call(auditVerify);
  assert(trail.files.length > 2);
  assertEquals([trail.signature.state, trail.signature.covers], ["valid", trail.count]);
  await repository.call(keyTrust, { require: true });
  assertEquals(await verified(repository), SOUND);
});

Deno.test("verify --allow-unsigned takes unsigned snapshots once, and the audit log says so", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  const id = await repository.save("signed");
  Deno.removeSync(`${repository.path}/.jvs/signatures/${id}.json`);
  assertEquals((await repository.call(verify, {})).severity, "critical");
  assertEquals((await repository.call(verify, { allow_unsigned: true })).severity, "ok");
  const [last] = (await repository.repository.audit()).slice(-1);
  assertEquals([last?.operation, last?.target], ["verify allow_unsigned", id]);
  assertEquals((await repository.call(verify, {})).severity, "critical");
});

Deno.test("a signature goes with its snapshot: garbage collection deletes it, and keeps that of a pruned one", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  const pruned = await repository.save("first");
  const kept = await repository.save("second");
  repository.repository.write("main/a.txt", "not saved\n");
  const { autosave_snapshot_id: deleted } = await repository.call(restore, { snapshot: kept });
  repository.repository.write(".jvs/gc/retention.json", JSON.stringify({ least: LEAST }));
  await repository.call(gcRun, { yes: true, policy: "least" });
  const has = (id: string | null) => exists(`${repository.path}/.jvs/signatures/${id}.json`);
  const { store } = await repository.open();
  assert(deleted !== null);
  assertEquals([store.snapshots.isPruned(pruned), store.snapshots.isKnown(deleted)], [true, false]);
  assertEquals([has(pruned), has(kept), has(deleted)], [true, true, false]);
  const { findings, healthy } = await repository.call(doctor, { strict: true });
  assertEquals([healthy, findings], [true, []]);
  // One that was pruned is judged, too.
  Deno.removeSync(`${repository.path}/.jvs/signatures/${pruned}.json`);
  assertEquals((await repository.call(doctor)).findings.map(({ code }) => code), [
    "E_TRUST_POLICY_VIOLATION",
  ]);
});

const LEAST = { keep_last_n: 1, keep_days: 0, keep_autosave_days: 0, prune_ancestors: true };

Deno.test("a snapshot that lost its READY gets it again only if it is signed as it must be", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  const id = await repository.save("first");
  const [ready, signature] = [`snapshots/${id}.READY`, `signatures/${id}.json`].map((name) =>
    `${repository.path}/.jvs/${name}`
  );
  const kept = Deno.readTextFileSync(signature ?? "");
  Deno.removeSync(ready ?? "");
  Deno.removeSync(signature ?? "");
  const rebuild = () => repository.call(doctor, { repair: ["rebuild_ready"] });
  await refused("E_TRUST_POLICY_VIOLATION", rebuild);
  assert(!exists(ready ?? ""));
  Deno.writeTextFileSync(signature ?? "", kept);
  await rebuild();
  assertEquals(await verified(repository), SOUND);
});

Deno.test("without a key that can be used no snapshot is made, and other changes are recorded all the same", async () => {
  using repository = await Signed.make();
  const id = await repository.save("first");
  const key = `${repository.configOf("anna")}/keys/anna.key`;
  const whole = Deno.readTextFileSync(key);
  Deno.chmodSync(key, 0o644);
  await refused("E_PERMISSION", () => repository.save("open to others"));
  Deno.chmodSync(key, 0o600);
  Deno.truncateSync(key, 60);
  const { message } = await refused("E_SIGNING_KEY_MISSING", () => repository.save("cut in half"));
  assertMatch(message, /cut off/);
  await repository.call(refCreate, { name: "good", snapshot: id });
  const trail = await repository.call(auditVerify);
  assertEquals([trail.count - trail.signature.covers, trail.signature.problem], [1, null]);
  const { findings } = await repository.call(doctor);
  assertEquals(findings.map(({ code, severity }) => [code, severity]), [[
    "E_SIGNING_KEY_MISSING",
    "warning",
  ]]);
  // A key may be given as a text, too, such as in CI.
  await repository.save("by the text of the key", { signingKey: whole });
  assertEquals(await verified(repository), SOUND);
});

Deno.test({
  name:
    "who rewrites the cache of hashes and a payload makes the signer sign nothing that the worktree does not have",
  ...requires("python3", "ffi"),
  async fn() {
    using repository = await Signed.make();
    const [good, evil] = ["transfer 100 to ben\n", "transfer 999 to eve\n"];
    const file = `${repository.path}/main/pay.txt`;
    Deno.writeTextFileSync(file, good);
    mustRun("touch", "-d", "@1500000000", file);
    // Only what has not changed for a second is known by its times.
    const changed = Number(mustRun("stat", "-c", "%.9Z", file));
    await until(() => Date.now() / 1000 > changed + 1.5);
    const head = await repository.save("head");
    const forge = new URL("support/forge_stat_cache.py", import.meta.url).pathname;
    mustRun(python(), "-B", forge, repository.path, good, evil);
    const payload = `${repository.path}/.jvs/snapshots/${head}/pay.txt`;
    Deno.chmodSync(payload, 0o644);
    Deno.writeTextFileSync(payload, evil);
    mustRun("touch", "-d", "@1500000000", payload);
    Deno.writeTextFileSync(`${repository.path}/main/new.txt`, "unrelated\n");
    const id = await repository.save("by anna");
    const { store: { snapshots } } = await repository.open();
    const manifest = await snapshots.manifestOf(await snapshots.descriptor(id), { verify: true });
    const row = manifest.find(bytesOf("pay.txt"));
    assertEquals(
      manifest.contentHash(row),
      new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(good))),
    );
  },
});

Deno.test("a head is moved to the snapshot that follows it only if that is signed as it must be", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  const first = await repository.save("first");
  const record = `${repository.path}/.jvs/worktrees/main/config.json`;
  const before = Deno.readTextFileSync(record);
  const id = await repository.save("second");
  Deno.writeTextFileSync(record, before); // as after a kill
  const signature = `${repository.path}/.jvs/signatures/${id}.json`;
  const kept = Deno.readTextFileSync(signature);
  Deno.removeSync(signature);
  const advance = () => repository.call(doctor, { repair: ["advance_head"] });
  await refused("E_TRUST_POLICY_VIOLATION", advance);
  assertEquals((await repository.call(show)).snapshot.snapshot_id, first);
  Deno.writeTextFileSync(signature, kept);
  await advance();
  assertEquals((await repository.call(show)).snapshot.snapshot_id, id);
});
