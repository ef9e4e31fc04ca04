import { textOf } from "../../model/bytes.ts";
import type { TreeTable } from "../../tree/table.ts";

/** What the order needs of a unit. */
interface Placed {
  readonly kind: "swap" | "create" | "remove";
  readonly now: number;
  readonly then: number;
}

/**
 * The units in the order in which they are carried out. What comes is put in its place before anything goes, so that a file
 * that got another name is always there under one of them. But where two names differ only in case or in the Unicode form, a
 * file system (exFAT, vfat, macOS) may take them for one: then the old one goes first, or the new one would go in its place.
 */
export function inOrder<U extends Placed>(
  units: readonly U[],
  now: TreeTable,
  then: TreeTable,
): readonly U[] {
  const removals = units.filter(({ kind }) => kind === "remove");
  if (removals.length === 0 || removals.length === units.length) return units;
  const coming = new Set<string>();
  for (const unit of units) if (unit.kind === "create") coming.add(alike(then.path(unit.then)));
  const first = new Set(removals.filter((unit) => coming.has(alike(now.path(unit.now)))));
  return first.size === 0 ? units : [...first, ...units.filter((unit) => !first.has(unit))];
}

/** The same text for paths that a file system may take for one. */
function alike(path: Uint8Array): string {
  return textOf(path).normalize("NFC").toLowerCase();
}
