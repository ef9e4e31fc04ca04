import { record, text } from "../model/schema.ts";
import { knownKey } from "../repo/config.ts";
import { defineOperation, Setting } from "./define.ts";

/** Shows the value of a setting. */
export const configGet = defineOperation({
  name: "config get",
  summary: "Show a setting",
  examples: [["jvs config get lock_timeout", "shows how long a command waits for another process"]],
  changes: "nothing",
  input: record({
    key: text().about("The setting.").cli({ positional: true, placeholder: "KEY", completes: "config" }),
  }, { closed: true }),
  output: Setting,
  run({ store }, { key }) {
    const known = knownKey("show", key);
    const found = store.config.list().find((each) => each.key === known);
    return Promise.resolve({ key, value: found?.value });
  },
});
