import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { anything, record, text } from "../model/schema.ts";
import { CONFIG_KEYS } from "../repo/config.ts";
import { defineOperation } from "./define.ts";

/** Says what a setting is. */
export const configGet = defineOperation({
  name: "config get",
  summary: "Show a setting",
  examples: [["jvs config get lock_timeout", "shows how long a command waits for another one"]],
  changes: "nothing",
  input: record({
    key: text().about("The setting.").cli({ positional: true, placeholder: "KEY", completes: "config" }),
  }, { closed: true }),
  output: record({ key: text(), value: anything() }),
  run({ store }, { key }) {
    const settings = store.config.list();
    const found = settings.find((each) => each.key === key);
    if (found !== undefined) return Promise.resolve({ key, value: found.value });
    // `hooks.pre-snapshot` is one of the hooks.
    const group = settings.find((each) => key.startsWith(`${each.key}.`));
    const inner = group === undefined ? undefined : memberOf(group.value, key.slice(group.key.length + 1));
    if (inner !== undefined) return Promise.resolve({ key, value: inner });
    throw new JvsError("E_USAGE", `Cannot show the setting ${quoted(key)}: there is none of that name.`, {
      hint: `Settings are: ${CONFIG_KEYS.join(", ")}.`,
      details: { key },
    });
  },
});

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
