import { oneLine, table } from "./style.ts";
import type { Renderer } from "./view.ts";
import { valueText } from "./words.ts";

/** The list of settings. Those that differ from their default stand out. */
export const renderSettings: Renderer<"config list"> = ({ settings, path }, { style }) => {
  const rows = settings.map(({ key, value, is_default, about }) => [
    is_default ? key : style.paint("strong", key),
    style.paint(is_default ? "faint" : "good", valueText(value)),
    style.paint("faint", about),
  ]);
  const settingTable = table([{ title: "setting" }, { title: "value" }, { title: "" }], rows, style);
  return `${settingTable}\nThey are in ${oneLine(path)}\n`;
};

/** The value of a setting and nothing else, for scripts. */
export const renderSetting: Renderer<"config get"> = ({ value }) => `${valueText(value)}\n`;

/** A changed setting. */
export const renderSettingSet: Renderer<"config set"> = ({ key, value }) =>
  `Set ${oneLine(key)} to ${valueText(value)}\n`;
