import { record, text } from "../../model/schema.ts";
import { publicKey } from "../../model/records.ts";
import { recordHash } from "../../repo/record_hash.ts";
import type { Store } from "../../repo/store.ts";
import { changeRepository } from "../change/change.ts";
import { commitChange, finishIf } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";

const keyChange = (operation: string) =>
  defineChange({
    operation,
    details: record({
      state_before: text().about("The hash of the settings file before the change.").optional(),
    }),
    steps: ["setting"],
    audit: record({ key: text(), value: text(), public_key: publicKey() }),
    // The settings are one file. If it differs from before, the change was made.
    async recover(context, intent) {
      const { state_before: before } = intent.details;
      await finishIf(before !== undefined && await stateOf(context.store) !== before, context, intent);
    },
  });

/** Adds a key to the team's keys in the repository's settings. */
export const teamTrust = keyChange("key trust");
/** Revokes a key for all users of the repository, in its settings. */
export const teamRevocation = keyChange("key revoke");

/** A line of one of the settings that have keys. */
interface TeamKey {
  readonly kind: typeof teamTrust;
  readonly setting: "signing.keyring" | "signing.revoked";
  readonly publicKey: string;
  /** What follows the key. */
  readonly word: string;
}

/** Writes a key into the repository's settings, instead of what they said of it. Does nothing if they say it already. */
export async function changeTeamKeys(
  context: RepositoryContext,
  { kind, publicKey, setting, word }: TeamKey,
): Promise<void> {
  const { store } = context;
  const line = `${publicKey} ${word}`;
  if (store.config.get(setting).includes(line)) return;
  await changeRepository(context, { kind, target: publicKey, details: {} }, async (change) => {
    change.intent.step("setting", { state_before: await stateOf(store) });
    const others = store.config.get(setting).filter((each) => !each.startsWith(publicKey));
    const value = JSON.stringify([...others, line]);
    const note = { target: publicKey, details: { key: setting, value, public_key: publicKey } };
    await commitChange(change, note, { commit: () => store.config.set(setting, value) });
  });
}

function stateOf({ layout }: Store): Promise<string> {
  return recordHash({ text: layout.config.readFresh() ?? null });
}
