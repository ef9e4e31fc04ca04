import type { OpenIntent } from "../../repo/intents.ts";
import { recordHash } from "../../repo/record_hash.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { finishDecided } from "./finish.ts";

/** What tells two states of the settings apart. */
export function configState(store: Store): Promise<string> {
  return recordHash({ text: store.layout.config.readFresh() ?? null });
}

/** A setting is in one file: that is as it was before, or the change was made. */
export async function recoverConfig({ store }: RepositoryContext, intent: OpenIntent): Promise<void> {
  const { state_before } = intent.intent.details;
  if (state_before === undefined || await configState(store) === state_before) intent.complete();
  else await finishDecided(store, intent);
}
