import { assert, assertEquals } from "@std/assert";
import { configSet } from "../../src/operation/config_set.ts";
import { doctor } from "../../src/operation/doctor.ts";
import { refCreate } from "../../src/operation/ref_create.ts";
import { refDelete } from "../../src/operation/ref_delete.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { worktreeCreate } from "../../src/operation/worktree_create.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { worktreeRemove } from "../../src/operation/worktree_remove.ts";
import { worktreeRename } from "../../src/operation/worktree_rename.ts";
import { changeKindOf, operations } from "../../src/operation/registry.ts";
import { exists } from "../support/files.ts";
import { killedAt } from "../support/kill_point.ts";
import { TestRepository } from "../support/repository.ts";

type Saved = Awaited<ReturnType<typeof TestRepository.saved>>;

/** A change that is killed, what it leaves in the audit trail, and how to see that it was made. */
interface Scenario {
  readonly name: string;
  readonly prepare?: (repository: Saved) => Promise<unknown> | void;
  readonly change: (repository: Saved) => Promise<unknown>;
  readonly record: string;
  readonly isDone: (repository: Saved) => Promise<boolean> | boolean;
}

/** The longest changes have hundreds of steps, and tests of their own that take each. */
const MOST_KILLS = 25;

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
    name: "config set",
    change: (repository) => repository.call(configSet, { key: "restore.unsaved", value: "refuse" }),
    record: "config set",
    isDone: async (repository) => (await repository.open()).store.config.get("restore.unsaved") === "refuse",
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
    name: "doctor --repair rebuild_ready",
    prepare: (repository) => Deno.removeSync(ready(repository)),
    change: (repository) => repository.call(doctor, { repair: ["rebuild_ready"] }),
    record: "doctor rebuild_ready",
    isDone: (repository) => exists(ready(repository)),
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

async function headOf(repository: Saved): Promise<string | null> {
  return (await repository.open()).store.worktrees.get("main").head_snapshot_id;
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
      const killed = await killedAt(n, () => change(repository));
      const done = await recoveredState(repository, before);
      assertEquals(done.records, done.isDone ? [record] : [], `killed at ${n}`);
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
