import { JvsError } from "../../model/errors.ts";
import type { RepositoryContext } from "../context.ts";

/**
 * Which files a partial verification reads. `n/t` is the n-th of t parts. `x%` is a part of that size, each time the next
 * one, so that in time every file is read. A hash of its path puts a file always into the same part.
 */
export function parseSubset(context: RepositoryContext, subset: string): (path: Uint8Array) => boolean {
  const [part, parts] = partOf(context, subset);
  return (path) => pathHash(path) % parts === part;
}

function partOf(context: RepositoryContext, subset: string): [part: number, parts: number] {
  const fraction = /^(\d+)\/(\d+)$/.exec(subset);
  if (fraction !== null) {
    const [n, t] = [Number(fraction[1]), Number(fraction[2])];
    if (n >= 1 && n <= t) return [n - 1, t];
  }
  const percent = Number(/^(\d+(?:\.\d+)?)%$/.exec(subset)?.[1] ?? NaN);
  if (percent > 0 && percent <= 100) {
    const parts = Math.max(1, Math.round(100 / percent));
    return [nextTurn(context) % parts, parts];
  }
  throw new JvsError("E_USAGE", `Cannot verify the subset "${subset}": it must be like 1/7 or 10%`);
}

/** Counts the partial verifications of this host. The count may be lost. */
function nextTurn({ store }: RepositoryContext): number {
  const file = store.hostFolder().at("verify-turn");
  const turn = Number(file.readFresh() ?? "0");
  const sane = Number.isSafeInteger(turn) && turn >= 0 ? turn : 0;
  file.write(String(sane + 1));
  return sane;
}

/** FNV-1a. */
function pathHash(path: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of path) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
