import { anything, record, text } from "../model/schema.ts";
import { changeRepository } from "../protocol/change/change.ts";
import { commitChange } from "../protocol/change/commit.ts";
import { configState } from "../protocol/change/config_recovery.ts";
import { defineOperation } from "./define.ts";
import { configGet } from "./config_get.ts";

/** Changes a setting. */
export const configSet = defineOperation({
  name: "config set",
  summary: "Change a setting of this repository",
  about: "Comments in .jvs/config.jsonc stay.",
  examples: [
    ["jvs config set restore.unsaved refuse", "makes restore refuse instead of saving unsaved work"],
    ["jvs config set lock_timeout 5m", "waits longer for others to finish"],
  ],
  changes: "repository",
  input: record({
    key: text().about("The setting.").cli({ positional: true, placeholder: "KEY", completes: "config" }),
    value: text().about("What it is to be.").cli({ positional: true, placeholder: "VALUE" }),
  }, { closed: true }),
  output: record({ key: text(), value: anything() }),
  async run(context, { key, value }) {
    const { store } = context;
    const details = { state_before: "" };
    await changeRepository(context, { operation: "config set", target: key, details }, async (change) => {
      change.intent.step("setting", { state_before: await configState(store) });
      const note = { target: key, details: { key, value } };
      await commitChange(change, "config set", note, () => store.config.set(key, value));
    });
    return await configGet.run(context, { key });
  },
});
