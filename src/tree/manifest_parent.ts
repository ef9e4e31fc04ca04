import { compareBytes, equalBytes } from "../model/bytes.ts";
import { ByteSource } from "./byte_source.ts";
import type { BlockPlace, ManifestIndex } from "./manifest_index.ts";
import type { PackReader } from "./manifest_packs.ts";

/** From this number of packs on, only the fuller half is shared, so that a manifest never needs more and more packs. */
const MOST_PACKS = 64;

/**
 * The blocks of the parent's manifest that a new manifest can share. Blocks are compared byte for byte. That is faster
 * than hashes, and a damaged block on the disk is not shared but written again.
 */
export class ParentBlocks {
  private readonly places: readonly BlockPlace[];
  private next = 0;
  private block: Uint8Array = new Uint8Array();
  private path: Uint8Array | undefined;

  constructor(index: ManifestIndex, private readonly packs: PackReader) {
    const sharable = sharablePacks(index);
    this.places = index.blocks.filter((place) => sharable.has(place.pack));
    this.advance();
  }

  /** The place of the same block, if the parent has it. Callers pass the blocks in order. */
  find(block: Uint8Array): BlockPlace | undefined {
    const path = firstPathOf(block);
    while (this.path !== undefined && compareBytes(this.path, path) < 0) this.advance();
    return this.path !== undefined && equalBytes(this.block, block) ? this.places[this.next - 1] : undefined;
  }

  private advance(): void {
    const place = this.places[this.next++];
    this.path = undefined;
    if (place === undefined) return;
    try {
      this.block = this.packs.read(place);
      this.path = firstPathOf(this.block);
    } catch {
      // An unreadable block ends the sharing. `verify` and `doctor` report the damage.
    }
  }
}

function firstPathOf(block: Uint8Array): Uint8Array {
  const source = new ByteSource(block);
  source.byte();
  source.varint(0);
  return source.counted();
}

function sharablePacks(index: ManifestIndex): Set<string> {
  if (index.packs.length < MOST_PACKS) return new Set(index.packs);
  const used = new Map(index.packs.map((pack) => [pack, 0]));
  for (const { pack, length } of index.blocks) used.set(pack, (used.get(pack) ?? 0) + length);
  const fullest = [...used].sort(([, a], [, b]) => b - a).slice(0, MOST_PACKS / 2);
  return new Set(fullest.map(([pack]) => pack));
}
