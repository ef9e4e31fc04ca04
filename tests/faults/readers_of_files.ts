import { assert, assertEquals } from "@std/assert";
import { JvsError } from "../../src/model/errors.ts";
import { configSet } from "../../src/operation/config_set.ts";
import { gcPin } from "../../src/operation/gc_pin.ts";
import { gcPlan } from "../../src/operation/gc_plan.ts";
import { keyTrust } from "../../src/operation/key_trust.ts";
import { lockAcquire } from "../../src/operation/lock_acquire.ts";
import { refCreate } from "../../src/operation/ref_create.ts";
import { restore } from "../../src/operation/restore.ts";
import { verify } from "../../src/operation/verify.ts";
import { policyOf } from "../../src/protocol/gc/policy.ts";
import { readPlan } from "../../src/protocol/gc/plan.ts";
import { readStatCache } from "../../src/protocol/look/cache_of_looks.ts";
import { judgeTrail } from "../../src/protocol/signing/check_trail.ts";
import { SignatureJudge } from "../../src/protocol/signing/judge.ts";
import { Leases } from "../../src/repo/leases.ts";
import { readOwnTrust } from "../../src/repo/own_trust.ts";
import { ownKey } from "../../src/repo/signing_key.ts";
import { keepDamage, storedDamage } from "../../src/repo/damage_store.ts";
import { storedReadings } from "../../src/repo/readings_store.ts";
import { isSoundIndex, readDetailedIndex, readIndex } from "../../src/repo/snapshot_index.ts";
import { storedLedger } from "../../src/repo/space_ledger_store.ts";
import { openStore, type Store } from "../../src/repo/store.ts";
import { payloadRootHash } from "../../src/tree/root_hash.ts";
import { exists, namesIn } from "../support/files.ts";
import { killedAt } from "../support/kill_point.ts";
import { leaveIntent } from "../support/leftovers.ts";
import { addSnapshots } from "../support/many_snapshots.ts";
import { Signed } from "../support/signed_repository.ts";
import { TestRepository } from "../support/repository.ts";

/* Everything that reads a file of JVS, and repositories that have each of the files. */

/** A file in `.jvs`, and what reads it. */
export interface Reader {
  readonly file: string;
  readonly read: (store: Store) => unknown;
  /** Whether a hash proves it: then there is one right answer. */
  readonly isProved?: boolean;
}

/** A repository that has each of the files. */
export async function rich(): Promise<TestRepository & { readonly first: string }> {
  const repository = await TestRepository.saved();
  for (let n = 0; n < 40; n++) repository.write(`main/many/${n}.txt`, `${n}\n`);
  await repository.save("second");
  await repository.call(refCreate, { name: "kept" });
  await repository.call(gcPin, { snapshot: "HEAD" });
  repository.write(".jvs/gc/retention.json", JSON.stringify({ nightly: { keep_last_n: 3, keep_days: 2 } }));
  await repository.call(gcPlan);
  await repository.call(verify, { all: true });
  const { store } = await repository.open();
  const found = { time: 1, error: "E_PAYLOAD_HASH_MISMATCH", paths: ["a.txt", "data/b.txt"] };
  await keepDamage(store, new Map([[repository.first, found]]));
  await addSnapshots(repository.path, 70); // so many have an index
  await readIndex(store);
  await repository.call(lockAcquire);
  leaveIntent(`${repository.path}/.jvs`, "snapshot", { target: repository.first });
  const audit = {
    operation: "gc run",
    actor: "a@b",
    target: "x",
    details: {},
    event_id: crypto.randomUUID(),
  };
  const more = { fencing_token: null, session_id: null, reason: null };
  store.tombstones.mark({
    id: crypto.randomUUID(),
    plan_id: "0123456789abcdef",
    pruned: [repository.first],
    deleted: [],
    audit: { ...audit, ...more },
  });
  return repository;
}

/** One whose audit trail has two files, and few records: each input is checked with all of them. */
export async function withShortTrail(): Promise<TestRepository> {
  const repository = await TestRepository.saved();
  await repository.call(configSet, { key: "audit.rotate_bytes", value: "1" });
  await repository.call(configSet, { key: "audit.rotate_bytes", value: "1MB" });
  await repository.call(gcPin, { snapshot: "HEAD" });
  return repository;
}

/** The journal of a restore, which a kill left in a folder of its own. */
export async function journalIn(): Promise<TestRepository & { readonly staging: string }> {
  const repository = await TestRepository.saved();
  repository.write("main/a.txt", "changed\n");
  repository.write("main/data/c.txt", "new\n");
  Deno.chmodSync(`${repository.main}/data/b.txt`, 0o600);
  const staging = `${repository.path}/.jvs/runtime/shared/staging`;
  const places = () => namesIn(staging).map((name) => `${staging}/${name}`);
  for (let n = 1; places().every((place) => !exists(`${place}/journal`)); n++) {
    const again = () => repository.call(restore, { snapshot: "HEAD", discard: true });
    if (!await killedAt(n, again)) throw new Error("the restore left no journal");
  }
  const place = places().find((each) => exists(`${each}/journal`)) ?? "";
  return Object.assign(repository, { staging: place });
}

export function readersOf(repository: TestRepository, first: string): Reader[] {
  const { layout, platform: { host } } = openStore(repository.path);
  const control = layout.control.path;
  const only = (folder: string) =>
    `${folder}/${namesIn(`${control}/${folder}`).find((name) => name.endsWith(".json"))}`;
  const caches = layout.caches(host.id);
  const cache = (pattern: RegExp) => {
    const name = namesIn(caches.path).find((each) => pattern.test(each));
    assert(name !== undefined, `there is a cache like ${pattern}`);
    return `${caches.path.slice(control.length + 1)}/${name}`;
  };
  const descriptor = async ({ snapshots }: Store) => await snapshots.descriptor(first);
  const fields = async (each: Store) => {
    const { descriptor_checksum: { value }, ...rest } = await descriptor(each);
    return [value, rest];
  };
  const tree = async (each: Store) =>
    await payloadRootHash(await each.snapshots.manifestOf(await descriptor(each), { verify: true }));
  const plan = only("gc/plans");
  const stat = cache(/\.stat$/);
  const index = cache(/\.index$/);
  return [
    { file: `descriptors/${first}.json`, read: fields, isProved: true },
    { file: `snapshots/${first}.READY`, read: fields, isProved: true },
    ...namesIn(layout.manifests.path).filter((name) => name.startsWith(first)).map((name) => (
      { file: `manifests/${name}`, read: tree, isProved: true }
    )),
    { file: "worktrees/main/config.json", read: ({ worktrees }) => worktrees.find("main") },
    { file: only("refs"), read: ({ refs }) => refs.list() },
    { file: only("gc/pins"), read: ({ pins }) => pins.list() },
    {
      file: plan,
      // Its time is not proved.
      async read(each) {
        const { created_at: _, ...said } = await readPlan(
          each,
          plan.slice("gc/plans/".length, -".json".length),
        );
        return said;
      },
      isProved: true,
    },
    { file: only("gc/tombstones"), read: ({ tombstones }) => [tombstones.readable(), tombstones.named()] },
    { file: only("runtime/shared/intents"), read: ({ intents }) => [intents.list(), intents.read()] },
    {
      file: only("runtime/shared/leases"),
      read: ({ layout: each }) => new Leases(each).ids().map((id) => new Leases(each).find(id)),
    },
    { file: "gc/retention.json", read: (each) => policyOf(each, "nightly") },
    { file: "config.jsonc", read: ({ config }) => [config.problem(), config.list()] },
    { file: "repo_id", read: (each) => each.repoId },
    { file: "format_version", read: () => openStore(repository.path).repoId },
    { file: stat, read: () => readStatCache(caches.at(stat.slice(stat.lastIndexOf("/") + 1)))?.toString() },
    { file: index, read: readIndexOften(index.slice(index.lastIndexOf("/") + 1)), isProved: true },
    { file: cache(/\.ledger$/), read: async (each) => (await storedLedger(each))?.of },
    { file: cache(/^damage-/), read: async (each) => [...await storedDamage(each)] },
    { file: cache(/^readings-/), read: async (each) => [...(await storedReadings(each)).readings.snapshots] },
  ];
}

export function readersOfTrail(repository: TestRepository): Reader[] {
  const read = async ({ audit }: Store) => [await audit.check(), await Array.fromAsync(audit.newestFirst())];
  const names = namesIn(`${repository.path}/.jvs/audit`).filter((name) =>
    /^(audit.*\.jsonl|HEAD)$/.test(name)
  );
  assertEquals(names.length, 3);
  return names.map((name) => ({ file: `audit/${name}`, read }));
}

/** A damaged index is made again, which takes long: so that is done now and then. Else it must say that it is not sound. */
function readIndexOften(name: string): (store: Store) => Promise<unknown> {
  let n = 0;
  return async (store) => {
    const isRead = n++ % 50 === 0 || await isSoundIndex(store, name);
    if (!isRead) throw new JvsError("E_DESCRIPTOR_CORRUPT", "The index is not sound");
    return (await readDetailedIndex(store)).count;
  };
}

/** The files of signing, and what reads them; their paths are absolute. */
export async function readersOfSigning(signed: Signed) {
  const id = await signed.save("signed");
  await signed.call(keyTrust, { require: true });
  const userConfig = signed.configOf("anna");
  const signing = { userConfig };
  const judge = () => SignatureJudge.open(openStore(signed.path, { signing }));
  // A signature that is not right has no answer; all others are that of before.
  const answered = <S extends { readonly state: string }>(state: S): S => {
    if (state.state === "invalid" || state.state === "unsigned") {
      throw new JvsError("E_SIGNATURE_INVALID", "It is not right");
    }
    return state;
  };
  const { layout, snapshots } = openStore(signed.path, { signing });
  return [
    {
      file: layout.signature(id).path,
      read: async () => answered(await (await judge()).judge(await snapshots.descriptor(id))),
      isProved: true,
    },
    { file: layout.auditHead.path, read: async () => (await judgeTrail(await judge())).state },
    { file: `${userConfig}/signers.json`, read: () => readOwnTrust(userConfig) },
    { file: `${userConfig}/keys/anna.key`, read: async () => (await ownKey(userConfig, "anna")).publicKey },
  ];
}
