import type { Schema } from "../model/schema.ts";
import type { AnyChangeKind } from "../protocol/change/kind.ts";
import { type Catalog, catalogOf } from "./define.ts";

/**
 * Every operation by its name, with the file that describes it. A file is loaded on first use, so a command does not
 * load the others.
 */
export const OPERATIONS = {
  "init": async () => (await import("./init.ts")).init,
  "adopt": async () => (await import("./adopt.ts")).adopt,
  "info": async () => (await import("./info.ts")).info,
  "status": async () => (await import("./status.ts")).status,
  "demo": async () => (await import("./demo.ts")).demo,
  "snapshot": async () => (await import("./snapshot.ts")).snapshot,
  "history": async () => (await import("./history.ts")).history,
  "show": async () => (await import("./show.ts")).show,
  "diff": async () => (await import("./diff.ts")).diff,
  "path": async () => (await import("./path.ts")).path,
  "restore": async () => (await import("./restore.ts")).restore,
  "worktree create": async () => (await import("./worktree_create.ts")).worktreeCreate,
  "worktree fork": async () => (await import("./worktree_fork.ts")).worktreeFork,
  "worktree list": async () => (await import("./worktree_list.ts")).worktreeList,
  "worktree path": async () => (await import("./worktree_path.ts")).worktreePath,
  "worktree rename": async () => (await import("./worktree_rename.ts")).worktreeRename,
  "worktree remove": async () => (await import("./worktree_remove.ts")).worktreeRemove,
  "ref create": async () => (await import("./ref_create.ts")).refCreate,
  "ref list": async () => (await import("./ref_list.ts")).refList,
  "ref delete": async () => (await import("./ref_delete.ts")).refDelete,
  "lock acquire": async () => (await import("./lock_acquire.ts")).lockAcquire,
  "lock status": async () => (await import("./lock_status.ts")).lockStatus,
  "lock renew": async () => (await import("./lock_renew.ts")).lockRenew,
  "lock release": async () => (await import("./lock_release.ts")).lockRelease,
  "lock run": async () => (await import("./lock_run.ts")).lockRun,
  "lock steal": async () => (await import("./lock_steal.ts")).lockSteal,
  "verify": async () => (await import("./verify.ts")).verify,
  "doctor": async () => (await import("./doctor.ts")).doctor,
  "audit": async () => (await import("./audit.ts")).audit,
  "audit verify": async () => (await import("./audit_verify.ts")).auditVerify,
  "gc plan": async () => (await import("./gc_plan.ts")).gcPlan,
  "gc run": async () => (await import("./gc_run.ts")).gcRun,
  "gc pin": async () => (await import("./gc_pin.ts")).gcPin,
  "gc unpin": async () => (await import("./gc_unpin.ts")).gcUnpin,
  "gc pins": async () => (await import("./gc_pins.ts")).gcPins,
  "pin add": async () => (await import("./gc_pin.ts")).pinAdd,
  "pin list": async () => (await import("./gc_pins.ts")).pinList,
  "pin remove": async () => (await import("./gc_unpin.ts")).pinRemove,
  "conformance run": async () => (await import("./conformance_run.ts")).conformanceRun,
  "key create": async () => (await import("./key_create.ts")).keyCreate,
  "key list": async () => (await import("./key_list.ts")).keyList,
  "key trust": async () => (await import("./key_trust.ts")).keyTrust,
  "key revoke": async () => (await import("./key_revoke.ts")).keyRevoke,
  "key export": async () => (await import("./key_export.ts")).keyExport,
  "config get": async () => (await import("./config_get.ts")).configGet,
  "config set": async () => (await import("./config_set.ts")).configSet,
  "config list": async () => (await import("./config_list.ts")).configList,
  "config trust": async () => (await import("./config_trust.ts")).configTrust,
  "completion": async () => (await import("./completion.ts")).completion,
  "version": async () => (await import("./version.ts")).version,
};

/** The name of an operation. */
export type OperationName = keyof typeof OPERATIONS;

/** The operation with this name. */
export type OperationOf<N extends OperationName> = Awaited<ReturnType<typeof OPERATIONS[N]>>;

/** The result of the operation with this name. */
export type ResultOf<N extends OperationName> = OperationOf<N> extends { readonly output: Schema<infer R> }
  ? R
  : never;

/** All operations of JVS, including `help`. */
export const operations: Catalog = catalogOf({
  ...OPERATIONS,
  help: async () => (await import("./help.ts")).helpOn(operations),
});

/** Finds the kind of change for an intent by its name: the operation's name, or a name that begins with it. */
export async function changeKindOf(name: string): Promise<AnyChangeKind | undefined> {
  for (let words = name; words !== ""; words = words.slice(0, Math.max(words.lastIndexOf(" "), 0))) {
    if (!operations.has(words)) continue;
    const { kinds = [] } = await operations.load(words);
    return kinds.find((kind) => kind.operation === name);
  }
  return undefined;
}

/** The operations of all kinds of change, as audit records name them. All operations are loaded. */
export async function recordedOperations(): Promise<readonly string[]> {
  const kinds = (await operations.loadAll()).flatMap((each) => each.kinds ?? []);
  return [...new Set(kinds.map(({ operation }) => operation))];
}
