import { type Infer, integer, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import { ENTRY_TYPES } from "../../model/entry.ts";
import { diffTables, needsHash, summarise, toRecord } from "../../tree/diff.ts";
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

/** All differences between two sides; reads as much of worktrees as is needed to tell. */
export async function compareSides(
  from: Side,
  to: Side,
  { metadata }: { metadata: boolean },
): Promise<{ differences: DifferenceRecord[]; summary: Summary }> {
  await hashFor(from, to);
  await hashFor(to, from);
  const differences = diffTables(from.table, to.table, { metadata }).filter(({ path }) =>
    // Before the first snapshot there is no root that another one could differ from.
    path.length > 0 || (from.label !== NOTHING && to.label !== NOTHING)
  );
  return { differences: differences.map(toRecord), summary: summarise(differences) };
}

/** Added and removed files are hashed too, as one may be the other renamed. */
async function hashFor(other: Side, side: Side): Promise<void> {
  if (side.look === null) return;
  await side.look.hash(needsHash(other.table, side.table));
}
