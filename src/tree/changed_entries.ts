import { compareBytes } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import type { Folder } from "../platform/platform.ts";
import { type BlockEntry, BlockReader } from "./block_entries.ts";
import { readIndex } from "./manifest.ts";
import type { BlockPlace, ManifestIndex } from "./manifest_index.ts";
import { PackReader } from "./manifest_packs.ts";

/** An entry that is not the same in two manifests. */
export interface ChangedEntry {
  /** Valid until the next one is read. */
  readonly path: Uint8Array;
  /** Whether the earlier manifest has this path, and whether the later one has. */
  readonly before: boolean;
  readonly after: boolean;
}

/** So many indexes are kept: a snapshot, its parent, and the leaves between them. */
const MOST_KEPT = 4;

/** Compares manifests by the places of their blocks, and reads only the blocks that they do not share. */
export class ManifestComparer {
  private readonly indexes = new Map<string, ManifestIndex>();

  /** The caller keeps the folder of manifests open. */
  constructor(private readonly folder: Folder) {}

  /** The index of a snapshot. `Damage` or a `SystemError` if it cannot be read, here and below. */
  async index(id: string): Promise<ManifestIndex> {
    const index = this.indexes.get(id) ?? await readIndex(this.folder, id);
    this.indexes.delete(id);
    this.indexes.set(id, index);
    for (const oldest of this.indexes.keys()) if (this.indexes.size > MOST_KEPT) this.indexes.delete(oldest);
    return index;
  }

  /** What a manifest has otherwise than an earlier one; all of its entries if there is none. In the order of paths. */
  async compare(beforeId: string | undefined, afterId: string): Promise<Comparison> {
    const after = await this.index(afterId);
    const before = beforeId === undefined ? undefined : await this.index(beforeId);
    return new Comparison(this.folder, before?.blocks ?? [], after.blocks);
  }
}

/** Two manifests beside each other, for `using`. */
export class Comparison implements Disposable {
  private readonly packs: PackReader;
  private readonly shared: BlockPlace[] = [];
  private readonly before: BlockPlace[];
  private readonly after: BlockPlace[] = [];

  constructor(folder: Folder, before: readonly BlockPlace[], after: readonly BlockPlace[]) {
    this.packs = new PackReader(folder);
    const places = new Map(before.map((place) => [keyOf(place), place]));
    for (const place of after) (places.delete(keyOf(place)) ? this.shared : this.after).push(place);
    this.before = [...places.values()];
  }

  /** What differs. */
  *changes(): Generator<ChangedEntry> {
    for (const [old, now] of this.pairs()) {
      const path = now?.path ?? old?.path;
      if (path === undefined || isSame(old, now)) continue;
      yield { path, before: old !== undefined, after: now !== undefined };
    }
  }

  /** The paths of some files that are the same in both, always the same ones. */
  *samples(most: number): Generator<Uint8Array> {
    const { shared } = this;
    const count = Math.min(most, shared.length);
    let found = 0;
    for (let k = 0; k < count; k++) {
      const place = shared[Math.floor((k + 0.5) * shared.length / count)] as BlockPlace;
      for (const { path, type } of this.entries([place])) {
        if (type !== FILE) continue;
        found++;
        yield path;
        break;
      }
    }
    if (found > 0) return;
    for (const [old, now] of this.pairs()) {
      if (now?.type !== FILE || !isSame(old, now)) continue;
      yield now.path;
      if (++found === most) return;
    }
  }

  /** The entries of blocks that are not shared, those with the same path together. */
  private *pairs(): Generator<readonly [old: BlockEntry | undefined, now: BlockEntry | undefined]> {
    const [before, after] = [this.entries(this.before), this.entries(this.after)];
    let [old, now] = [next(before), next(after)];
    while (old !== undefined || now !== undefined) {
      const order = old === undefined ? 1 : now === undefined ? -1 : compareBytes(old.path, now.path);
      yield [order <= 0 ? old : undefined, order >= 0 ? now : undefined];
      if (order <= 0) old = next(before);
      if (order >= 0) now = next(after);
    }
  }

  private *entries(places: readonly BlockPlace[]): Generator<BlockEntry> {
    const reader = new BlockReader();
    // Copied, because both sides may read one pack.
    for (const place of places) yield* reader.entries(this.packs.read(place).slice(), place.entries);
  }

  [Symbol.dispose](): void {
    this.packs[Symbol.dispose]();
  }
}

function keyOf({ pack, offset }: BlockPlace): string {
  return `${pack}.${offset}`;
}

function next(entries: Generator<BlockEntry>): BlockEntry | undefined {
  const { done, value } = entries.next();
  return done ? undefined : value;
}

function isSame(a: BlockEntry | undefined, b: BlockEntry | undefined): boolean {
  return a?.print[0] === b?.print[0] && a?.print[1] === b?.print[1];
}
