import { JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import { claimFile, useFile } from "../platform/file_in_use.ts";
import { isSystemError } from "../platform/system_error.ts";
import type { ControlPath } from "./control_path.ts";

/** To take a marker away is a matter of milliseconds. */
const TIMEOUT_MS = 30_000;

/** What a snapshot is used for. */
export interface UseSnapshotOptions {
  readonly signal?: AbortSignal | undefined;
  /** What the user wants to do with its content: a pruned snapshot is then `E_NOT_FOUND`, and the message says so. */
  readonly action?: string | undefined;
}

/** Keeps the first of these markers that is there from being taken away; undefined if there is none. */
export async function useMarker(
  markers: readonly ControlPath[],
  signal: AbortSignal | undefined,
): Promise<Disposable | undefined> {
  for (const marker of markers) {
    const used = await useFile(marker, { timeoutMs: TIMEOUT_MS, signal });
    if (used !== undefined) return used;
  }
  return undefined;
}

/** Takes a marker for itself; undefined while it is in use. Nothing may be removed where that cannot be known. */
export function claimMarker(marker: ControlPath, id: string): Disposable | undefined {
  try {
    return claimFile(marker);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new JvsError(
      error.code,
      `Cannot remove ${
        shortId(id)
      }: nothing tells whether it is in use, because its marker cannot be locked: ${error.reason}`,
      {
        hint:
          "Collect garbage where the file system of .jvs gives locks (flock). Nothing of this snapshot was removed.",
        details: { snapshot_id: id, path: marker.path, errno: error.errno },
        cause: error,
      },
    );
  }
}
