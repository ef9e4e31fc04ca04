import { TABLE_COLUMNS, type TableColumns } from "./snapshot_columns.ts";
import {
  cutNote,
  flagsOf,
  idNumbers,
  LOST,
  NONE,
  type Row,
  type Rows,
  SnapshotTable,
  withMarker,
} from "./snapshot_table.ts";

/** A table without rows. */
export const EMPTY_TABLE = new SnapshotTable({
  time: new Float64Array(),
  digits: new Uint32Array(),
  parent: new Int32Array(),
  worktree: new Uint32Array(),
  flags: new Uint8Array(),
  tagRow: new Uint32Array(),
  tag: new Uint32Array(),
  details: () => Promise.resolve({ created: new Float64Array(), noteEnd: new Uint32Array(), notes: "" }),
  words: { worktrees: [], tags: [], lost: [] },
});

/** What changes between two tables. */
export interface TableChange {
  /** The rows that stay, and whether each is pruned. */
  readonly kept: Rows;
  readonly pruned: (row: number) => boolean;
  /** Sorted by id; none of them is kept. */
  readonly added: readonly Row[];
}

/** The table after a change. */
export async function changedTable(
  from: SnapshotTable,
  { kept, pruned, added }: TableChange,
): Promise<SnapshotTable> {
  await from.readDetails();
  const writer = new TableWriter(from, kept.length + added.length);
  const places = added.map(({ id }) => from.place(id));
  let next = 0;
  const addUpTo = (row: number) => {
    while (next < added.length && (places[next] as number) <= row) writer.add(added[next++] as Row);
  };
  for (const row of kept) {
    addUpTo(row);
    writer.keep(row, pruned(row));
  }
  addUpTo(from.count);
  return writer.finish();
}

/** Writes a table row by row, in the order of ids. */
class TableWriter {
  readonly #columns: Pick<TableColumns, keyof typeof TABLE_COLUMNS>;
  readonly #created: Float64Array;
  readonly #noteEnd: Uint32Array;
  readonly #notes: string[] = [];
  readonly #tagRow: number[] = [];
  readonly #tag: number[] = [];
  // The numbers of the earlier table stay, so that its rows can be copied.
  readonly #tagWords: Words;
  readonly #worktrees: Words;
  /** Where each row of the earlier table is now; -1: nowhere. */
  readonly #places: Int32Array;
  /** The parents that are known by their id. */
  readonly #parents: [row: number, id: string][] = [];
  #count = 0;
  #noteLength = 0;
  /** The next tag of the earlier table. */
  #nextTag = 0;

  constructor(private readonly from: SnapshotTable, rows: number) {
    const { words } = from.columns;
    const made = Object.entries(TABLE_COLUMNS).map(([name, Kind]) => [name, new Kind(rows)]);
    this.#columns = Object.fromEntries(made);
    this.#created = new Float64Array(rows);
    this.#noteEnd = new Uint32Array(rows);
    this.#tagWords = new Words(words.tags);
    this.#worktrees = new Words(words.worktrees);
    this.#places = new Int32Array(from.count).fill(-1);
  }

  /** Takes a row of the earlier table. Its parent is a row of that table until `finish`. */
  keep(row: number, pruned: boolean): void {
    const { from } = this;
    const { time, digits, parent, worktree, flags, tag, tagRow } = from.columns;
    this.#places[row] = this.#count;
    const isLost = parent[row] === LOST;
    if (isLost) this.#parents.push([this.#count, from.parentId(row) ?? ""]);
    for (; (tagRow[this.#nextTag] ?? row + 1) <= row; this.#nextTag++) {
      if (tagRow[this.#nextTag] === row) this.#addTag(tag[this.#nextTag] as number);
    }
    this.#put(from.note(row), from.created(row), {
      time: time[row] as number,
      digits: digits[row] as number,
      parent: isLost ? NONE : parent[row] as number,
      worktree: worktree[row] as number,
      flags: withMarker(flags[row] as number, pruned),
    });
  }

  /** Adds a row. */
  add(row: Row): void {
    const { id, said } = row;
    const [time, digits] = idNumbers(id);
    const parent = said?.parent_snapshot_id ?? null;
    if (parent !== null) this.#parents.push([this.#count, parent]);
    for (const tag of said?.tags ?? []) this.#addTag(this.#tagWords.numberOf(tag.toWellFormed()));
    this.#put(cutNote(said?.note ?? ""), said === null ? 0 : Date.parse(said.created_at), {
      time,
      digits,
      parent: NONE,
      worktree: said === null ? 0 : this.#worktrees.numberOf(said.worktree_id),
      flags: flagsOf(row),
    });
  }

  finish(): SnapshotTable {
    const lost: [row: number, parent: string][] = [];
    const details = { created: this.#created, noteEnd: this.#noteEnd, notes: this.#notes.join("") };
    const words = { tags: this.#tagWords.list, worktrees: this.#worktrees.list, lost };
    const { parent } = this.#columns;
    for (let row = 0; row < this.#count; row++) {
      const before = parent[row] as number;
      if (before < 0) continue;
      parent[row] = this.#places[before] as number;
      if (parent[row] === -1) this.#parents.push([row, this.from.id(before)]);
    }
    const table = new SnapshotTable({
      ...this.#columns,
      words,
      tagRow: Uint32Array.from(this.#tagRow),
      tag: Uint32Array.from(this.#tag),
      details: () => Promise.resolve(details),
    });
    for (const [row, id] of this.#parents) {
      const found = table.find(id);
      parent[row] = found === -1 ? LOST : found;
      if (found === -1) lost.push([row, id]);
    }
    return table;
  }

  #addTag(tag: number): void {
    this.#tagRow.push(this.#count);
    this.#tag.push(tag);
  }

  #put(
    note: string,
    created: number,
    numbers: { readonly [N in keyof typeof TABLE_COLUMNS]: number },
  ): void {
    const row = this.#count++;
    const columns = this.#columns;
    columns.time[row] = numbers.time;
    columns.digits[row] = numbers.digits;
    columns.parent[row] = numbers.parent;
    columns.worktree[row] = numbers.worktree;
    columns.flags[row] = numbers.flags;
    this.#created[row] = created;
    this.#notes.push(note);
    this.#noteEnd[row] = this.#noteLength += note.length;
  }
}

/** A list of texts, each once. */
class Words {
  readonly list: string[];
  readonly #numbers: Map<string, number>;

  constructor(known: readonly string[]) {
    this.list = [...known];
    this.#numbers = new Map(known.map((word, number) => [word, number]));
  }

  numberOf(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    this.#numbers.set(word, this.list.length);
    return this.list.push(word) - 1;
  }
}
