import { assert, assertEquals } from "@std/assert";
import { configSet } from "../../src/operation/config_set.ts";
import { doctor } from "../../src/operation/doctor.ts";
import { gcPin } from "../../src/operation/gc_pin.ts";
import { gcRun } from "../../src/operation/gc_run.ts";
import { gcUnpin } from "../../src/operation/gc_unpin.ts";
import { keyRevoke } from "../../src/operation/key_revoke.ts";
import { keyTrust } from "../../src/operation/key_trust.ts";
import { lockAcquire } from "../../src/operation/lock_acquire.ts";
import { lockRelease } from "../../src/operation/lock_release.ts";
import { lockStatus } from "../../src/operation/lock_status.ts";
import { lockSteal } from "../../src/operation/lock_steal.ts";
import { refCreate } from "../../src/operation/ref_create.ts";
import { refDelete } from "../../src/operation/ref_delete.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { verify } from "../../src/operation/verify.ts";
import { worktreeCreate } from "../../src/operation/worktree_create.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { worktreeRemove } from "../../src/operation/worktree_remove.ts";
import { worktreeRename } from "../../src/operation/worktree_rename.ts";
import { changeKindOf, operations } from "../../src/operation/registry.ts";
import { REPAIRS } from "../../src/protocol/verify/finding.ts";
import { exists } from "../support/files.ts";
import { killedAt } from "../support/kill_point.ts";
import { pastLease } from "../support/leases.ts";
import { putSnapshot } from "../support/many_snapshots.ts";
import { TestRepository } from "../support/repository.ts";

type Saved = Awaited<ReturnType<typeof TestRepository.saved>>;

/** A change that is killed, what it leaves in the audit trail, and how to see that it was made. */
interface Scenario {
  readonly name: string;
  readonly prepare?: (repository: Saved) => Promise<unknown> | void;
  readonly change: (repository: Saved) => Promise<unknown>;
  /** Nothing for what is no change of the history. */
  readonly record: string | null;
  readonly isDone: (repository: Saved) => Promise<boolean> | boolean;
}

/** The longest changes have hundreds of steps, and tests of their own that take each. */
const MOST_KILLS = 25;

/** What no scenario kills, and why. */
const NOT_HERE: ReadonlyMap<string, string> = new Map([
  ["init", "it is killed in src/operation/init_test.ts: before it there is no repository"],
  ["adopt", "it is killed in src/operation/adopt_test.ts, for the same reason"],
  ["adopt relocate", "it is killed in src/operation/adopt_test.ts"],
  ["demo", "it makes a repository of its own, for a tour, by operations that are killed here"],
  ["gc plan", "it writes nothing but a plan, which changes nothing by itself"],
  [
    "config trust",
    "it changes only the user's own settings, and is killed in src/operation/config_trust_test.ts",
  ],
  ["lock renew", "it replaces one file, which no audit record is about"],
  ["conformance run", "it changes no repository but those that it makes and removes"],
  ["lock run", "it acquires and releases a lease, which are killed here, around a command"],
  ["key create", "it changes no repository; it is killed in src/repo/signing_key_test.ts"],
  ["doctor --repair clean_locks", "it has nothing to do"],
  ["doctor --repair clean_intents", "its records are those of the changes that it recovers"],
  ["doctor --repair audit_repair", "a test below kills it: until it ends, the log cannot be read"],
]);

const SCENARIOS: readonly Scenario[] = [
  {
    name: "snapshot",
    prepare: (repository) => repository.write("main/a.txt", "two\n"),
    change: (repository) => repository.call(snapshot, { note: "second" }),
    record: "snapshot",
    isDone: async (repository) => (await headOf(repository)) !== repository.first,
  },
  {
    name: "restore",
    prepare: async (repository) => {
      repository.write("main/a.txt", "two\n");
      await repository.save("second");
    },
    change: (repository) => repository.call(restore, { snapshot: repository.first }),
    record: "restore",
    isDone: (repository) => repository.read("main/a.txt") === "one\n",
  },
  {
    name: "snapshot --branch",
    prepare: async (repository) => {
      repository.write("main/a.txt", "two\n");
      await repository.save("second");
      await repository.call(restore, { snapshot: repository.first });
      repository.write("main/a.txt", "three\n");
    },
    change: (repository) => repository.call(snapshot, { branch: true }),
    record: "snapshot",
    isDone: async (repository) => {
      const { refs } = (await repository.open()).store;
      return refs.names().length === 1 && (await headOf(repository)) !== repository.first;
    },
  },
  {
    name: "restore with an autosave",
    prepare: (repository) => repository.write("main/a.txt", "unsaved\n"),
    change: (repository) => repository.call(restore, { snapshot: repository.first }),
    record: "restore",
    isDone: (repository) => repository.read("main/a.txt") === "one\n",
  },
  {
    name: "restore --name",
    change: (repository) => repository.call(restore, { snapshot: repository.first, name: "made" }),
    record: "worktree fork",
    isDone: async (repository) => (await namesIn(repository)).includes("made"),
  },
  {
    name: "worktree create",
    change: (repository) => repository.call(worktreeCreate, { name: "made" }),
    record: "worktree create",
    isDone: async (repository) => (await namesIn(repository)).includes("made"),
  },
  {
    name: "worktree fork",
    change: (repository) => repository.call(worktreeFork, { name: "made" }),
    record: "worktree fork",
    isDone: async (repository) => (await namesIn(repository)).includes("made"),
  },
  {
    name: "worktree rename",
    prepare: (repository) => repository.call(worktreeFork, { name: "made" }),
    change: (repository) => repository.call(worktreeRename, { name: "made", new_name: "new" }),
    record: "worktree rename",
    isDone: async (repository) => (await namesIn(repository)).includes("new"),
  },
  {
    name: "worktree remove",
    prepare: (repository) => repository.call(worktreeFork, { name: "made" }),
    change: (repository) => repository.call(worktreeRemove, { name: "made" }),
    record: "worktree remove",
    isDone: async (repository) => !(await namesIn(repository)).includes("made"),
  },
  {
    name: "worktree remove --force",
    prepare: async (repository) => {
      await repository.call(worktreeFork, { name: "made" });
      repository.write("worktrees/made/a.txt", "unsaved\n");
    },
    change: (repository) => repository.call(worktreeRemove, { name: "made", force: true }),
    record: "worktree remove",
    async isDone(repository) {
      const isGone = !(await namesIn(repository)).includes("made");
      const { intents, pins } = (await repository.open()).store;
      const isRecovered = intents.list().length === 0;
      if (isRecovered) assertEquals(pins.list().length, isGone ? 2 : 0, "of the line and the unsaved work");
      return isGone;
    },
  },
  {
    name: "ref create",
    change: (repository) => repository.call(refCreate, { name: "best" }),
    record: "ref create",
    isDone: async (repository) => (await repository.open()).store.refs.find("best") !== undefined,
  },
  {
    name: "ref delete",
    prepare: (repository) => repository.call(refCreate, { name: "best" }),
    change: (repository) => repository.call(refDelete, { name: "best" }),
    record: "ref delete",
    isDone: async (repository) => (await repository.open()).store.refs.find("best") === undefined,
  },
  {
    name: "gc pin",
    change: (repository) => repository.call(gcPin),
    record: "gc pin",
    isDone: async (repository) => (await repository.open()).store.pins.ids().length === 1,
  },
  {
    name: "gc unpin",
    prepare: (repository) => repository.call(gcPin),
    change: (repository) => repository.call(gcUnpin, { pin: repository.first }),
    record: "gc unpin",
    isDone: async (repository) => (await repository.open()).store.pins.ids().length === 0,
  },
  {
    name: "gc run",
    prepare: async (repository) => {
      await repository.call(worktreeFork, { name: "made" });
      repository.write("worktrees/made/a.txt", "garbage\n");
      const id = await repository.save("", "worktrees/made");
      await repository.call(worktreeRemove, { name: "made" });
      await repository.call(gcUnpin, { pin: id });
    },
    change: (repository) => repository.call(gcRun, { yes: true }),
    record: "gc run",
    isDone: async (repository) => (await repository.open()).store.snapshots.list().length === 1,
  },
  {
    name: "lock acquire",
    change: (repository) => repository.call(lockAcquire, {}, { session: "a" }),
    record: "lock acquire",
    isDone: (repository) => isHeldBy(repository, "a"),
  },
  {
    name: "lock acquire, of a lease that is over",
    prepare: async (repository) => {
      await repository.call(lockAcquire, {}, { session: "a" });
      pastLease(repository);
    },
    change: (repository) => repository.call(lockAcquire, {}, { session: "b" }),
    record: "lock acquire",
    isDone: (repository) => isHeldBy(repository, "b"),
  },
  {
    name: "lock steal",
    prepare: async (repository) => {
      await repository.call(lockAcquire, {}, { session: "a" });
      pastLease(repository);
    },
    change: (repository) => repository.call(lockSteal, {}, { session: "b" }),
    record: "lock steal",
    isDone: (repository) => isHeldBy(repository, "b"),
  },
  {
    name: "lock release",
    prepare: (repository) => repository.call(lockAcquire, {}, { session: "a" }),
    change: (repository) => repository.call(lockRelease, {}, { session: "a" }),
    record: "lock release",
    isDone: async (repository) => !(await isHeldBy(repository, "a")),
  },
  {
    name: "config set",
    change: (repository) => repository.call(configSet, { key: "restore.unsaved", value: "refuse" }),
    record: "config set",
    isDone: async (repository) => (await repository.open()).store.config.get("restore.unsaved") === "refuse",
  },
  {
    name: "key trust",
    change: (repository) =>
      repository.call(keyTrust, { key: KEY, name: "anna", team: true }, mine(repository)),
    record: "key trust",
    isDone: async (repository) => (await repository.open()).store.config.get("signing.keyring").length > 0,
  },
  {
    name: "key revoke",
    change: (repository) => repository.call(keyRevoke, { key: KEY, team: true }, mine(repository)),
    record: "key revoke",
    isDone: async (repository) => (await repository.open()).store.config.get("signing.revoked").length > 0,
  },
  {
    name: "verify --allow-unsigned",
    change: (repository) => repository.call(verify, { allow_unsigned: true }),
    record: "verify allow_unsigned",
    // The record is all that it makes.
    isDone: async (repository) =>
      (await repository.audit()).some(({ operation }) => operation === "verify allow_unsigned"),
  },
  {
    name: "doctor --repair advance_head",
    prepare: async (repository) => {
      const { store } = await repository.open();
      repository.write("main/a.txt", "two\n");
      await repository.save("second");
      store.worktrees.update("main", {
        head_snapshot_id: repository.first,
        latest_snapshot_id: repository.first,
      });
    },
    change: (repository) => repository.call(doctor, { repair: ["advance_head"] }),
    record: "doctor advance_head",
    isDone: async (repository) => (await headOf(repository)) !== repository.first,
  },
  {
    name: "a line that the worktree's record does not know, pinned by the next change",
    prepare: async (repository) => {
      const second = await repository.save("second");
      await repository.call(restore, { snapshot: repository.first });
      const { store } = await repository.open();
      const { worktree_id } = store.worktrees.get("main");
      const snapshot_id = await store.unfinished.newId();
      await putSnapshot(store, { snapshot_id, parent_snapshot_id: second, worktree_id, kind: "manual" });
    },
    // The change itself is refused, but the line is kept.
    change: (repository) =>
      repository.save("third").catch((error) => {
        if (error.code !== "E_DETACHED") throw error;
      }),
    record: "doctor keep_line",
    isDone: async (repository) => (await repository.open()).store.pins.list().length === 1,
  },
  {
    name: "doctor --repair rebuild_ready",
    prepare: (repository) => Deno.removeSync(ready(repository)),
    change: (repository) => repository.call(doctor, { repair: ["rebuild_ready"] }),
    record: "doctor rebuild_ready",
    isDone: (repository) => exists(ready(repository)),
  },
  {
    name: "doctor --repair clean_tmp",
    prepare: (repository) => {
      const id = repository.first.replace(/.$/, (last) => last === "0" ? "1" : "0");
      repository.write(`.jvs/descriptors/${id}.json.tmp`, "");
      repository.write(`.jvs/snapshots/${id}.tmp/a.txt`, "one\n");
    },
    change: (repository) => repository.call(doctor, { repair: ["clean_tmp"] }),
    record: null,
    isDone: async (repository) => (await repository.open()).store.unfinished.leftovers().length === 0,
  },
  {
    name: "doctor --repair rebuild_index",
    change: (repository) => repository.call(doctor, { repair: ["rebuild_index"] }),
    record: null,
    isDone: async (repository) => (await repository.open()).store.cacheFolder().names().length === 0,
  },
  {
    name: "a folder that was replaced, taken by doctor",
    prepare: replaceFolder,
    change: (repository) => repository.call(doctor, { repair_runtime: true }),
    record: "doctor accept_folder",
    isDone: isAccepted,
  },
  {
    name: "a folder that was replaced, taken by the next change",
    prepare: replaceFolder,
    // The change itself is refused, but the folder was taken.
    change: (repository) =>
      repository.call(restore, { snapshot: repository.first, paths: ["nowhere"] }).catch((error) => {
        if (error.code !== "E_NOT_FOUND") throw error;
      }),
    record: "doctor accept_folder",
    isDone: isAccepted,
  },
];

/** The first of RFC 8032. */
const KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/** The config folder of the user. */
function mine({ outside }: Saved): { readonly userConfig: string } {
  return { userConfig: `${outside}/config` };
}

async function headOf(repository: Saved): Promise<string | null> {
  return (await repository.open()).store.worktrees.get("main").head_snapshot_id;
}

/** Whether the lease of main is of this session. */
async function isHeldBy(repository: Saved, session: string): Promise<boolean> {
  return (await repository.call(lockStatus)).lease?.session_id === session;
}

/** How many there are of them. */
async function autosaves(repository: Saved): Promise<number> {
  const { snapshots } = (await repository.open()).store;
  const kinds = await Promise.all(snapshots.list().map(async (id) => (await snapshots.descriptor(id)).kind));
  return kinds.filter((kind) => kind === "autosave").length;
}

async function namesIn(repository: Saved): Promise<readonly string[]> {
  return (await repository.open()).store.worktrees.list().map(({ name }) => name);
}

function ready({ path, first }: Saved): string {
  return `${path}/.jvs/snapshots/${first}.READY`;
}

function replaceFolder(repository: Saved): void {
  Deno.renameSync(repository.main, `${repository.outside}/aside`);
  repository.write("main/a.txt", "one\n");
}

async function isAccepted(repository: Saved): Promise<boolean> {
  const { worktrees } = (await repository.open()).store;
  return worktrees.checkIdentity(worktrees.get("main")) === "same";
}

for (const { name, prepare, change, record, isDone } of SCENARIOS) {
  Deno.test(`${name}, killed at any moment, leaves one audit record or nothing`, async () => {
    for (let n = 1, stride = 1;; n += stride) {
      using repository = await TestRepository.saved();
      await prepare?.(repository);
      const before = (await repository.audit()).length;
      const saved = await autosaves(repository);
      const killed = await killedAt(n, () => change(repository));
      const done = await recoveredState(repository, before);
      // An autosave is a change of its own, before the one that it is made for.
      const made = Array.from({ length: await autosaves(repository) - saved }, () => "snapshot");
      if (done.isDone && record !== null) made.push(record);
      assertEquals(done.records, made, `killed at ${n}`);
      if (!killed) return assert(done.isDone, "it was never made");
      if (n >= MOST_KILLS) stride = 7;
    }

    async function recoveredState(repository: Saved, before: number) {
      // Taking the folder of a worktree is itself a change that doctor makes: look before it can.
      const { intents } = (await repository.open()).store;
      const wasDone = await isDone(repository);
      const isPending = intents.list().length > 0;
      if (isPending) await repository.call(doctor, { repair_runtime: true });
      const records = (await repository.audit()).slice(before).map(({ operation }) => operation);
      return { records, isDone: isPending ? await isDone(repository) : wasDone };
    }
  });
}

Deno.test("every kind of change that an operation makes is found by its name", async () => {
  const kinds = (await operations.loadAll()).flatMap(({ kinds = [] }) => kinds);
  assert(kinds.length >= 12);
  for (const kind of kinds) assertEquals(await changeKindOf(kind.operation), kind, kind.operation);
  assertEquals(await changeKindOf("nothing like it"), undefined);
});

Deno.test("doctor --repair audit_repair, killed at any moment, leaves a log to repair or one record of the repair", async () => {
  for (let n = 1;; n++) {
    using repository = await TestRepository.saved();
    const before = (await repository.audit()).length;
    repository.write(".jvs/audit/HEAD", "not what was written\n");
    const repair = () => repository.call(doctor, { repair: ["audit_repair"] });
    const killed = await killedAt(n, repair);
    await repair();
    const records = (await repository.audit()).slice(before).map(({ operation }) => operation);
    assertEquals(records, ["audit repair"], `killed at ${n}`);
    if (!killed) return;
  }
});

Deno.test("every operation, kind of change and repair is killed here, or it is said why not", async () => {
  const changing = (await operations.loadAll()).filter(({ changes }) => changes !== "nothing");
  const kinds = changing.flatMap(({ kinds = [] }) => kinds.map(({ operation }) => operation));
  const without = changing.filter(({ kinds = [] }) => kinds.length === 0).map(({ name }) => name);
  const repairs = REPAIRS.map((action) => `doctor --repair ${action}`);
  const killed = new Set<string | null>(SCENARIOS.flatMap(({ name, record }) => [name, record]));
  const missing = [...kinds, ...without, ...repairs].filter((name) =>
    !killed.has(name) && !NOT_HERE.has(name)
  );
  assertEquals(missing, [], "add a scenario for each of these");
  assertEquals([...NOT_HERE.keys()].filter((name) => killed.has(name)), [], "these have a scenario");
});
