import { keyOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { CHANGED, compareEntries, differsInSubstance, needsHash } from "../../tree/diff.ts";
import { parseIgnoreRules } from "../../tree/ignore.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import type { TreeTable } from "../../tree/table.ts";
import { type Autosave, autosave, namedPaths } from "../_snapshot/autosave.ts";
import type { WorktreeChange } from "../_change/commit.ts";
import { savedTable } from "../_look/compare.ts";
import { type Look, lookAt } from "../_look/look.ts";
import type { RestoreRequest } from "./request.ts";
import { planRestore, type RestorePlan } from "./plan.ts";
import { entriesBelow, ignoredEntries, rulesExcept } from "./scope.ts";

/** Everything that is known before the first change. */
export interface Prepared {
  readonly look: Look;
  readonly then: TreeTable;
  readonly plan: RestorePlan;
  /** For each entry of `then` 1 if it is to be restored at all. */
  readonly scope: Uint8Array;
  readonly autosaveId: string | null;
}

/** Looks, plans, and saves what no snapshot holds; refuses what cannot be saved. Changes nothing in the worktree. */
export async function prepareRestore(change: WorktreeChange, request: RestoreRequest): Promise<Prepared> {
  const { context, store, worktree } = change;
  const look = await lookAt(context, worktree, { rules: null, unreadable: "record" });
  try {
    const then = await store.snapshots.manifest(request.descriptor.snapshot_id, { verify: true });
    await look.hash(needsHash(then, look.table));
    const scene = new Scene(look, then, request);
    let plan = scene.plan(new Set());
    refuseInTheWay(look, plan);
    const unsaved = await scene.unsavedPaths(change, plan);
    if (unsaved === null || request.unsaved === "discard") {
      return { look, then, plan, scope: scene.scope, autosaveId: null };
    }
    if (request.unsaved === "refuse") throw refusal(change, request);
    if (request.preview) return { look, then, plan, scope: scene.scope, autosaveId: null };
    const saved = await saveFirst(change, request, look, unsaved);
    plan = scene.plan(new Set(saved.missing.map(keyOf)));
    refuseInTheWay(look, plan);
    return { look, then, plan, scope: scene.scope, autosaveId: saved.snapshotId };
  } catch (error) {
    look[Symbol.dispose]();
    throw error;
  }
}

/** Now and then side by side, with the rules of both. */
class Scene {
  readonly scope: Uint8Array;
  private readonly nowScope: Uint8Array;
  /** Kept out of snapshots by the worktree's own rules. */
  private readonly ignoredNow: Uint8Array;
  /** Kept where the snapshot has nothing: ignored now or then. */
  private readonly ignored: Uint8Array;
  private readonly unreadable: ReadonlySet<string>;

  constructor(
    private readonly look: Look,
    private readonly then: TreeTable,
    { paths, descriptor }: RestoreRequest,
  ) {
    this.scope = entriesBelow(then, paths);
    this.nowScope = entriesBelow(look.table, paths);
    const rulesNow = look.ownRules;
    const rulesThen = descriptor.ignore_rules === null ? null : parseIgnoreRules(descriptor.ignore_rules);
    this.ignoredNow = ignoredEntries(look.table, [rulesNow]);
    this.ignored = ignoredEntries(look.table, [rulesNow, rulesThen]);
    this.unreadable = new Set(look.scan.unreadable.map(keyOf));
  }

  /** The plan when these paths, besides what the scan could not look into, cannot be saved and so must stay. */
  plan(missing: ReadonlySet<string>): RestorePlan {
    const { look, then, ignored, unreadable, scope, nowScope } = this;
    const asksPaths = missing.size + unreadable.size > 0;
    const cannotBeSaved = (i: number) => {
      if (!asksPaths) return false;
      const key = keyOf(look.table.path(i));
      return missing.has(key) || unreadable.has(key);
    };
    return planRestore({
      now: look.table,
      then,
      ignored: (i) => ignored[i] === 1,
      fixed: (i) => look.scan.boundaries.has(i) || cannotBeSaved(i),
      inScope: (table, index) => (table === then ? scope : nowScope)[index] === 1,
    });
  }

  /**
   * Null when everything that could be lost is in a snapshot already; else the ignored paths that an autosave must hold
   * besides what it holds anyway. SPEC 7.
   */
  async unsavedPaths({ store, worktree }: WorktreeChange, plan: RestorePlan): Promise<Uint8Array[] | null> {
    const { look, ignoredNow } = this;
    const touched = new Set([...plan.touched, ...this.losingAttributes(plan)]);
    const head = worktree.head_snapshot_id;
    const saved = await savedTable(store, head);
    if (saved !== undefined) {
      await look.hash(needsHash(saved, look.table));
      const now = selectEntries(look.table, (i) => ignoredNow[i] !== 1 || touched.has(i)).table;
      const differs = head === null ? now.count > 1 : differsInSubstance(saved, now);
      if (!differs) return null;
    }
    return [...touched].filter((i) => ignoredNow[i] === 1).map((i) => look.table.path(i));
  }

  /** Entries whose content stays, and whose mode, owner or attributes give way to those of the snapshot. */
  private losingAttributes({ metadata }: RestorePlan): number[] {
    const { look, then } = this;
    const differs = (pair: { now: number; then: number }) =>
      (compareEntries(look.table, pair.now, then, pair.then, { metadata: true }) & ~CHANGED.times) !== 0;
    return metadata.filter(differs).map((pair) => pair.now);
  }
}

async function saveFirst(
  change: WorktreeChange,
  request: RestoreRequest,
  look: Look,
  ignoredToo: readonly Uint8Array[],
): Promise<Autosave> {
  const note = `before restoring ${shortId(request.descriptor.snapshot_id)}`;
  return await autosave(change, rulesExcept(look.ownRules, ignoredToo), note);
}

function refuseInTheWay({ worktree, table }: Look, { inTheWay }: RestorePlan): void {
  if (inTheWay.length === 0) return;
  const paths = inTheWay.map((i) => table.path(i));
  throw new JvsError(
    "E_UNSAVED_CHANGES",
    `Cannot restore worktree "${worktree.name}": these stand where the snapshot has something else, and cannot be ` +
      `saved: ${namedPaths(paths)}. Nothing was changed.`,
    { hint: "Unmount or move them away, or make them readable, then restore again." },
  );
}

function refusal({ worktree }: WorktreeChange, { descriptor }: RestoreRequest): JvsError {
  return new JvsError(
    "E_UNSAVED_CHANGES",
    `Cannot restore ${
      shortId(descriptor.snapshot_id)
    } in worktree "${worktree.name}": it has work that no snapshot ` +
      "holds, and restore.unsaved is set to refuse.",
    { hint: "Save it with `jvs snapshot`, or give it up with --discard." },
  );
}
