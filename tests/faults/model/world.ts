import { foldersAbove, ignores, isSame, only, type Tree } from "./tree.ts";

/* What must be: the whole state of a repository, in memory, and the rules of SPEC 6 to 10 by which it changes. */

/** A snapshot. */
export interface Snapshot {
  readonly id: string;
  readonly kind: "manual" | "autosave";
  readonly parent: string | null;
  /** The id of the worktree that was saved. */
  readonly worktree: string;
  readonly tags: readonly string[];
  readonly tree: Tree;
  isPruned: boolean;
}

/** A lease that a session has. */
export interface Held {
  readonly session: string;
  /** It ran out so long ago that another session may take it. */
  readonly isOver: boolean;
}

/** A worktree. */
export interface Worktree {
  /** Empty for a new one whose record was not seen yet. */
  id: string;
  path: string;
  tree: Tree;
  base: string | null;
  head: string | null;
  latest: string | null;
  lease: Held | null;
  /** Its fencing token is at least this. */
  token: number;
}

/** A ref or a pin: what it names, and whether it keeps all that comes before. */
export interface Keeper {
  readonly snapshot: string;
  readonly keepsLine: boolean;
}

/** The settings that the model knows. */
export interface Settings {
  unsaved: "save" | "refuse" | "discard";
  locking: "optional" | "required";
  keepLast: number;
  keepAutosaveDays: number;
}

/** How a policy of gc differs from the settings. */
export interface Policy {
  readonly prunesAncestors: boolean;
  readonly keepLast?: number;
  readonly keepAutosaveDays?: number;
}

/** A plan of gc that was looked at and not carried out. */
export interface Plan {
  readonly id: string;
  readonly policy: Policy;
  /** What its policy and the settings said together. */
  readonly rules: string;
  readonly pruned: readonly string[];
  readonly deleted: readonly string[];
}

/** A repository as it must be. */
export class World {
  snapshots = new Map<string, Snapshot>();
  worktrees = new Map<string, Worktree>();
  refs = new Map<string, Keeper>();
  pins: Keeper[] = [];
  /** The newest, until something was collected. */
  plan: Plan | undefined;
  /** How many records of each operation the audit trail has. */
  records = new Map<string, number>();
  settings: Settings = { unsaved: "save", locking: "optional", keepLast: 0, keepAutosaveDays: 30 };

  /** Another one, which can change by itself. */
  copy(): World {
    const copy = new World();
    copy.snapshots = new Map([...this.snapshots].map(([id, each]) => [id, { ...each }]));
    copy.worktrees = new Map([...this.worktrees].map(([name, each]) => [name, { ...each }]));
    copy.refs = new Map(this.refs);
    copy.pins = [...this.pins];
    copy.plan = this.plan;
    copy.records = new Map(this.records);
    copy.settings = { ...this.settings };
    return copy;
  }

  /** A change was made: it leaves one record. */
  note(operation: string): void {
    this.records.set(operation, (this.records.get(operation) ?? 0) + 1);
  }

  worktree(name: string): Worktree {
    const found = this.worktrees.get(name);
    if (found === undefined) throw new Error(`the model has no worktree ${name}`);
    return found;
  }

  /** A snapshot's tree; that of null is empty. */
  tree(id: string | null): Tree {
    return id === null ? new Map() : this.snapshots.get(id)?.tree ?? new Map();
  }

  /** Whether it can be restored. */
  isWhole(id: string | undefined): boolean {
    return id !== undefined && this.snapshots.get(id)?.isPruned === false;
  }

  /** A snapshot and all that come before it, the newest first. */
  line(id: string | null): string[] {
    const line: string[] = [];
    for (let at = id; at !== null; at = this.snapshots.get(at)?.parent ?? null) line.push(at);
    return line;
  }

  /** What a policy that prunes leaves of a line that was promised: what was saved in the same worktree, and what that began with. SPEC 9. */
  private ownLine(id: string): string[] {
    const line = this.line(id);
    const worktreeOf = (each: string) => this.snapshots.get(each)?.worktree;
    const end = line.findIndex((each) => worktreeOf(each) !== worktreeOf(id));
    return end === -1 ? line : line.slice(0, end + 1);
  }

  /** Which snapshot a word means: its id, the short one, `HEAD`, `HEAD~n`, `LATEST`, a ref, `<worktree>@`. SPEC 7. */
  resolve(word: string, from?: string): string | undefined {
    const here = from === undefined ? undefined : this.worktrees.get(from);
    const back = /^HEAD(?:~(\d+))?$/.exec(word);
    const found = this.snapshots.has(word)
      ? word
      : back !== null
      ? this.line(here?.head ?? null)[Number(back[1] ?? 0)]
      : word === "LATEST"
      ? here?.latest
      : this.refs.get(word)?.snapshot ??
        (word.endsWith("@") ? this.worktrees.get(word.slice(0, -1))?.head : undefined) ??
        [...this.snapshots.keys()].find((id) => id.endsWith(`-${word}`));
    return found ?? undefined;
  }

  /** Which snapshots garbage collection takes, and what becomes of them. SPEC 9. */
  collected(policy: Policy): { pruned: string[]; deleted: string[] } {
    const kept = this.keptBy(policy);
    const gone = [...this.snapshots.keys()].filter((id) => !kept.has(id)).sort();
    const leadsOn = this.leadingTo(kept);
    return {
      pruned: gone.filter((id) => leadsOn.has(id) && this.isWhole(id)),
      deleted: gone.filter((id) => !leadsOn.has(id)),
    };
  }

  /** What a plan takes by now: what is not in it stays, and what that descends from is pruned. */
  collectedBy({ deleted, pruned }: Plan): { pruned: string[]; deleted: string[] } {
    const planned = new Set([...deleted, ...pruned]);
    const leadsOn = this.leadingTo([...this.snapshots.keys()].filter((id) => !planned.has(id)));
    const isGoing = (id: string) => deleted.includes(id) && this.snapshots.has(id) && !leadsOn.has(id);
    return {
      pruned: [...planned].filter((id) => this.isWhole(id) && !isGoing(id)).sort(),
      deleted: [...planned].filter(isGoing).sort(),
    };
  }

  /** What a policy and the settings say together. */
  rulesOf({ prunesAncestors, keepAutosaveDays, keepLast }: Policy): string {
    const { settings } = this;
    return `${prunesAncestors} ${keepAutosaveDays ?? settings.keepAutosaveDays} ${
      keepLast ?? settings.keepLast
    }`;
  }

  /** What these descend from. */
  private leadingTo(ids: Iterable<string>): Set<string> {
    return new Set([...ids].flatMap((id) => this.line(id).slice(1)));
  }

  /** What something keeps under a policy. */
  keptBy(policy: Policy): Set<string> {
    const { keepAutosaveDays = this.settings.keepAutosaveDays, keepLast = this.settings.keepLast } = policy;
    const kept = new Set<string>();
    const keep = (id: string, isLine: boolean) => {
      for (const each of isLine ? this.line(id) : [id]) kept.add(each);
    };
    for (const { head, latest } of this.worktrees.values()) {
      for (const id of [head, latest]) if (id !== null) keep(id, !policy.prunesAncestors);
    }
    for (const { keepsLine, snapshot } of this.refs.values()) {
      keep(snapshot, keepsLine && !policy.prunesAncestors);
    }
    for (const { keepsLine, snapshot } of this.pins) {
      if (keepsLine && policy.prunesAncestors) { for (const id of this.ownLine(snapshot)) kept.add(id); }
      else keep(snapshot, keepsLine);
    }
    const newestFirst = [...this.snapshots.values()].filter(({ isPruned }) => !isPruned)
      .sort((a, b) => a.id < b.id ? 1 : -1);
    for (const each of newestFirst) if (each.kind === "autosave" && keepAutosaveDays > 0) kept.add(each.id);
    const manual = newestFirst.filter(({ kind }) => kind === "manual");
    const ofEach = Map.groupBy(manual, ({ worktree }) => worktree);
    for (const { id: worktree } of this.worktrees.values()) {
      for (const { id } of ofEach.get(worktree)?.slice(0, keepLast) ?? []) kept.add(id);
    }
    return kept;
  }
}

/** What a snapshot of a tree holds. */
export function saved(tree: Tree): Tree {
  return only(tree, (path) => !ignores(tree, path));
}

/** What of a worktree counts as work, beside a snapshot: an ignored file only if the snapshot has one there. */
export function work(now: Tree, head: Tree): Tree {
  return only(now, (path) => !ignores(now, path) || head.has(path));
}

/** Whether a path is one of these or below one; without paths all are. */
export function isBelow(path: string, paths: readonly string[]): boolean {
  return paths.length === 0 || paths.some((each) => path === each || path.startsWith(`${each}/`));
}

/** The worktree after a restore: what the snapshot has, and what is ignored and not in its way. SPEC 7. */
export function restored(now: Tree, then: Tree, paths: readonly string[]): Tree {
  const after = new Map([...now].filter(([path]) => !isBelow(path, paths)));
  for (const [path, entry] of then) if (isBelow(path, paths)) after.set(path, entry);
  for (const [path, entry] of now) {
    if (after.has(path) || !ignores(now, path) && !ignores(then, path)) continue;
    after.set(path, entry);
    for (const above of foldersAbove(path)) if (!after.has(above)) after.set(above, now.get(above) ?? entry);
  }
  return after;
}

/** The ignored paths that a restore would change: they are saved, too. */
export function ignoredLosses(now: Tree, then: Tree, paths: readonly string[]): string[] {
  return [...now.keys()].filter((path) =>
    ignores(now, path) && isBelow(path, paths) && then.has(path) &&
    now.get(path)?.what !== then.get(path)?.what
  );
}

/** What a restore saves first; undefined if there is no unsaved work. */
export function unsavedBefore(
  now: Tree,
  { head, then, paths }: { head: Tree; then: Tree; paths: readonly string[] },
): Tree | undefined {
  const losses = ignoredLosses(now, then, paths);
  if (isSame(work(now, head), head) && losses.every((path) => head.has(path))) return undefined;
  return only(now, (path) => !ignores(now, path) || losses.includes(path));
}
