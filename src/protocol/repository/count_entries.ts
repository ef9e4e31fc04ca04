import { TimeSlice } from "../../platform/time_slice.ts";

/** Whether a folder has more than this many entries below it. Links are not followed; a closed folder counts as empty. */
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
    // It is closed, or gone by now: the first snapshot will report it.
  }
}
