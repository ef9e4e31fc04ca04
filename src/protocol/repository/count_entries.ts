import { TimeSlice } from "../../platform/time_slice.ts";

/** Whether there is more than this below a folder. Links are not followed; what is closed to us counts as empty. */
export async function hasMoreEntriesThan(
  folder: string,
  bound: number,
  signal: AbortSignal,
): Promise<boolean> {
  const slice = new TimeSlice(signal);
  const folders = [folder];
  let count = 0;
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const { name, isDirectory } of entriesOf(next)) {
      if (++count > bound) return true;
      if (isDirectory) folders.push(`${next}/${name}`);
      if (slice.isOver()) await slice.yield();
    }
  }
  return false;
}

function* entriesOf(folder: string): Generator<Deno.DirEntry> {
  try {
    yield* Deno.readDirSync(folder);
  } catch {
    // Closed to us or gone by now: whoever saves the tree will name it.
  }
}
