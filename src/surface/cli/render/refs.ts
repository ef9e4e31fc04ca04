import { oneLine, table } from "./style.ts";
import type { Renderer } from "./view.ts";
import { ago, noteText, shortName } from "./words.ts";

/** The list of refs. */
export const renderRefs: Renderer<"ref list"> = ({ refs }, { style, now }) => {
  if (refs.length === 0) return "No refs. Give a snapshot a name with `jvs ref create NAME`.\n";
  const rows = refs.map(({ ref_name, snapshot_id, created_at, note }) => [
    style.paint("strong", ref_name),
    shortName(snapshot_id, style),
    ago(created_at, now),
    oneLine(note),
  ]);
  return table([{ title: "ref" }, { title: "snapshot" }, { title: "made" }, { title: "note" }], rows, style);
};

/** A new ref. */
export const renderRefCreated: Renderer<"ref create"> = ({ ref }, { style }) => {
  const text = `Created ref ${style.paint("strong", ref.ref_name)} for ${shortName(ref.snapshot_id, style)}`;
  return `${text} ${noteText(ref.note)}`.trimEnd() + "\n";
};

/** A deleted ref. */
export const renderRefDeleted: Renderer<"ref delete"> = ({ ref }, { style }) =>
  `Removed ref ${style.paint("strong", ref.ref_name)}; ${shortName(ref.snapshot_id, style)} stays\n`;
