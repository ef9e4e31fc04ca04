import { type TreeTable } from "./table.ts";
import { at, larger } from "./columns.ts";

const SLASH = 0x2f;

/**
 * Gives the full paths of the entries of a table as views of one buffer. In the order of the table, each folder name is
 * written once, at any depth. Another order works too, but is slower.
 */
export class PathWalker {
  private buffer = new Uint8Array(4096);
  /** The folders from the root to the one whose path is at the beginning of the buffer. */
  private readonly chain: number[] = [0];
  /** The length of the path of each folder in the chain. */
  private readonly ends: number[] = [0];
  private readonly levels = new Map<number, number>([[0, 0]]);

  constructor(private readonly table: TreeTable) {}

  /** The path of an entry: a view that is valid until the next call. */
  path(index: number): Uint8Array {
    if (index === 0) return this.buffer.subarray(0, 0);
    return this.child(at(this.table.parent, index), this.table.name(index));
  }

  /** The path of `name` in a folder of the table: a view that is valid until the next call. */
  child(folder: number, name: Uint8Array): Uint8Array {
    this.moveTo(folder);
    const end = this.append(this.ends[this.ends.length - 1] as number, name);
    return this.buffer.subarray(0, end); // after `append`, which may replace the buffer
  }

  /** Makes the chain end with this folder. */
  private moveTo(folder: number): void {
    if (this.chain[this.chain.length - 1] === folder) return;
    const missing: number[] = [];
    let known = folder;
    while (!this.levels.has(known)) {
      missing.push(known);
      known = at(this.table.parent, known);
    }
    const level = this.levels.get(known) as number;
    while (this.chain.length > level + 1) {
      this.levels.delete(this.chain.pop() as number);
      this.ends.pop();
    }
    for (let next = missing.pop(); next !== undefined; next = missing.pop()) {
      const end = this.append(this.ends[this.ends.length - 1] as number, this.table.name(next));
      this.levels.set(next, this.chain.push(next) - 1);
      this.ends.push(end);
    }
  }

  /** Writes a name behind the path of a folder and returns the new end. */
  private append(end: number, name: Uint8Array): number {
    const length = end + name.length + 1;
    if (length > this.buffer.length) this.buffer = larger(this.buffer, length);
    let start = end;
    if (start > 0) this.buffer[start++] = SLASH;
    this.buffer.set(name, start);
    return start + name.length;
  }
}
