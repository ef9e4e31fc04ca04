import { phase } from "../../model/progress.ts";
import { ENCODED_PATH } from "../../model/result_fields.ts";
import { type Infer, integer, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import { encodePath, namedPaths } from "../../model/path_text.ts";
import { ENTRY_TYPES } from "../../model/entry.ts";
import { type Difference, diffTables, needsHash } from "../../tree/diff.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import type { TreeTable } from "../../tree/table.ts";
import { comparable } from "./compare.ts";
import type { Look } from "./look.ts";
import type { Context } from "../context.ts";
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

/** What of two sides is compared and told. */
export interface CompareHow {
  /** Times and extended attributes too. */
  readonly metadata: boolean;
  /** False: not times: a difference in times alone is not unsaved work (SPEC 7). */
  readonly times?: boolean;
  /** False: only how many paths differ. */
  readonly named?: boolean;
}

/** All differences between two sides. Of worktrees it reads only the files whose content must be known. */
export async function compareSides(
  context: Context,
  from: Side,
  to: Side,
  { metadata, times = true, named = true }: CompareHow,
): Promise<{ differences: DifferenceRecord[]; summary: Infer<typeof Summary>; hidden: string[] }> {
  for (const { look } of [from, to]) if (look !== null) warnOfHidden(look);
  using _phase = phase(context.reporter, "comparing");
  const hidden = [from, to].flatMap(({ look }) => look?.scan.unreadable.map(encodePath) ?? []);
  const differences: DifferenceRecord[] = [];
  const summary = { added: 0, removed: 0, modified: 0, renamed: 0 };
  if (from.table === to.table) return { differences, summary, hidden };
  const [before, after] = [await comparableWith(to, from), await comparableWith(from, to)];
  await to.look?.hash(await needsHash(before, to.table));
  await from.look?.hash(await needsHash(after, from.table));
  const slice = new TimeSlice(undefined);
  for (const each of await diffTables(before, after, { metadata })) {
    if (slice.isOver()) await slice.yield();
    const difference = times ? each : withoutTimes(each);
    if (difference.kind === "modified" && difference.aspects.length === 0) continue;
    // Before the first snapshot there is no root to compare with.
    if (difference.path.length === 0 && (from.label === NOTHING || to.label === NOTHING)) continue;
    summary[difference.kind]++;
    if (named) differences.push(toRecord(difference));
  }
  return { differences, summary, hidden };
}

/** A difference as programs get it: paths are encoded as in the payload root hash. */
export function toRecord(difference: Difference): DifferenceRecord {
  const { kind, path, old_path, type, aspects, size_before, size_after } = difference;
  const old = old_path === null ? null : encodePath(old_path);
  return { kind, path: encodePath(path), old_path: old, type, aspects, size_before, size_after };
}

function withoutTimes(difference: Difference): Difference {
  const { aspects } = difference;
  if (!aspects.includes("times")) return difference;
  return { ...difference, aspects: aspects.filter((aspect) => aspect !== "times") };
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
