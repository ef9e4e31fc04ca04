import { KnownChildren, type KnownTree } from "./known_tree.ts";
import type { NameRange, NameStack } from "./name_stack.ts";
import { NONE } from "./table.ts";

/** The names of a folder in their order, one after the other. */
export interface FolderNames {
  /** Whether there are no more names. */
  readonly isDone: boolean;
  /** The name whose turn it is: a view that must not be kept. */
  current(): Uint8Array;
  /** Its index in the known tree, or NONE. Asked once for each name. */
  known(): number;
  /** Goes on to the next name. */
  next(): void;
  /** Ends. */
  close(): void;
}

/** Names that were listed; they are on top of a stack. */
export class ListedNames implements FolderNames {
  private at: number;
  private readonly children: KnownChildren | undefined;

  /** `known` is the folder in the known tree, or NONE. */
  constructor(
    private readonly stack: NameStack,
    private readonly range: NameRange,
    tree: KnownTree | undefined,
    known: number,
  ) {
    this.at = range.from;
    this.children = tree === undefined || known === NONE ? undefined : new KnownChildren(tree, known);
  }

  get isDone(): boolean {
    return this.at >= this.range.to;
  }

  current(): Uint8Array {
    return this.stack.name(this.at);
  }

  known(): number {
    return this.children?.find(this.stack.name(this.at)) ?? NONE;
  }

  next(): void {
    this.at++;
  }

  close(): void {
    this.stack.pop(this.range);
  }
}

/** The names that a known tree lists for a folder that did not change. */
export class KnownNames implements FolderNames {
  private at: number;

  constructor(private readonly tree: KnownTree, folder: number) {
    this.at = tree.firstIn(folder);
  }

  get isDone(): boolean {
    return this.at === NONE;
  }

  current(): Uint8Array {
    return this.tree.table.name(this.at);
  }

  known(): number {
    return this.at;
  }

  next(): void {
    this.at = this.tree.after(this.at);
  }

  close(): void {}
}
