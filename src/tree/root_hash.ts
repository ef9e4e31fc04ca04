import { hexOf } from "../model/bytes.ts";
import { entryTypeName, LOST } from "../model/entry.ts";
import { RootHashLines } from "../model/root_hash.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { PathWalker } from "./path_walker.ts";
import { ByteSink } from "./byte_stream.ts";
import { loadSha256, sha256 } from "./sha256.ts";
import { type TreeTable } from "./table.ts";
import { at } from "./columns.ts";

const GATHERED_ENTRIES = 100_000;

/**
 * The payload root hash as hex; all files and links of the tree must have their hash. SPEC 4. An entry that the payload
 * cannot hold (its type is lost) has no line, because the hash is about the entries that are in the payload.
 */
export async function payloadRootHash(table: TreeTable, signal?: AbortSignal): Promise<string> {
  const hash = await hashFor(table.count);
  const lines = new RootHashLines((piece) => hash.update(piece));
  const paths = new PathWalker(table);
  const slice = new TimeSlice(signal);
  for (let i = 1; i < table.count; i++) {
    if ((at(table.lost, i) & LOST.type) !== 0) continue;
    const device = table.devices.get(i);
    lines.add({
      type: entryTypeName(at(table.type, i)),
      path: paths.path(i),
      mode: at(table.mode, i),
      size: at(table.size, i),
      contentHash: table.contentHash(i) ?? null,
      major: device?.major ?? 0,
      minor: device?.minor ?? 0,
    });
    if (slice.isOver()) await slice.yield();
  }
  lines.finish();
  return hexOf(await hash.digest());
}

/** For a small tree it is faster to collect all lines than to load the hash that takes pieces. */
async function hashFor(
  entries: number,
): Promise<{ update(piece: Uint8Array): void; digest(): Uint8Array | Promise<Uint8Array> }> {
  if (entries > GATHERED_ENTRIES) return new (await loadSha256())();
  const lines = new ByteSink();
  return { update: (piece) => lines.bytes(piece), digest: () => sha256(lines.from(0)) };
}
