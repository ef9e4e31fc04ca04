import { anything, nullable, record, text } from "../model/schema.ts";
import { changeRepository } from "../protocol/change/change.ts";
import { commitChange } from "../protocol/change/commit.ts";
import { configState } from "../protocol/change/config_recovery.ts";
import { defineOperation } from "./define.ts";
import { configGet } from "./config_get.ts";

/** Changes a setting. */
export const configSet = defineOperation({
  name: "config set",
  summary: "Change a setting of this repository",
  about: "Comments in .jvs/config.jsonc stay. Programs named by hooks.* run only after `jvs config trust`.",
  examples: [
    ["jvs config set restore.unsaved refuse", "makes restore refuse instead of saving unsaved work"],
    ["jvs config set retention.keep_days 90", "keeps snapshots longer"],
  ],
  changes: "repository",
  input: record({
    key: text().about("The setting.").cli({ positional: true, placeholder: "KEY", completes: "config" }),
    value: text().about("What it is to be.").cli({ positional: true, placeholder: "VALUE" }),
  }, { closed: true }),
  output: record({
    key: text(),
    value: anything(),
    note: nullable(text()).about("What else is to be known."),
  }),
  async run(context, { key, value }) {
    const { store } = context;
    const details = { state_before: "" };
    await changeRepository(context, { operation: "config set", target: key, details }, async (change) => {
      change.intent.step("setting", { state_before: await configState(store) });
      const note = { target: key, details: { key, value } };
      await commitChange(change, "config set", note, () => store.config.set(key, value));
    });
    const now = await configGet.run(context, { key });
    const note = key.startsWith("hooks.") ? "It runs only after `jvs config trust`." : null;
    return { ...now, note };
  },
});
