import { ENCODED_PATH } from "../../model/result_fields.ts";
import { type Infer, integer, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import { encodePath, namedPaths } from "../../model/path_text.ts";
import { ENTRY_TYPES } from "../../model/entry.ts";
import { type Difference, diffTables, needsHash, summarise } from "../../tree/diff.ts";
import type { TreeTable } from "../../tree/table.ts";
import { comparable } from "./compare.ts";
import type { Look } from "./look.ts";
import { NOTHING, type Side } from "./side.ts";

/** One path that differs. */
export const DifferenceRecord = record({
  kind: oneOf("added", "removed", "modified", "renamed")
    .about(
      "What became of it from the older side to the newer; `renamed`: a file has another path and the same content.",
    ),
  path: ENCODED_PATH,
  old_path: nullable(text()).about("The former path of a renamed file, encoded too; null for all others."),
  type: oneOf(...ENTRY_TYPES).about("What it is now; for a removed path, what it was."),
  aspects: list(text()).about(
    "What differs if both sides have it: content, type, mode, owner, target, device, xattrs, hardlink, times; " +
      "or unknown, for content that could not be compared.",
  ),
  size_before: nullable(integer()).about(
    "Its bytes on the older side; null if it was no regular file there.",
  ),
  size_after: nullable(integer()).about("Its bytes on the newer side; null if it is no regular file there."),
});
export type DifferenceRecord = Infer<typeof DifferenceRecord>;

/** What was not compared. */
export const Hidden = list(text()).about("Paths that you may not read, so they are not compared. Encoded.");

/** How many paths differ, by kind. */
export const Summary = record({
  added: integer().about("Paths that only the newer side has."),
  removed: integer().about("Paths that only the older side has."),
  modified: integer().about("Paths that both sides have, and that differ."),
  renamed: integer().about("Files that have another path and the same content."),
});

/**
 * All differences between two sides. Of worktrees it reads only the files whose content must be known. `metadata`: of times
 * and extended attributes too; without `times`, not of times: a difference in times alone is not unsaved work (SPEC 7).
 */
export async function compareSides(
  from: Side,
  to: Side,
  { metadata, times = true }: { readonly metadata: boolean; readonly times?: boolean },
): Promise<{ differences: DifferenceRecord[]; summary: Infer<typeof Summary>; hidden: string[] }> {
  for (const { look } of [from, to]) if (look !== null) warnOfHidden(look);
  const hidden = [from, to].flatMap(({ look }) => look?.scan.unreadable.map(encodePath) ?? []);
  const [before, after] = [await comparableWith(to, from), await comparableWith(from, to)];
  await to.look?.hash(await needsHash(before, to.table));
  await from.look?.hash(await needsHash(after, from.table));
  const all = await diffTables(before, after, { metadata });
  const differences = (times ? all : withoutTimes(all)).filter(({ path }) =>
    // Before the first snapshot there is no root to compare with.
    path.length > 0 || (from.label !== NOTHING && to.label !== NOTHING)
  );
  return { differences: differences.map(toRecord), summary: summarise(differences), hidden };
}

/** A difference as programs get it: paths are encoded as in the payload root hash. */
export function toRecord(difference: Difference): DifferenceRecord {
  const { path, old_path } = difference;
  return { ...difference, path: encodePath(path), old_path: old_path === null ? null : encodePath(old_path) };
}

function withoutTimes(differences: readonly Difference[]): Difference[] {
  return differences
    .map((each) => ({ ...each, aspects: each.aspects.filter((aspect) => aspect !== "times") }))
    .filter(({ kind, aspects }) => kind !== "modified" || aspects.length > 0);
}

/** Names the folders that the user may not enter, because what is in them may differ. */
function warnOfHidden({ context, scan, worktree }: Look): void {
  const paths = scan.unreadable;
  if (paths.length === 0) return;
  context.reporter.warn(`You may not look into these in worktree "${worktree.name}": ${namedPaths(paths)}.`);
}

/** The tree of the second side, in a form that can be compared with the first side. */
async function comparableWith({ look: now }: Side, { table, look }: Side): Promise<TreeTable> {
  return now !== null && look === null ? await comparable(table, now) : table;
}
