import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { requireKeepers } from "../../repo/kept_folders.ts";
import { isAnyFolderLost, lostWorktrees } from "../worktree/lost_worktrees.ts";
import { isExpired } from "../../repo/pins.ts";
import { movedHeads, recordedHeads } from "../../repo/recorded_heads.ts";
import {
  type RecordedWorktree,
  type ReplacedWorktrees,
  WorktreesTold,
} from "../../repo/recorded_worktrees.ts";
import type { SnapshotTable } from "../../repo/snapshot_table.ts";
import type { Store } from "../../repo/store.ts";
import { unknownRows } from "../../repo/unknown_snapshots.ts";

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

/** What records say of what is kept. */
export interface Kept {
  readonly roots: readonly Root[];
  readonly worktrees: readonly WorktreeConfig[];
}

/**
 * All records that keep snapshots, as they are now. A record that cannot be read is an error: what it keeps must not look as if
 * nothing kept it. Changes under way are read first, then worktrees: what ends meanwhile shows in what is read later.
 */
export function keptNow(store: Store, now: number): Kept {
  if (isAnyFolderLost(store)) requireWorktrees(store);
  requireKeepers(store.layout, "tell what may be collected");
  const changes = ofChanges(store);
  const worktrees = store.worktrees.list();
  return {
    worktrees,
    roots: [...worktrees.flatMap(ofWorktree), ...ofRefs(store), ...ofPins(store, now), ...changes],
  };
}

/** What worktrees made and their records do not know is kept like their heads: a move of the head was lost, or the record is of an old copy. */
export function ofUnknown(table: SnapshotTable, worktrees: readonly WorktreeConfig[]): Root[] {
  return unknownRows(table, worktrees).map(({ row, worktree: { name } }) =>
    lineage(table.id(row), `snapshot of worktree ${name} that its record does not know`)
  );
}

/**
 * What worktrees saved that have no record and did not end: the audit trail was repaired, and may have had the removal; or the record is lost,
 * and that of an earlier one of the same name is in its place; or another one was made in that name. Who makes a worktree again gives up
 * nothing; who removes it then does.
 */
export function ofUnended(store: Store, table: SnapshotTable, worktrees: readonly WorktreeConfig[]): Root[] {
  const { words, worktree } = table.columns;
  const recorded = new Set(worktrees.map(({ worktree_id }) => worktree_id));
  if (words.worktrees.every((id) => recorded.has(id))) return [];
  const reasons = reasonsOfUnended(store, words.worktrees.filter((id) => !recorded.has(id)));
  const reasonOf = (row: number) => reasons.get(words.worktrees[worktree[row] ?? -1] ?? "");
  const rows = reasons.size === 0 ? [] : Array.from({ length: table.count }, (_, row) => row);
  return rows.flatMap((row) => {
    const why = table.isManual(row) ? reasonOf(row) : undefined;
    return why === undefined ? [] : [lineage(table.id(row), why)];
  });
}

/** Why what these worktrees saved stays, by their ids; none of a worktree that ended. */
function reasonsOfUnended({ layout }: Store, ids: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const told = WorktreesTold.by(layout);
  for (const { isBeforeRepair, name, worktreeId } of told.recorded()) {
    if (isBeforeRepair && worktreeId !== null) names.set(worktreeId, name);
  }
  const replaced = told.replaced();
  return new Map(ids.flatMap((id): [string, string][] => {
    const name = replaced.names.get(id) ?? (replaced.told.has(id) ? undefined : replaced.first);
    if (name !== undefined) return [[id, `snapshot of an earlier worktree ${name}, whose record was lost`]];
    const before = names.get(id);
    const why = `snapshot of worktree ${before}, whose removal the repaired audit trail does not know`;
    return before === undefined ? [] : [[id, why]];
  }));
}

/**
 * Where worktrees stand or stood as the audit trail tells, where their records do not say so: one is of an older copy, or was lost, and the
 * worktree made again.
 */
export function ofTrail(
  { layout, snapshots, worktrees }: Store,
  { first, names }: ReplacedWorktrees,
): Root[] {
  const moved = movedHeads(layout, worktrees.list()).map(({ id, name }) =>
    lineage(id, `the audit trail says that worktree ${name} stands on it`)
  );
  const { replaced } = first === undefined && names.size === 0 ? { replaced: [] } : recordedHeads(layout);
  const stood = replaced.map(({ id, name }) =>
    lineage(id, `an earlier worktree ${name}, whose record was lost, stood on it`)
  );
  return [...moved, ...stood].filter(({ id }) => snapshots.isKnown(id));
}

/**
 * `E_DESCRIPTOR_CORRUPT` if a worktree has lost its record, as all folders and the whole audit trail tell: what it protects is not known. Asked
 * before a plan takes anything.
 */
export function requireWorktrees(store: Store, told?: readonly RecordedWorktree[]): void {
  const [lost] = lostWorktrees(store, told);
  if (lost === undefined) return;
  const { isTaken, name } = lost;
  const { path } = store.layout.worktreeConfig(name);
  const state = isTaken ? "is that of another one that had or got the name" : "is missing";
  throw new JvsError(
    "E_DESCRIPTOR_CORRUPT",
    `Cannot tell what may be collected: the record of worktree ${quoted(name)}, "${path}", ${state}`,
    {
      hint:
        "Bring it back from a copy of the repository; `jvs doctor` says more. A folder of your own does not belong beside the " +
        `worktrees: move it away.`,
      details: { worktree: name, path },
    },
  );
}

function ofWorktree({ name, head_snapshot_id: head, latest_snapshot_id: latest }: WorktreeConfig): Root[] {
  return [
    ...(head === null ? [] : [lineage(head, `head of worktree ${name}`)]),
    ...(latest === null ? [] : [lineage(latest, `newest of worktree ${name}`)]),
  ];
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
    const about = reason === "" ? "" : `: ${reason.slice(0, LONGEST_REASON)}`;
    return {
      id,
      by: "pin",
      why: `pin${about}`,
      ...(keeps_line ? { line: `before a pinned one${about}`, isPromised: true } : {}),
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
