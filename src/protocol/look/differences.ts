import { type Infer, integer, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import { ENTRY_TYPES } from "../../model/entry.ts";
import { type Difference, diffTables, needsHash, summarise, toRecord } from "../../tree/diff.ts";
import { NOTHING, type Side } from "./side.ts";

/** One path that differs. */
export const DifferenceRecord = record({
  kind: oneOf("added", "removed", "modified", "renamed"),
  path: text().about("Encoded as in the payload root hash."),
  old_path: nullable(text()),
  type: oneOf(...ENTRY_TYPES),
  aspects: list(text()).about(
    "What differs: content, type, mode, owner, target, device, xattrs, hardlink, times.",
  ),
  size_before: nullable(integer()),
  size_after: nullable(integer()),
});
export type DifferenceRecord = Infer<typeof DifferenceRecord>;

/** How many paths differ, by kind. */
export const Summary = record({
  added: integer(),
  removed: integer(),
  modified: integer(),
  renamed: integer(),
});
export type Summary = Infer<typeof Summary>;

/** What of two sides is compared besides type, content, mode, owner and links. */
export interface Compared {
  /** Times and extended attributes. */
  readonly metadata: boolean;
  /** Whether times count among them; true by default. A difference in times alone is not unsaved work (SPEC 7). */
  readonly times?: boolean;
}

/** All differences between two sides; reads as much of worktrees as is needed to tell. */
export async function compareSides(
  from: Side,
  to: Side,
  { metadata, times = true }: Compared,
): Promise<{ differences: DifferenceRecord[]; summary: Summary }> {
  await hashFor(from, to);
  await hashFor(to, from);
  const all = diffTables(from.table, to.table, { metadata });
  const differences = (times ? all : withoutTimes(all)).filter(({ path }) =>
    // Before the first snapshot there is no root that another one could differ from.
    path.length > 0 || (from.label !== NOTHING && to.label !== NOTHING)
  );
  return { differences: differences.map(toRecord), summary: summarise(differences) };
}

function withoutTimes(differences: readonly Difference[]): Difference[] {
  return differences
    .map((each) => ({ ...each, aspects: each.aspects.filter((aspect) => aspect !== "times") }))
    .filter(({ kind, aspects }) => kind !== "modified" || aspects.length > 0);
}

/** Added and removed files are hashed too, as one may be the other renamed. */
async function hashFor(other: Side, side: Side): Promise<void> {
  if (side.look === null) return;
  await side.look.hash(needsHash(other.table, side.table));
}
