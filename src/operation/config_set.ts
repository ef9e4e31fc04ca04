import { record, text } from "../model/schema.ts";
import { changeRepository } from "../protocol/change/change.ts";
import { commitChange, finishIf } from "../protocol/change/commit.ts";
import { defineChange } from "../protocol/change/kind.ts";
import { recordHash } from "../repo/record_hash.ts";
import type { Store } from "../repo/store.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { defineOperation, Setting } from "./define.ts";
import { configGet } from "./config_get.ts";

const setting = defineChange({
  operation: "config set",
  details: record({
    state_before: text().about("The hash of the settings file before the change.").optional(),
  }),
  steps: ["setting"],
  audit: record({ key: text(), value: text() }),
  // The settings are one file. If it differs from before, the change was made.
  async recover(context, intent) {
    const { state_before: before } = intent.details;
    await finishIf(before !== undefined && await stateOf(context.store) !== before, context, intent);
  },
});

/** Changes a setting. */
export const configSet = defineOperation({
  name: "config set",
  summary: "Change a setting of this repository",
  about: "Keeps the comments in .jvs/config.jsonc.",
  examples: [
    ["jvs config set restore.unsaved refuse", "makes restore refuse instead of saving unsaved work"],
    ["jvs config set lock_timeout 5m", "waits longer for other processes"],
  ],
  changes: "repository",
  kinds: [setting],
  input: record({
    key: text().about("The setting.").cli({ positional: true, placeholder: "KEY", completes: "config" }),
    value: text().about("Its new value.").cli({ positional: true, placeholder: "VALUE" }),
  }, { closed: true }),
  output: Setting,
  async run(context, { key, value }) {
    const { store } = context;
    await changeRepository(context, { kind: setting, target: key, details: {} }, async (change) => {
      change.intent.step("setting", { state_before: await stateOf(store) });
      const note = { target: key, details: { key, value } };
      await commitChange(change, note, { commit: () => store.config.set(key, value) });
    });
    if (key.startsWith("hooks.")) await sayWhetherTrusted(context);
    return await configGet.run(context, { key });
  },
});

/** Hooks do not run before each user trusts them, and whoever sets one expects that it runs. */
async function sayWhetherTrusted({ reporter, store, userConfig }: RepositoryContext): Promise<void> {
  const { areTrusted, trustedProgramsHash } = await import("../repo/trusted_programs.ts");
  if (!store.config.hasHooks()) return;
  if (areTrusted(store, userConfig, await trustedProgramsHash(store.config.hooks() ?? {}))) return;
  reporter.warn(
    "Hooks run only for users who trust exactly what the settings say now, and until then what they belong to is refused: " +
      "`jvs config trust` shows it and allows it.",
  );
}

/** The hash of the settings file. */
function stateOf({ layout }: Store): Promise<string> {
  return recordHash({ text: layout.config.readFresh() ?? null });
}
