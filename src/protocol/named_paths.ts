import { displayPath } from "../model/path_text.ts";

/** For messages: the first of some paths. */
export function namedPaths(paths: readonly Uint8Array[]): string {
  const named = paths.slice(0, 20).map(displayPath).join(", ");
  return paths.length > 20 ? `${named}, and ${paths.length - 20} more` : named;
}
