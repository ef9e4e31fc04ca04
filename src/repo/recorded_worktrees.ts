import { linesWith } from "./audit_mentions.ts";
import type { Layout } from "./layout.ts";

/** A worktree that was made and not removed, as the audit trail knows it. */
export interface RecordedWorktree {
  readonly name: string;
  /** Null for the first one: its record in the trail does not say it. */
  readonly worktreeId: string | null;
  /** Whether it is the first one of the repository, by whatever name. */
  readonly isFirst: boolean;
  /** Whether the trail was repaired since: that may have cut off the record of its removal. */
  readonly isBeforeRepair: boolean;
}

const TELLS = /"operation": ?"(?:init|adopt|audit repair|worktree [a-z]+)"/;

/**
 * The worktrees that there must be, as all records of the log say, and the one in HEAD. Nothing is proved. Each is known by its id: the record
 * of another one that had the name before may have come from a copy, and be renamed or removed. One ends when it is removed, or when another
 * is made in its name: so it is made again where its record is lost.
 */
export function recordedWorktrees(layout: Layout): RecordedWorktree[] {
  return [...trailOf(layout).worktrees.values()];
}

/** Worktrees that lost their record, and in whose name another one was made since: nobody gave up what was saved in them. */
export interface ReplacedWorktrees {
  /** The name of each by its id. */
  readonly names: ReadonlyMap<string, string>;
  /** The name of the first one, if it is among them and its id is not known: then it made what `told` has not. */
  readonly first: string | undefined;
  /** All ids of worktrees that the trail tells. */
  readonly told: ReadonlySet<string>;
}

/** The worktrees that were replaced by another one of the name, which was not removed since. */
export function replacedWorktrees(layout: Layout): ReplacedWorktrees {
  const { replaced, told } = trailOf(layout);
  const names = new Map<string, string>();
  for (const { name, worktreeId } of replaced) if (worktreeId !== null) names.set(worktreeId, name);
  return { names, first: replaced.find(({ worktreeId }) => worktreeId === null)?.name, told };
}

interface Trail {
  readonly worktrees: Map<string, RecordedWorktree>;
  replaced: RecordedWorktree[];
  readonly told: Set<string>;
}

function trailOf(layout: Layout): Trail {
  const trail: Trail = { worktrees: new Map(), replaced: [], told: new Set() };
  for (const text of linesWith(layout, TELLS)) note(trail, text);
  return trail;
}

/** Notes what the record in a line says, or that in HEAD, whose record is `next`. */
function note(trail: Trail, text: string): void {
  const { worktrees } = trail;
  try {
    const parsed = JSON.parse(text);
    const { operation, details: { name, old_name, worktree, worktree_id: worktreeId = null } } =
      parsed.next ?? parsed;
    if (typeof worktreeId === "string") trail.told.add(worktreeId);
    /** Takes out those of a name that may be meant: with an id the one that has it, or whose id is not known. */
    const take = (of: string, id: string | null = null) => {
      const meant = [...worktrees].filter(([, each]) =>
        each.name === of && (id === null || each.worktreeId === null || each.worktreeId === id)
      );
      for (const [key] of meant) worktrees.delete(key);
      return meant.map(([, each]) => each);
    };
    const add = ({ isFirst, ...each }: Omit<RecordedWorktree, "isBeforeRepair">) => {
      const key = each.worktreeId ?? `name ${each.name}`;
      const wasFirst = worktrees.get(key)?.isFirst === true; // the last record is in HEAD once more
      worktrees.set(key, { ...each, isFirst: isFirst || wasFirst, isBeforeRepair: false });
    };
    if (operation === "audit repair") {
      for (const [key, each] of worktrees) worktrees.set(key, { ...each, isBeforeRepair: true });
    } else if (operation === "worktree remove") {
      take(worktree, worktreeId);
      trail.replaced = trail.replaced.filter((each) => each.name !== worktree);
    } else if (operation === "worktree rename") {
      add({ name, worktreeId, isFirst: take(old_name, worktreeId).some(({ isFirst }) => isFirst) });
    } else {
      const isSame = (each: RecordedWorktree) => each.worktreeId === worktreeId; // the last record is in HEAD once more
      trail.replaced.push(...take(worktree).filter((each) => !isSame(each)));
      add({ name: worktree, worktreeId, isFirst: operation === "init" || operation === "adopt" });
    }
  } catch {
    // torn or damaged: `Chain` reports it
  }
}
