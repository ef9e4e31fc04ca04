import { type BytePath, keyOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { decodePath, encodePath, namedPaths } from "../../model/path_text.ts";
import { CHANGED, compareEntries, differsInSubstance, needsHash } from "../../tree/diff.ts";
import { parseIgnoreRules } from "../../tree/ignore.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import type { TreeTable } from "../../tree/table.ts";
import { comparable } from "../look/compare.ts";
import type { Look } from "../look/look.ts";
import { planRestore, type RestorePlan } from "./plan.ts";
import type { RestoreRequest } from "./request.ts";
import { entriesBelow, findNamed, ignoredEntries } from "./scope.ts";

/** The worktree as it is now, the snapshot (`then`), and the ignore rules of both. */
export class Comparison {
  /** For each entry of `then` 1 if it is to be restored. */
  readonly scope: Uint8Array;
  private readonly nowScope: Uint8Array;
  /** Entries of the worktree that its own rules ignore. */
  private readonly ignoredNow: Uint8Array;
  /** Entries that its own rules or those of the snapshot ignore: they stay where the snapshot has nothing. */
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
      // A snapshot of some paths says nothing about the others.
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

  /** The plan. What cannot be saved must stay: the paths in `missing`, and what the scan could not look into. */
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
   * Null if a snapshot holds everything that the restore could destroy. Else an autosave is needed, and these are the
   * ignored paths that it must hold too. SPEC 7.
   */
  async unsavedPaths(head: TreeTable | undefined, plan: RestorePlan): Promise<Uint8Array[] | null> {
    const { look, ignoredNow } = this;
    const touched = new Set([...plan.touched, ...this.losingAttributes(plan)]);
    if (head !== undefined) {
      await look.hash(needsHash(head, look.table));
      const now = ignoredNow.includes(1)
        ? selectEntries(look.table, (i) => ignoredNow[i] !== 1 || touched.has(i)).table
        : look.table;
      const isFirst = look.worktree.head_snapshot_id === null;
      const differs = isFirst ? now.count > 1 : differsInSubstance(comparable(head, look, now), now);
      if (!differs) return null;
    }
    return [...touched].filter((i) => ignoredNow[i] === 1).map((i) => look.table.path(i));
  }

  /** Entries that keep their content, and whose mode, owner or attributes the restore replaces. */
  private losingAttributes({ metadata }: RestorePlan): number[] {
    const { look, then } = this;
    const differs = (pair: { now: number; then: number }) =>
      (compareEntries(look.table, pair.now, then, pair.then, { metadata: true }) & ~CHANGED.times) !== 0;
    return metadata.filter(differs).map((pair) => pair.now);
  }
}

/** The paths to restore; `E_NOT_FOUND` if the user named one that neither side has. */
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
