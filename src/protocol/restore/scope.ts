import { type BytePath, keyOf, textOf } from "../../model/bytes.ts";
import { isJvsError } from "../../model/errors.ts";
import { decodePath } from "../../model/path_text.ts";
import type { IgnoreRules } from "../../tree/ignore.ts";
import { PathWalker } from "../../tree/path_walker.ts";
import { DIR } from "../../model/entry.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import { parentPath } from "../../tree/folders_by_path.ts";

/** For each entry 1 if it is one of these paths or below one; for null every entry. */
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
 * Finds the paths that the user named in these trees. A name that is not text can only be given as it is shown (`n%FF`);
 * that is tried if no entry has the name itself. `missing` are the paths that no tree has.
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
    if (isJvsError(error, "E_USAGE")) return undefined; // no escape: a name with a per cent sign
    throw error;
  }
}

/** For each entry 1 if any of these rules ignores it. */
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

/** The same rules, except for these paths and the folders above them. They still ignore what else is in those folders. */
export function rulesExcept(rules: IgnoreRules | null, paths: readonly BytePath[]): IgnoreRules | null {
  if (rules === null || paths.length === 0) return rules;
  const excepted = new Set<string>();
  for (const path of paths) {
    for (let above = path; above.length > 0; above = parentPath(above)) excepted.add(keyOf(above));
  }
  const ignores = (path: BytePath, isFolder: boolean): boolean => {
    if (rules.ignores(path, isFolder)) return true;
    // A scan does not ask the rules about what is in an ignored folder. It enters this one, so everything else in it is ignored.
    const folder = parentPath(path);
    return folder.length > 0 && excepted.has(keyOf(folder)) && ignores(folder, true);
  };
  return { ignores: (path, isFolder) => !excepted.has(keyOf(path)) && ignores(path, isFolder) };
}
