import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import { requireKeepers } from "../../repo/kept_folders.ts";
import { hasFirst, lostRecords } from "../../repo/lost_records.ts";
import { isExpired } from "../../repo/pins.ts";
import type { Store } from "../../repo/store.ts";
import { unknownFolders } from "./unknown_folders.ts";

/** Why a snapshot is kept, as plans count it. */
export type KeptBy = "lineage" | "ref" | "pin" | "other" | "retention";

/** What a pin says is repeated for each snapshot that it keeps. */
const LONGEST_REASON = 200;

/** A record by which a snapshot keeps its content. */
export interface Root {
  readonly id: string;
  readonly by: KeptBy;
  /** In words: `head of worktree main`. */
  readonly why: string;
  /** Whether its ancestors keep theirs too, and why: `before the …`. A policy may take it from them. */
  readonly line?: string;
  /** No policy may: it was promised until a day. */
  readonly isPromised?: boolean;
  /** It is being made, so that it may not be known yet. */
  readonly mayBeNew?: boolean;
}

/** A worktree whose line may go on where its record ends: the move of its head may have been lost. SPEC 2. */
export interface OpenEnd {
  readonly worktreeId: string;
  readonly name: string;
  /** Null before its first snapshot. */
  readonly head: string | null;
}

/**
 * All records that keep snapshots, as they are now. A record that cannot be read is an error: what it keeps must not look as if
 * nothing kept it.
 */
export function rootsOf(store: Store, now: number): Root[] {
  requireWorktrees(store);
  requireKeepers(store.layout, "tell what may be collected");
  return [...ofWorktrees(store), ...ofRefs(store), ...ofPins(store, now), ...ofChanges(store)];
}

/** The ends of the lines of worktrees with no change under way. A record that is older than the line may name an earlier one, detached too. */
export function openEndsOf({ intents, worktrees }: Store): OpenEnd[] {
  const busy = new Set(intents.list().map(({ worktree_id }) => worktree_id));
  return worktrees.list().filter((each) => !busy.has(each.worktree_id))
    .map(({ latest_snapshot_id: head, name, worktree_id: worktreeId }) => ({ worktreeId, name, head }));
}

/** A worktree whose record is missing protects what nobody knows. */
function requireWorktrees(store: Store): void {
  const [lost] = [...lostRecords(store).lost, ...unknownFolders(store)];
  if (lost === undefined && hasFirst(store)) return;
  const name = lost ?? "main";
  const { path } = store.layout.worktreeConfig(name);
  throw new JvsError(
    "E_DESCRIPTOR_CORRUPT",
    `Cannot tell what may be collected: the record of worktree ${quoted(name)}, "${path}", is missing`,
    {
      hint:
        "Bring it back from a copy of the repository; `jvs doctor` says more. A folder of your own does not belong beside the " +
        `worktrees: move it away.`,
      details: { worktree: name, path },
    },
  );
}

function ofWorktrees({ worktrees }: Store): Root[] {
  return worktrees.list().flatMap(({ name, head_snapshot_id: head, latest_snapshot_id: latest }) => [
    ...(head === null ? [] : [lineage(head, `head of worktree ${name}`)]),
    ...(latest === null ? [] : [lineage(latest, `newest of worktree ${name}`)]),
  ]);
}

function lineage(id: string, why: string): Root {
  return { id, by: "lineage", why, line: `before the ${why}` };
}

function ofRefs({ refs }: Store): Root[] {
  return refs.list().map(({ keeps_line, ref_name, snapshot_id: id }) => ({
    id,
    by: "ref",
    why: `ref ${ref_name}`,
    ...(keeps_line ? { line: `before the ref ${ref_name}` } : {}),
  }));
}

function ofPins({ pins }: Store, now: number): Root[] {
  const holding = pins.list().filter((pin) => !isExpired(pin, now));
  return holding.map(({ keeps_line, reason, snapshot_id: id }) => {
    const about = reason.slice(0, LONGEST_REASON);
    const why = reason === "" ? "pin" : `pin: ${about}`;
    return {
      id,
      by: "pin",
      why,
      ...(keeps_line ? { line: `before a pinned one: ${about}`, isPromised: true } : {}),
    };
  });
}

/** What changes under way or interrupted ones use. */
function ofChanges({ intents }: Store): Root[] {
  const { damaged: [damaged], intents: open } = intents.read();
  if (damaged !== undefined) {
    throw new JvsError(
      "E_DESCRIPTOR_CORRUPT",
      `Cannot tell what may be collected: the record of a change under way, ${
        quoted(damaged.path)
      }, cannot be read`,
      { hint: "`jvs doctor` says what is wrong with it.", cause: damaged.error },
    );
  }
  return open.flatMap(({ claims, operation }) =>
    claims.snapshot_id === undefined
      ? []
      : [{ id: claims.snapshot_id, by: "other", why: `a "${operation}" that is under way`, mayBeNew: true }]
  );
}
