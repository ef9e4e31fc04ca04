import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";
import { finishDecided } from "./finish.ts";

/** A ref is one file: the interrupted change was made or it was not, and the file says which. */
export async function recoverRef({ store }: RepositoryContext, intent: OpenIntent): Promise<void> {
  const { operation, target } = intent.intent;
  const there = store.refs.find(target) !== undefined;
  if (there === (operation === "ref create")) await finishDecided(store, intent);
  else intent.complete();
}
