import { type BytePath, keyOf, textOf } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import { isJvsError, JvsError, unlessThrown } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { decodePath, encodePath, namedPaths } from "../../model/path_text.ts";
import type { Descriptor } from "../../model/records.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { CHANGED, compareEntries } from "../../tree/diff.ts";
import { parentPath } from "../../tree/folders_by_path.ts";
import type { IgnoreRules } from "../../tree/ignore.ts";
import { PathWalker } from "../../tree/path_walker.ts";
import { type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { rulesOfSnapshot } from "../look/ignore_file.ts";
import type { Look } from "../look/look.ts";
import { planRestore } from "./plan.ts";
import type { PlanRequest, RestorePlan } from "./plan_form.ts";

/** What to restore, and how. */
export interface RestoreRequest {
  readonly descriptor: Descriptor;
  /** Only these paths, and the head stays; null for everything. */
  readonly paths: readonly BytePath[] | null;
  /** Whether the user named these paths: then a path that does not exist is an error. Else they are the snapshot's own. */
  readonly named: boolean;
  /** What to do with unsaved work. */
  readonly unsaved: "save" | "refuse" | "discard";
  /** Whether to hash staged content; undefined: if it is not too much to read. */
  readonly verify: boolean | undefined;
  /** Only find out what a restore would do. */
  readonly preview: boolean;
}

/** The worktree as it is now, the snapshot (`then`), and the ignore rules of both. */
export class Comparison {
  /** For each entry of `then` 1 if it is to be restored. */
  readonly scope: Uint8Array;
  private readonly nowScope: Uint8Array;
  private readonly unreadable: ReadonlySet<string>;

  /** Compares what a look saw with a snapshot. */
  static async between(
    look: Look,
    then: TreeTable,
    request: RestoreRequest,
  ): Promise<Comparison> {
    const ignored = await ignoredEntries(look.table, [
      look.ownRules,
      rulesOfSnapshot(request.descriptor),
    ]);
    return new Comparison(look, then, request, ignored);
  }

  private constructor(
    private readonly look: Look,
    private readonly then: TreeTable,
    request: RestoreRequest,
    /** Entries that its own rules or those of the snapshot ignore: they stay where the snapshot has nothing. */
    private readonly ignored: Uint8Array,
  ) {
    const paths = pathsOf(request, look, then);
    const own = request.descriptor.paths?.map(decodePath);
    const scopeIn = (table: TreeTable) => {
      const scope = entriesBelow(table, paths);
      // A snapshot of some paths says nothing about the others.
      if (own !== undefined) {
        entriesBelow(table, own).forEach((inside, i) => scope[i] = at(scope, i) & inside);
      }
      return scope;
    };
    this.scope = scopeIn(then);
    this.nowScope = scopeIn(look.table);
    this.unreadable = new Set(look.scan.unreadable.map(keyOf));
  }

  /**
   * The plan. What cannot be saved must stay: the paths in `missing`, and what the scan could not look into. For
   * `foldersInUse` see `PlanRequest`.
   */
  async plan(missing: ReadonlySet<string>, foldersInUse: PlanRequest["foldersInUse"]): Promise<RestorePlan> {
    const { look, then, ignored, unreadable, scope, nowScope } = this;
    const unsaved = unreadable.union(missing);
    return await planRestore({
      now: look.table,
      then,
      ignored: (i) => ignored[i] === 1,
      fixed: (i) => look.scan.boundaries.has(i) || unsaved.size > 0 && unsaved.has(keyOf(look.table.path(i))),
      hidden: (j) => unreadable.size > 0 && unreadable.has(keyOf(then.path(j))),
      inScope: (table, index) => (table === then ? scope : nowScope)[index] === 1,
      foldersInUse,
    });
  }

  /** The entries of the worktree that lose something by this plan: all of it, or their mode, owner or attributes. */
  losses({ touched, metadata }: RestorePlan): number[] {
    const differs = (pair: { now: number; then: number }) =>
      (compareEntries(this.look.table, pair.now, this.then, pair.then, { metadata: true }) &
        ~CHANGED.times) !== 0;
    return [...touched, ...metadata.filter(differs).map((pair) => pair.now)];
  }
}

/**
 * The paths to restore; `E_NOT_FOUND` if the user named one that neither side has. A name that is not text can only be
 * given as it is shown (`n%FF`); that is tried if no entry has the name itself.
 */
function pathsOf(
  { paths, named, descriptor: { snapshot_id } }: RestoreRequest,
  { worktree, table }: Look,
  then: TreeTable,
): readonly BytePath[] | null {
  if (paths === null || !named) return paths;
  const isThere = (path: BytePath | undefined) =>
    path !== undefined && [table, then].some((tree) => tree.find(path) !== -1);
  const meant = paths.map((path) => isThere(path) ? path : pathShownAs(path));
  const missing = paths.filter((_, i) => !isThere(meant[i]));
  if (missing.length === 0) return meant.filter((path) => path !== undefined);
  const id = shortId(snapshot_id);
  throw new JvsError(
    "E_NOT_FOUND",
    `Cannot restore ${
      namedPaths(missing)
    }: neither worktree "${worktree.name}" nor ${id} has anything with that name`,
    {
      hint: `See what differs with \`jvs diff ${id} @\`; a path is taken from where you stand.`,
      details: { paths: missing.map(encodePath), worktree: worktree.name, snapshot_id },
    },
  );
}

/** For each entry 1 if it is one of these paths or below one; for null every entry. */
function entriesBelow(table: TreeTable, paths: readonly BytePath[] | null): Uint8Array {
  const inside = new Uint8Array(table.count);
  if (paths === null) return inside.fill(1);
  const wanted = new Set(paths.map(keyOf));
  const walker = new PathWalker(table);
  if (wanted.has("")) return inside.fill(1);
  for (let i = 1; i < table.count; i++) {
    if (inside[at(table.parent, i)] === 1 || wanted.has(keyOf(walker.path(i)))) inside[i] = 1;
  }
  return inside;
}

/** Nothing for what is no escape: a name with a per cent sign. */
function pathShownAs(path: BytePath): BytePath | undefined {
  return unlessThrown((error) => isJvsError(error, "E_USAGE"), () => decodePath(textOf(path)));
}

/** For each entry 1 if any of these rules ignores it. */
export async function ignoredEntries(
  table: TreeTable,
  rules: readonly (IgnoreRules | null)[],
): Promise<Uint8Array> {
  const ignored = new Uint8Array(table.count);
  const inForce = rules.filter((each) => each !== null);
  if (inForce.length === 0) return ignored;
  const walker = new PathWalker(table);
  const slice = new TimeSlice(undefined);
  for (let i = 1; i < table.count; i++) {
    if (slice.isOver()) await slice.yield();
    const isFolder = table.type[i] === DIR;
    if (
      ignored[at(table.parent, i)] === 1 || inForce.some((each) => each.ignores(walker.path(i), isFolder))
    ) ignored[i] = 1;
  }
  return ignored;
}

/** The same rules, except for these paths and the folders above them. They still ignore what else is in those folders. */
export function rulesExcept(rules: IgnoreRules | null, paths: readonly BytePath[]): IgnoreRules | null {
  if (rules === null || paths.length === 0) return rules;
  const excepted = new Set<string>();
  for (const path of paths) {
    for (let above = path; above.length > 0; above = parentPath(above)) excepted.add(keyOf(above));
  }
  const ignores = (path: BytePath, isFolder: boolean): boolean => {
    if (rules.ignores(path, isFolder)) return true;
    // A scan does not ask the rules about what is in an ignored folder. It enters this one, so everything else in it is ignored.
    const folder = parentPath(path);
    return folder.length > 0 && excepted.has(keyOf(folder)) && ignores(folder, true);
  };
  return { ignores: (path, isFolder) => !excepted.has(keyOf(path)) && ignores(path, isFolder) };
}
