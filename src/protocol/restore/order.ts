import { textOf } from "../../model/bytes.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { Unit } from "./plan_form.ts";

/**
 * The units in the order in which they are carried out. What comes is put in its place before anything goes, so that a file
 * that got another name is always there under one of them. But where two names differ only in case or in the Unicode form, a
 * file system (exFAT, vfat, macOS) may take them for one: then the old one goes first, or the new one would go in its place.
 */
export function inOrder(units: readonly Unit[], now: TreeTable, then: TreeTable): readonly Unit[] {
  const coming = units.filter(({ kind }) => kind === "create");
  const going = units.filter(({ kind }) => kind === "remove");
  if (coming.length === 0 || going.length === 0) return units;
  const pathOf = (unit: Unit) => alike(unit.kind === "create" ? then.path(unit.then) : now.path(unit.now));
  // Texts of the fewer are kept: a tree may have millions of the others.
  const [few, many] = coming.length < going.length ? [coming, going] : [going, coming];
  const texts = new Set(few.map(pathOf));
  const met = new Set<string>();
  for (const unit of many) {
    const text = pathOf(unit);
    if (texts.has(text)) met.add(text);
  }
  if (met.size === 0) return units;
  const first = new Set(going.filter((unit) => met.has(pathOf(unit))));
  return [...first, ...units.filter((unit) => !first.has(unit))];
}

/** The same text for paths that a file system may take for one. */
function alike(path: Uint8Array): string {
  return textOf(path).normalize("NFC").toLowerCase();
}
