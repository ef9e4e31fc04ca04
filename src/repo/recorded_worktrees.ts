import { readTrail, type TrailReader } from "./audit_mentions.ts";
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

/** Worktrees that lost their record, and in whose name another one was made since: nobody gave up what was saved in them. */
export interface ReplacedWorktrees {
  /** The name of each by its id. */
  readonly names: ReadonlyMap<string, string>;
  /** The name of the first one, if it is among them and its id is not known: then it made what `told` has not. */
  readonly first: string | undefined;
  /** All ids of worktrees that the trail tells. */
  readonly told: ReadonlySet<string>;
}

/**
 * The worktrees that there must be, as all records of the log say, and the one in HEAD. Nothing is proved. Each is known by its id: the record
 * of another one that had the name before may have come from a copy, and be renamed or removed. One ends when it is removed, or when another
 * is made in its name: so it is made again where its record is lost.
 */
export function recordedWorktrees(layout: Layout): RecordedWorktree[] {
  return WorktreesTold.by(layout).recorded();
}

/** What the log tells of worktrees. */
export class WorktreesTold implements TrailReader {
  readonly tells = TELLS;
  readonly #worktrees = new Map<string, RecordedWorktree>();
  readonly #told = new Set<string>();
  #replaced: RecordedWorktree[] = [];

  /** What the whole log tells now. */
  static by(layout: Layout): WorktreesTold {
    const told = new WorktreesTold();
    readTrail(layout, [told]);
    return told;
  }

  /** The worktrees that there must be. */
  recorded(): RecordedWorktree[] {
    return [...this.#worktrees.values()];
  }

  /** The worktrees that were replaced by another one of the name, which was not removed since. */
  replaced(): ReplacedWorktrees {
    const names = new Map<string, string>();
    for (const { name, worktreeId } of this.#replaced) if (worktreeId !== null) names.set(worktreeId, name);
    const first = this.#replaced.find(({ worktreeId }) => worktreeId === null)?.name;
    return { names, first, told: this.#told };
  }

  /** Notes what the record in a line says, or that in HEAD, whose record is `next`. */
  note(line: string): void {
    try {
      const parsed = JSON.parse(line);
      this.#note(parsed.next ?? parsed);
    } catch {
      // torn or damaged: `Chain` reports it
    }
  }

  // deno-lint-ignore no-explicit-any -- what is not as it should be ends in the catch above
  #note({ operation, details: { name, old_name, worktree, worktree_id: worktreeId = null } }: any): void {
    if (typeof worktreeId === "string") this.#told.add(worktreeId);
    const worktrees = this.#worktrees;
    if (operation === "audit repair") {
      for (const [key, each] of worktrees) worktrees.set(key, { ...each, isBeforeRepair: true });
    } else if (operation === "worktree remove") {
      this.#take(worktree, worktreeId);
      this.#replaced = this.#replaced.filter((each) => each.name !== worktree);
    } else if (operation === "worktree rename") {
      this.#add({
        name,
        worktreeId,
        isFirst: this.#take(old_name, worktreeId).some(({ isFirst }) => isFirst),
      });
    } else {
      const isSame = (each: RecordedWorktree) => each.worktreeId === worktreeId; // the last record is in HEAD once more
      this.#replaced.push(...this.#take(worktree).filter((each) => !isSame(each)));
      this.#add({ name: worktree, worktreeId, isFirst: operation === "init" || operation === "adopt" });
    }
  }

  /** Takes out those of a name that may be meant: with an id the one that has it, or whose id is not known. */
  #take(of: string, id: string | null = null): RecordedWorktree[] {
    const meant = [...this.#worktrees].filter(([, each]) =>
      each.name === of && (id === null || each.worktreeId === null || each.worktreeId === id)
    );
    for (const [key] of meant) this.#worktrees.delete(key);
    return meant.map(([, each]) => each);
  }

  #add({ isFirst, ...each }: Omit<RecordedWorktree, "isBeforeRepair">): void {
    const key = each.worktreeId ?? `name ${each.name}`;
    const wasFirst = this.#worktrees.get(key)?.isFirst === true; // the last record is in HEAD once more
    this.#worktrees.set(key, { ...each, isFirst: isFirst || wasFirst, isBeforeRepair: false });
  }
}
