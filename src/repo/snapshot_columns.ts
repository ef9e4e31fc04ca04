/** The columns that almost every question needs, and the kind of their numbers. */
export const TABLE_COLUMNS = {
  /** The time in the id; rows are in the order of ids. */
  time: Float64Array,
  /** The hex digits of the id. */
  digits: Uint32Array,
  /** The row of the parent, or NONE, or LOST. */
  parent: Int32Array,
  /** A number of `words.worktrees`. */
  worktree: Uint32Array,
  flags: Uint8Array,
} as const;

/** The columns of a table, each as long as its rows; and what rows share. */
export type TableColumns =
  & { readonly [N in keyof typeof TABLE_COLUMNS]: (typeof TABLE_COLUMNS)[N]["prototype"] }
  & {
    /** Each tag of each row: the row, in rising order, and a number of `words.tags`. */
    readonly tagRow: Uint32Array;
    readonly tag: Uint32Array;
    readonly words: TableWords;
    /** What few questions need. `WrongIndex` if it is damaged. */
    readonly details: () => Promise<TableDetails>;
  };

/** What few questions need. */
export interface TableDetails {
  /** `created_at` in milliseconds since 1970. */
  readonly created: Float64Array;
  /** Where the note ends in the text of all notes; it begins where the one before ends. */
  readonly noteEnd: Uint32Array;
  readonly notes: string;
}

/** The texts that rows name by a number. */
export interface TableWords {
  readonly worktrees: readonly string[];
  readonly tags: readonly string[];
  /** The rows whose parent is not in the table, and that parent. */
  readonly lost: readonly (readonly [row: number, parent: string])[];
}

/** The error for an index that is not what the descriptors say: then it is made again from them. */
export class WrongIndex extends Error {}
