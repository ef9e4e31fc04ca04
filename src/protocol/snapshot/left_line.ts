import { isJvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { checkRefName, isAccepted } from "../../model/names.ts";
import { nowIso } from "../../platform/clock.ts";
import { isUnreadableRecord } from "../../repo/control_errors.ts";
import { requireKeepers } from "../../repo/kept_folders.ts";
import { type KeptLine, refOfLeftLine } from "../../repo/recorded_keepers.ts";
import type { Store } from "../../repo/store.ts";

/** A line that a worktree leaves by `snapshot --branch`. */
export interface LeftLine {
  /** The name of the worktree. */
  readonly worktree: string;
  /** The newest snapshot of the line. */
  readonly newest: string;
}

/** The name of the ref that keeps this line, or will keep it. Chosen before a snapshot is begun, so that no bad name is found at its end. */
export function refForLine(store: Store, line: LeftLine): string {
  requireKeepers(store.layout, `keep the old line of worktree "${line.worktree}"`);
  for (const names = namesFor(line);;) {
    const name = names.next().value;
    if (useOf(store, name, line.newest) !== "other") return name;
  }
}

/**
 * Keeps this line by a ref, and returns its name: `wanted`, unless that is no good name, or another process has just made a ref of that name.
 * Repeatable.
 */
export function keepLine(store: Store, line: LeftLine, wanted: string, actor: string): string {
  for (const names = namesFor(line, wanted);;) {
    const name = names.next().value;
    const use = useOf(store, name, line.newest);
    if (use === "this line" || use === "none" && makeRef(store, line, name, actor)) return name;
  }
}

function makeRef({ refs }: Store, { newest, worktree }: LeftLine, ref_name: string, actor: string): boolean {
  try {
    refs.create(refOfLeftLine({ ref_name, snapshot_id: newest }, worktree, { at: nowIso(), by: actor }));
    return true;
  } catch (error) {
    if (isJvsError(error, "E_ALREADY_EXISTS")) return false;
    throw error;
  }
}

/** Names for the ref, without end. Of some names of worktrees none can be made: one would be too long, or look like a snapshot id. */
function* namesFor({ newest, worktree }: LeftLine, wanted?: string): Generator<string, never> {
  const isGood = (name: string) => isAccepted(name, checkRefName);
  if (wanted !== undefined && isGood(wanted)) yield wanted;
  for (let n = 1;; n++) {
    const end = n === 1 ? shortId(newest) : `${shortId(newest)}-${n}`;
    const name = `${worktree}-${end}`;
    yield isGood(name) ? name : `line-${end}`;
  }
}

/** Whether this ref keeps this line. */
export function isKeptBy(store: Store, { ref_name, snapshot_id }: KeptLine): boolean {
  return useOf(store, ref_name, snapshot_id) === "this line";
}

/** What a ref of this name is for. A ref of the newest snapshot that does not keep what is before it is another one. */
function useOf({ refs }: Store, name: string, newest: string): "none" | "this line" | "other" {
  try {
    const ref = refs.find(name);
    if (ref === undefined) return "none";
    return ref.keeps_line && ref.snapshot_id === newest ? "this line" : "other";
  } catch (error) {
    if (isUnreadableRecord(error)) return "other";
    throw error;
  }
}
