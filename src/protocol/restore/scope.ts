import { type BytePath, keyOf, textOf } from "../../model/bytes.ts";
import { isJvsError } from "../../model/errors.ts";
import { decodePath } from "../../model/path_text.ts";
import type { IgnoreRules } from "../../tree/ignore.ts";
import { PathWalker } from "../../tree/path_walker.ts";
import { DIR } from "../../model/entry.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import { parentPath } from "../../tree/folders_by_path.ts";

/** For each entry 1 if it is one of these paths or lies below one; all of them when there are none. */
export function entriesBelow(table: TreeTable, paths: readonly BytePath[] | null): Uint8Array {
  const inside = new Uint8Array(table.count);
  if (paths === null) return inside.fill(1);
  const wanted = new Set(paths.map(keyOf));
  const walker = new PathWalker(table);
  if (wanted.has("")) return inside.fill(1);
  for (let i = 1; i < table.count; i++) {
    if (inside[at(table.parent, i)] === 1 || wanted.has(keyOf(walker.path(i)))) inside[i] = 1;
  }
  return inside;
}

/**
 * Paths that somebody named as these trees have them: what is no text can only be named as it is shown (`n%FF`), which
 * counts where nothing is called so. `missing` are those that no tree has.
 */
export function findNamed(
  paths: readonly BytePath[],
  trees: readonly TreeTable[],
): { found: BytePath[]; missing: BytePath[] } {
  const found: BytePath[] = [];
  const missing: BytePath[] = [];
  const isThere = (path: BytePath) => trees.some((tree) => tree.find(path) !== -1);
  for (const path of paths) {
    const meant = isThere(path) ? path : pathShownAs(path);
    if (meant !== undefined && isThere(meant)) found.push(meant);
    else missing.push(path);
  }
  return { found, missing };
}

function pathShownAs(path: BytePath): BytePath | undefined {
  try {
    return decodePath(textOf(path));
  } catch (error) {
    if (isJvsError(error, "E_USAGE")) return undefined; // no escape: a plain name with a per cent sign
    throw error;
  }
}

/** For each entry 1 if any of these rules keeps it out of snapshots. */
export function ignoredEntries(table: TreeTable, rules: readonly (IgnoreRules | null)[]): Uint8Array {
  const ignored = new Uint8Array(table.count);
  const inForce = rules.filter((each) => each !== null);
  if (inForce.length === 0) return ignored;
  const walker = new PathWalker(table);
  for (let i = 1; i < table.count; i++) {
    const isFolder = table.type[i] === DIR;
    if (
      ignored[at(table.parent, i)] === 1 || inForce.some((each) => each.ignores(walker.path(i), isFolder))
    ) ignored[i] = 1;
  }
  return ignored;
}

/** The same rules, but for these paths and the folders on the way to them; what else is in those folders stays out. */
export function rulesExcept(rules: IgnoreRules | null, paths: readonly BytePath[]): IgnoreRules | null {
  if (rules === null || paths.length === 0) return rules;
  const excepted = new Set<string>();
  for (const path of paths) {
    for (let above = path; above.length > 0; above = parentPath(above)) excepted.add(keyOf(above));
  }
  const ignores = (path: BytePath, isFolder: boolean): boolean => {
    if (rules.ignores(path, isFolder)) return true;
    // Rules name a folder, and are not asked about what is in it; but of this one something is wanted.
    const folder = parentPath(path);
    return folder.length > 0 && excepted.has(keyOf(folder)) && ignores(folder, true);
  };
  return { ignores: (path, isFolder) => !excepted.has(keyOf(path)) && ignores(path, isFolder) };
}
