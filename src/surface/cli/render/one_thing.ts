import type { configGet } from "../../../operation/config_get.ts";
import type { configSet } from "../../../operation/config_set.ts";
import type { refCreate } from "../../../operation/ref_create.ts";
import { oneLine } from "./style.ts";
import type { Renderer, ResultOf } from "./view.ts";
import { noteText, settingText, shortName } from "./words.ts";

/** A ref that was made. */
export const renderRefCreated: Renderer<ResultOf<typeof refCreate>> = ({ ref }, { style }) => {
  const text = `Created ref ${style.paint("strong", ref.ref_name)} for ${shortName(ref.snapshot_id, style)}`;
  return `${text} ${noteText(ref.note)}`.trimEnd() + "\n";
};

/** A ref that is gone. */
export const renderRefDeleted: Renderer<ResultOf<typeof refCreate>> = ({ ref }, { style }) =>
  `Removed ref ${style.paint("strong", ref.ref_name)}; ${shortName(ref.snapshot_id, style)} stays\n`;

/** A setting's value by itself, for scripts. */
export const renderSetting: Renderer<ResultOf<typeof configGet>> = ({ value }) => `${settingText(value)}\n`;

/** A setting that was changed. */
export const renderSettingSet: Renderer<ResultOf<typeof configSet>> = ({ key, value }) =>
  `Set ${oneLine(key)} to ${settingText(value)}\n`;
