import { isSnapshotId } from "../model/ids.ts";
import type { Descriptor } from "../model/records.ts";
import type { TableColumns, TableDetails } from "./snapshot_columns.ts";

const TIME_DIGITS = 13;
const HEX_DIGITS = 8;
/** Longer notes are cut, so that long ones do not slow every reader. */
const LONGEST_NOTE = 500;

/** It has no parent. */
export const NONE = -1;
/** Its parent is not in the table. */
export const LOST = -2;

const KINDS = ["manual", "autosave", "partial"] as const satisfies readonly Descriptor["kind"][];
const KIND_BITS = 3;
const PRUNED = 4;
const UNREAD = 8;
const CUT = 16;

/** What a table knows of a snapshot. */
export interface Row {
  readonly id: string;
  readonly pruned: boolean;
  /** Null when its descriptor is damaged or missing. */
  readonly said: Said | null;
}

/** Rows of a table. Where there may be a hundred thousand, they are no array of objects: that takes longer to make. */
export type Rows = Uint32Array;

type Said = Pick<
  Descriptor,
  "parent_snapshot_id" | "created_at" | "worktree_id" | "kind" | "note" | "tags"
>;

/** What a table needs of a descriptor: a hundred thousand whole ones would take 200 MB. */
export function saidOf({ parent_snapshot_id, created_at, worktree_id, kind, note, tags }: Descriptor): Said {
  return { parent_snapshot_id, created_at, worktree_id, kind, note, tags };
}

/**
 * What snapshots are searched by, as columns of numbers, in the order of their ids: 100,000 take 4 MB and their notes.
 * It has no fact of its own: everything is in the descriptors and in the names of the markers.
 */
export class SnapshotTable {
  readonly count: number;
  #lost: ReadonlyMap<number, string> | undefined;
  #details: TableDetails | undefined;

  constructor(readonly columns: TableColumns) {
    this.count = columns.time.length;
  }

  /** The id of a row. */
  id(row: number): string {
    const { time, digits } = this.columns;
    return idText(at(time, row), at(digits, row));
  }

  /** The row of an id; -1 if there is none. */
  find(id: string): number {
    return isSnapshotId(id) ? this.findNumbers(...idNumbers(id)) : -1;
  }

  /** The same, by the two numbers of an id. Of many in their order each is behind the one before: `guess` saves the search. */
  findNumbers(time: number, digits: number, guess = -1): number {
    const { time: times, digits: all } = this.columns;
    const isAt = (row: number) => times[row] === time && all[row] === digits;
    if (isAt(guess)) return guess;
    const row = this.#firstFrom(time, digits);
    return isAt(row) ? row : -1;
  }

  /** The row before which an id belongs. */
  place(id: string): number {
    return this.#firstFrom(...idNumbers(id));
  }

  #firstFrom(time: number, digits: number): number {
    const { time: times, digits: all } = this.columns;
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = at(times, middle);
      if (there < time || (there === time && at(all, middle) < digits)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The rows whose id, or its hex digits, begin with this, which is in lower case. */
  withPrefix(prefix: string): number[] {
    return [...new Set([...this.#withIdPrefix(prefix), ...this.#withDigits(prefix)])];
  }

  #withIdPrefix(prefix: string): number[] {
    if (!/^(\d{4,13}|\d{13}-[0-9a-f]{0,8})$/.test(prefix)) return [];
    const [time = "", hex = ""] = prefix.split("-");
    const rows: number[] = [];
    const least = this.place(`${time.padEnd(TIME_DIGITS, "0")}-${hex.padEnd(HEX_DIGITS, "0")}`);
    for (let row = least; row < this.count && this.id(row).startsWith(prefix); row++) rows.push(row);
    return rows;
  }

  #withDigits(prefix: string): number[] {
    if (!/^[0-9a-f]{4,8}$/.test(prefix)) return [];
    const { digits } = this.columns;
    const unused = 4 * (HEX_DIGITS - prefix.length);
    const wanted = parseInt(prefix, 16);
    const rows: number[] = [];
    for (let row = 0; row < this.count; row++) if (at(digits, row) >>> unused === wanted) rows.push(row);
    return rows;
  }

  /** Whether only its place in the history was kept. */
  isPruned(row: number): boolean {
    return (at(this.columns.flags, row) & PRUNED) !== 0;
  }

  /** Whether a user saved the whole worktree by it. Nothing is known of one that could not be read. */
  isManual(row: number): boolean {
    return !this.isUnread(row) && (at(this.columns.flags, row) & KIND_BITS) === KINDS.indexOf("manual");
  }

  /** Whether JVS made it by itself to save unsaved work. */
  isAutosave(row: number): boolean {
    return (at(this.columns.flags, row) & KIND_BITS) === KINDS.indexOf("autosave");
  }

  /** Whether its descriptor could not be read, so that nothing else is known of it. */
  isUnread(row: number): boolean {
    return (at(this.columns.flags, row) & UNREAD) !== 0;
  }

  /** Whether there is such a row. */
  hasUnread(): boolean {
    const { flags } = this.columns;
    for (let row = 0; row < this.count; row++) if ((at(flags, row) & UNREAD) !== 0) return true;
    return false;
  }

  /** The rows of snapshots that exist, newest first; at most so many. */
  existing(most = this.count): Rows {
    const rows = new Uint32Array(Math.min(most, this.count));
    let length = 0;
    for (let row = this.count - 1; row >= 0 && length < most; row--) {
      if (!this.isPruned(row)) rows[length++] = row;
    }
    return rows.subarray(0, length);
  }

  /** A row and its ancestors, newest first; not `whole` if the line goes on where the table cannot follow it. */
  line(row: number): { readonly rows: Rows; readonly whole: boolean } {
    const { flags, parent } = this.columns;
    const rows = new Uint32Array(row + 1); // each is before its child
    let length = 0;
    for (let next = row; (at(flags, next) & UNREAD) === 0;) {
      rows[length++] = next;
      const before = at(parent, next);
      if (before < 0 || before >= next) return { rows: rows.subarray(0, length), whole: before === NONE };
      next = before;
    }
    return { rows: rows.subarray(0, length), whole: false };
  }

  /** These rows, and those of the autosaves and partial snapshots of a worktree, newest first. */
  withLeaves(line: Rows, worktreeId: string): Rows {
    const { flags, worktree, words } = this.columns;
    const wanted = words.worktrees.indexOf(worktreeId);
    const rows = new Uint32Array(this.count);
    let [next, length] = [0, 0];
    for (let row = this.count - 1; row >= 0; row--) {
      const isOnLine = line[next] === row;
      if (isOnLine) next++;
      const isLeaf = at(worktree, row) === wanted && (at(flags, row) & KIND_BITS) !== 0;
      if (isOnLine || isLeaf) rows[length++] = row;
    }
    return rows.subarray(0, length);
  }

  /** Reads what the next two methods need. */
  async readDetails(): Promise<void> {
    this.#details ??= await this.columns.details();
  }

  /** When it was made, in milliseconds since 1970. */
  created(row: number): number {
    return at(this.#read().created, row);
  }

  /** The beginning of its note. */
  note(row: number): string {
    const { noteEnd, notes } = this.#read();
    return notes.slice(row === 0 ? 0 : at(noteEnd, row - 1), at(noteEnd, row));
  }

  /** Whether its note goes on behind what `note` gives. */
  isNoteCut(row: number): boolean {
    return (at(this.columns.flags, row) & CUT) !== 0;
  }

  #read(): TableDetails {
    if (this.#details === undefined) throw new Error("the details of the table were not read");
    return this.#details;
  }

  /** The rows with a tag that fits. */
  withTag(fits: (tag: string) => boolean): Set<number> {
    const { tag, tagRow, words } = this.columns;
    const fitting = Uint8Array.from(words.tags, (each) => Number(fits(each)));
    const rows = new Set<number>();
    for (let i = 0; i < tag.length; i++) if (at(fitting, at(tag, i)) !== 0) rows.add(at(tagRow, i));
    return rows;
  }

  /** Its tags. */
  tags(row: number): string[] {
    const { tag, tagRow, words } = this.columns;
    let [low, high] = [0, tagRow.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at(tagRow, middle) < row) low = middle + 1;
      else high = middle;
    }
    const tags: string[] = [];
    for (let i = low; tagRow[i] === row; i++) tags.push(words.tags[at(tag, i)] ?? "");
    return tags;
  }

  /** The id of its parent; null if it has none. */
  parentId(row: number): string | null {
    const parent = at(this.columns.parent, row);
    if (parent >= 0) return this.id(parent);
    this.#lost ??= new Map(this.columns.words.lost);
    return parent === NONE ? null : this.#lost.get(row) ?? null;
  }

  /** Whether a descriptor says what its row says, as far as answers used it. */
  agrees(row: number, descriptor: Descriptor): boolean {
    const { columns: { flags, worktree, words } } = this;
    const said = flagsOf({ id: "", pruned: this.isPruned(row), said: descriptor });
    return at(flags, row) === said && this.parentId(row) === descriptor.parent_snapshot_id &&
      words.worktrees[at(worktree, row)] === descriptor.worktree_id &&
      JSON.stringify(this.tags(row)) === JSON.stringify(descriptor.tags.map((tag) => tag.toWellFormed())) &&
      (this.#details === undefined || (this.note(row) === cutNote(descriptor.note) &&
        Object.is(this.created(row), Date.parse(descriptor.created_at))));
  }
}

/** The two numbers of an id: its time and its hex digits. */
export function idNumbers(id: string): [time: number, digits: number] {
  return [Number(id.slice(0, TIME_DIGITS)), parseInt(id.slice(TIME_DIGITS + 1), 16)];
}

/** The id of two numbers. */
export function idText(time: number, digits: number): string {
  return `${String(time).padStart(TIME_DIGITS, "0")}-${digits.toString(16).padStart(HEX_DIGITS, "0")}`;
}

/** What a table keeps of a note. */
export function cutNote(note: string): string {
  return note.slice(0, LONGEST_NOTE).toWellFormed();
}

/** What a table keeps of a snapshot in one number. */
export function flagsOf({ pruned, said }: Row): number {
  const marker = pruned ? PRUNED : 0;
  if (said === null) return marker | UNREAD;
  return marker | KINDS.indexOf(said.kind) | (said.note.length > LONGEST_NOTE ? CUT : 0);
}

/** The same flags with another marker. */
export function withMarker(flags: number, pruned: boolean): number {
  return (flags & ~PRUNED) | (pruned ? PRUNED : 0);
}

function at(column: { readonly [index: number]: number }, index: number): number {
  return column[index] as number;
}
