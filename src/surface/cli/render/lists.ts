import type { configList } from "../../../operation/config_list.ts";
import type { refList } from "../../../operation/ref_list.ts";
import { oneLine, table } from "./style.ts";
import type { Renderer, ResultOf } from "./view.ts";
import { ago, settingText, shortName } from "./words.ts";

/** The names that were given to snapshots. */
export const renderRefs: Renderer<ResultOf<typeof refList>> = ({ refs }, { style, now }) => {
  if (refs.length === 0) return "No refs. Give a snapshot a name with `jvs ref create NAME`.\n";
  const rows = refs.map(({ ref_name, snapshot_id, created_at, note }) => [
    style.paint("strong", ref_name),
    shortName(snapshot_id, style),
    ago(created_at, now),
    oneLine(note),
  ]);
  return table([{ title: "ref" }, { title: "snapshot" }, { title: "made" }, { title: "note" }], rows, style);
};

/** The settings, with those that differ from their default marked. */
export const renderSettings: Renderer<ResultOf<typeof configList>> = ({ settings, path }, { style }) => {
  const rows = settings.map(({ key, value, is_default, about }) => [
    is_default ? key : style.paint("strong", key),
    style.paint(is_default ? "faint" : "good", settingText(value)),
    style.paint("faint", about),
  ]);
  return `${table([{ title: "setting" }, { title: "value" }, { title: "" }], rows, style)}\nThey are in ${
    oneLine(path)
  }\n`;
};
