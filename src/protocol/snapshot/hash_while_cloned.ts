import { FILE } from "../../model/entry.ts";
import type { CloneResult } from "../../engine/contract.ts";
import type { Folder } from "../../platform/platform.ts";
import { hashBeside, hashFiles, type HashingBeside } from "../../tree/hash.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { isLeftOut } from "../payload/as_allowed.ts";

/**
 * Hashes files of the worktree, where a second look proves afterwards that they did not change since the first one. So it
 * does not matter when in between they are read: workers read them while this thread clones, and this thread helps when it
 * has done that.
 */
export class HashWhileCloned implements AsyncDisposable {
  private hashing: Promise<HashingBeside | undefined> | undefined;

  constructor(
    private readonly context: RepositoryContext,
    private readonly root: Folder,
    private readonly table: TreeTable,
    /** Files to leave out: only their clones tell what was cloned. */
    private readonly besides: ReadonlySet<number> = new Set(),
  ) {}

  /** Begins where that pays, and tells whether it does. */
  async begin(flushEach: boolean): Promise<boolean> {
    this.hashing = hashBeside(this.root, this.table, this.files(this.table), {
      ...this.options,
      flush: flushEach ? "each" : false,
    });
    return await this.hashing !== undefined;
  }

  /** Hashes what the clone has. What cannot be read in the worktree, or changes, stays without a hash. */
  async finish({ table, unreadable }: Pick<CloneResult, "table" | "unreadable">): Promise<void> {
    const hashing = await this.hashing;
    if (hashing === undefined) {
      await hashFiles(this.root, table, this.files(table), { ...this.options, flush: false });
      return;
    }
    await hashing.finish();
    for (const index of unreadable) table.hashed[index] = 0; // a file may be opened to us after the clone left it out
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.hashing)?.[Symbol.asyncDispose]();
  }

  private files(table: TreeTable): Iterable<number> {
    return unhashed(table).filter((index) => !this.besides.has(index));
  }

  private get options() {
    const { reporter, signal, workers } = this.context;
    return { onFailure() {}, reporter, signal, workers };
  }
}

/** The files that have no hash, and are not left out. */
export function* unhashed(table: TreeTable): Generator<number> {
  for (let i = 0; i < table.count; i++) {
    if (table.type[i] === FILE && table.hashed[i] === 0 && !isLeftOut(table, i)) yield i;
  }
}
