import type { Ref } from "../../../model/records.ts";
import { oneLine, table } from "../style.ts";
import type { Renderer } from "./view.ts";
import { ago, shortName } from "./words.ts";

interface Refs {
  readonly refs: readonly Ref[];
}

/** The names that were given to snapshots. */
export const renderRefs: Renderer<Refs> = ({ refs }, { style, now }) => {
  if (refs.length === 0) return "No refs. Give a snapshot a name with `jvs ref create NAME`.\n";
  const rows = refs.map(({ ref_name, snapshot_id, created_at, note }) => [
    style.paint("strong", ref_name),
    shortName(snapshot_id, style),
    ago(created_at, now),
    oneLine(note),
  ]);
  return table([{ title: "ref" }, { title: "snapshot" }, { title: "made" }, { title: "note" }], rows, style);
};

interface Settings {
  readonly settings: readonly {
    readonly key: string;
    readonly value: unknown;
    readonly is_default: boolean;
    readonly about: string;
  }[];
}

/** The settings, with those that differ from their default marked. */
export const renderSettings: Renderer<Settings> = ({ settings }, { style }) => {
  const rows = settings.map(({ key, value, is_default, about }) => [
    is_default ? key : style.paint("strong", key),
    is_default ? style.paint("faint", settingText(value)) : style.paint("good", settingText(value)),
    style.paint("faint", about),
  ]);
  return table([{ title: "setting" }, { title: "value" }, { title: "" }], rows, style);
};

/** A setting's value on one line. */
export function settingText(value: unknown): string {
  return oneLine(typeof value === "string" ? value : JSON.stringify(value) ?? "");
}
