import { anything, boolean, list, record, text } from "../model/schema.ts";
import { defineOperation } from "./define.ts";

/** A setting with all that is known of it. */
export const SettingRecord = record({
  key: text(),
  value: anything(),
  default: anything(),
  is_default: boolean(),
  about: text(),
});

/** Lists the settings. */
export const configList = defineOperation({
  name: "config list",
  summary: "List the settings of this repository, with what they mean",
  about: "They are in .jvs/config.jsonc, which may also be edited by hand.",
  changes: "nothing",
  input: record({}, { closed: true }),
  output: record({ settings: list(SettingRecord), path: text().about("The file they are in.") }),
  run: ({ store }) => Promise.resolve({ settings: store.config.list(), path: store.layout.config.path }),
});
