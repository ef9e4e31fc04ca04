import { type BytePath, keyOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { decodePath, encodePath, namedPaths } from "../../model/path_text.ts";
import { asHeld } from "../../tree/as_held.ts";
import { CHANGED, compareEntries, differsInSubstance, needsHash } from "../../tree/diff.ts";
import { parseIgnoreRules } from "../../tree/ignore.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import type { TreeTable } from "../../tree/table.ts";
import { type Autosave, autosave } from "../snapshot/autosave.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { comparable, savedTable } from "../look/compare.ts";
import { manifestAsAllowed } from "../payload/as_allowed.ts";
import { type Look, lookAt } from "../look/look.ts";
import type { RestoreRequest } from "./request.ts";
import { type Move, moveBetween } from "./move.ts";
import { planRestore, type RestorePlan } from "./plan.ts";
import { entriesBelow, findNamed, ignoredEntries, rulesExcept } from "./scope.ts";
import { unreadableFiles } from "./unreadable_files.ts";

/** Everything that is known before the first change. */
export interface Prepared {
  readonly look: Look;
  readonly then: TreeTable;
  readonly plan: RestorePlan;
  /** For each entry of `then` 1 if it is to be restored at all. */
  readonly scope: Uint8Array;
  readonly autosaveId: string | null;
  /** Where it leads; some paths lead nowhere. */
  readonly move: Move;
  /** What holds the worktree's content: a snapshot; or what was seen, where that is given up. */
  readonly saved: TreeTable;
  /** Unsaved work that could not be read, so no autosave holds it. It stays as it is. */
  readonly notSaved: readonly BytePath[];
}

/** Looks, plans, and saves what no snapshot holds; refuses what cannot be saved. Changes nothing in the worktree. */
export async function prepareRestore(place: WorktreeContext, request: RestoreRequest): Promise<Prepared> {
  const look = await lookAt(place.context, place.worktree, { rules: null, unreadable: "record" });
  try {
    const saved = await manifestAsAllowed(place.context, request.descriptor.snapshot_id);
    const then = asHeld(saved, look.table, place.store.platform.host);
    const comparison = new Comparison(look, then, request);
    if (!request.preview) await look.settle();
    await look.hash(needsHash(then, look.table));
    const plan = comparison.plan(new Set());
    refuseInTheWay(look, plan);
    const { head_snapshot_id } = place.worktree;
    const head = await savedTable(place.store, head_snapshot_id);
    const move: Move = request.paths === null
      ? await moveBetween(place.store, head_snapshot_id, request.descriptor.snapshot_id)
      : { to: "unsaid" };
    const prepared = { look, then, scope: comparison.scope, autosaveId: null, notSaved: [], move };
    const unsaved = await comparison.unsavedPaths(head, plan);
    if (unsaved === null) return { ...prepared, plan, saved: head ?? look.table };
    if (request.unsaved === "discard") return { ...prepared, plan, saved: look.table };
    if (request.unsaved === "refuse") throw refusal(place, request);
    // A preview saves nothing, and finds out only what could not be saved.
    const { snapshotId, missing, table } = request.preview
      ? { snapshotId: null, missing: unreadableFiles(look, plan), table: look.table }
      : await saveFirst(place, request, look, unsaved);
    const lastPlan = comparison.plan(new Set(missing.map(keyOf)));
    refuseInTheWay(look, lastPlan);
    return { ...prepared, plan: lastPlan, autosaveId: snapshotId, saved: table, notSaved: missing };
  } catch (error) {
    look[Symbol.dispose]();
    throw error;
  }
}

/** Now and then side by side, with the rules of both. */
class Comparison {
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
    request: RestoreRequest,
  ) {
    const { descriptor } = request;
    const paths = pathsOf(request, look, then);
    this.scope = entriesBelow(then, paths);
    this.nowScope = entriesBelow(look.table, paths);
    if (descriptor.paths !== null) {
      // Of everything else such a snapshot knows nothing, whoever asks for it.
      const own = descriptor.paths.map(decodePath);
      intersect(this.scope, entriesBelow(then, own));
      intersect(this.nowScope, entriesBelow(look.table, own));
    }
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
      hidden: (j) => unreadable.size > 0 && unreadable.has(keyOf(then.path(j))),
      inScope: (table, index) => (table === then ? scope : nowScope)[index] === 1,
    });
  }

  /**
   * Null when everything that could be lost is in a snapshot already; else the ignored paths that an autosave must hold
   * besides what it holds anyway. SPEC 7.
   */
  async unsavedPaths(head: TreeTable | undefined, plan: RestorePlan): Promise<Uint8Array[] | null> {
    const { look, ignoredNow } = this;
    const touched = new Set([...plan.touched, ...this.losingAttributes(plan)]);
    if (head !== undefined) {
      await look.hash(needsHash(head, look.table));
      const now = selectEntries(look.table, (i) => ignoredNow[i] !== 1 || touched.has(i)).table;
      const isFirst = look.worktree.head_snapshot_id === null;
      const differs = isFirst ? now.count > 1 : differsInSubstance(comparable(head, look, now), now);
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

/** The paths to restore; `E_NOT_FOUND` where somebody named one that is nowhere. */
function pathsOf(
  { paths, named, descriptor }: RestoreRequest,
  { worktree, table }: Look,
  then: TreeTable,
): readonly BytePath[] | null {
  if (paths === null || !named) return paths;
  const { found, missing } = findNamed(paths, [table, then]);
  if (missing.length === 0) return found;
  const id = descriptor.snapshot_id;
  throw new JvsError(
    "E_NOT_FOUND",
    `Cannot restore ${namedPaths(missing)}: neither worktree "${worktree.name}" nor ${
      shortId(id)
    } has anything of that name`,
    {
      hint: `See what differs with \`jvs diff ${shortId(id)} @\`; a path is taken from where you stand.`,
      details: { paths: missing.map(encodePath), worktree: worktree.name, snapshot_id: id },
    },
  );
}

function intersect(some: Uint8Array, others: Uint8Array): void {
  for (let i = 0; i < some.length; i++) if (others[i] !== 1) some[i] = 0;
}

async function saveFirst(
  place: WorktreeContext,
  request: RestoreRequest,
  look: Look,
  ignoredToo: readonly Uint8Array[],
): Promise<Autosave> {
  const note = `before restoring ${shortId(request.descriptor.snapshot_id)}`;
  return await autosave(place, rulesExcept(look.ownRules, ignoredToo), note);
}

function refuseInTheWay({ worktree, table }: Look, { inTheWay }: RestorePlan): void {
  if (inTheWay.length === 0) return;
  const paths = inTheWay.map((i) => table.path(i));
  throw new JvsError(
    "E_UNSAVED_CHANGES",
    `Cannot restore worktree "${worktree.name}": these stand where the snapshot has something else, and cannot be ` +
      `saved: ${namedPaths(paths)}. Nothing was changed`,
    { hint: "Unmount or move them away, or make them readable, then restore again." },
  );
}

function refusal({ worktree }: WorktreeContext, { descriptor }: RestoreRequest): JvsError {
  return new JvsError(
    "E_UNSAVED_CHANGES",
    `Cannot restore ${
      shortId(descriptor.snapshot_id)
    } in worktree "${worktree.name}": it has work that no snapshot ` +
      "holds, and restore.unsaved is set to refuse",
    { hint: "Save it with `jvs snapshot`, or give it up with --discard." },
  );
}
