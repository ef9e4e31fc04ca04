import { anything, boolean, list, record, text } from "../model/schema.ts";
import { defineOperation, Setting } from "./define.ts";

/** Lists the settings. */
export const configList = defineOperation({
  name: "config list",
  summary: "List the settings of this repository, with what they mean",
  about: "They are in .jvs/config.jsonc. You may also edit that file by hand.",
  examples: [["jvs config list", "each setting, its value and one sentence"]],
  changes: "nothing",
  input: record({}, { closed: true }),
  output: record({
    settings: list(record({
      ...Setting.fields,
      default: anything().about("The value that it has if the settings file has none."),
      is_default: boolean().about("The value is the default."),
      about: text().about("What it decides, in one sentence."),
    })).about("Every setting of this version."),
    path: text().about("The file that holds them."),
  }),
  run: ({ store }) => Promise.resolve({ settings: store.config.list(), path: store.layout.config.path }),
});
