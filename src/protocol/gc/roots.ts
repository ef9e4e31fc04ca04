import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { Store } from "../../repo/store.ts";

/** Why a snapshot is kept, as plans count it. */
export type KeptBy = "lineage" | "ref" | "pin" | "other" | "retention";

/** A record by which a snapshot keeps its content. */
export interface Root {
  readonly id: string;
  readonly by: KeptBy;
  /** In words: `head of worktree main`. */
  readonly why: string;
  /** Whether its ancestors keep theirs too, and why: `ancestor of …`. A policy may take it from them. */
  readonly line?: string;
}

/**
 * All records that keep snapshots, as they are now. A record that cannot be read is an error: what it keeps must not look as if
 * nothing kept it.
 */
export function rootsOf(store: Store, now: number): Root[] {
  return [...ofWorktrees(store), ...ofRefs(store), ...ofPins(store, now), ...ofChanges(store)];
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
  const holding = pins.list().filter(({ expires_at }) => expires_at === null || Date.parse(expires_at) > now);
  return holding.map(({ keeps_line, reason, snapshot_id: id }) => {
    const why = reason === "" ? "pin" : `pin: ${reason}`;
    return { id, by: "pin", why, ...(keeps_line ? { line: `before a pinned one: ${reason}` } : {}) };
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
      : [{ id: claims.snapshot_id, by: "other", why: `a "${operation}" that is under way` }]
  );
}
