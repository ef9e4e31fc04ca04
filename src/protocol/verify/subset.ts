import { isJvsError, JvsError } from "../../model/errors.ts";
import type { RepositoryContext } from "../context.ts";

/** The file of this host that has the count. */
const TURN = "verify-turn";

/** The part of the content that a partial verification reads. */
export interface Subset {
  /** Whether the file with this path is in the part. */
  readonly isRead: (path: Uint8Array) => boolean;
  /** To be called when all of the part was read: the next run reads the next one. */
  wasRead(): void;
}

/**
 * Which files a partial verification reads. `n/t` is the n-th of t parts. `x%` is a part of that size, each time the next
 * one, so that in time every file is read. A hash of its path puts a file always into the same part.
 */
export function parseSubset(context: RepositoryContext, subset: string): Subset {
  const fraction = /^(\d+)\/(\d+)$/.exec(subset);
  if (fraction !== null) {
    const [n, t] = [Number(fraction[1]), Number(fraction[2])];
    if (n >= 1 && n <= t) return { isRead: isIn(n - 1, t), wasRead() {} };
  }
  const percent = Number(/^(\d+(?:\.\d+)?)%$/.exec(subset)?.[1] ?? NaN);
  if (percent > 0 && percent <= 100) {
    const parts = Math.max(1, Math.round(100 / percent));
    const turn = turnOf(context);
    return { isRead: isIn(turn % parts, parts), wasRead: () => countTurn(context, turn) };
  }
  const message = `Cannot verify the subset "${subset}": it must be like 15% or 1/7`;
  throw new JvsError("E_USAGE", message, { hint: "See `jvs help verify`." });
}

function isIn(part: number, parts: number): (path: Uint8Array) => boolean {
  return (path) => pathHash(path) % parts === part;
}

/** How many parts were read on this host. The count may be lost. */
function turnOf({ store: { layout, platform } }: RepositoryContext): number {
  const turn = Number(layout.host(platform.host.id).at(TURN).readFresh() ?? "0");
  return Number.isSafeInteger(turn) && turn >= 0 ? turn : 0;
}

/** Only at the end, so that a run that is killed does not skip its part. What was found is told even where nothing can be written. */
function countTurn({ reporter, store }: RepositoryContext, turn: number): void {
  try {
    store.hostFolder().at(TURN).write(String(turn + 1));
  } catch (error) {
    if (!isJvsError(error)) throw error;
    reporter.warn(`The next verification of a part reads the same part again: ${error.message}.`);
  }
}

/** FNV-1a. */
function pathHash(path: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of path) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
