import { JvsError } from "../../model/errors.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import { isAt } from "../../repo/worktree_files.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { lockRepository } from "../change/locks.ts";
import { recoverLostWorktrees } from "./recovery.ts";

/**
 * Gives a worktree's name to an intent, so that no other change takes it until the intent is done. The repository is
 * locked for that moment only: what comes then, such as cloning, may take long. `also` is checked under that lock.
 */
export async function reserveName(
  context: RepositoryContext,
  intent: OpenIntent,
  name: string,
  also: () => void = () => {},
): Promise<void> {
  using _lock = await lockRepository(context, intent.intent.operation);
  await recoverLostWorktrees(context);
  checkFree(context.store, intent, name);
  also();
  intent.step("reserved", { name });
}

function checkFree(store: Store, intent: OpenIntent, name: string): void {
  if (store.worktrees.find(name) !== undefined) {
    throw taken(name, "there is one of that name", "`jvs worktree list` shows those there are.");
  }
  const path = `${store.layout.payloads}/${name}`;
  if (isAt(path)) {
    throw taken(name, `"${path}" is there already, and is no worktree`, "Or move that away.");
  }
  const other = store.intents.list().find((each) => each.id !== intent.id && each.details["name"] === name);
  if (other === undefined || !other.operation.startsWith("worktree ")) return;
  const who = `process ${other.pid} on ${other.host}`;
  throw taken(name, `${other.operation} (${who}) is about to use that name`, "Or wait for it.");
}

function taken(name: string, state: string, more: string): JvsError {
  return new JvsError("E_ALREADY_EXISTS", `Cannot call a worktree "${name}": ${state}.`, {
    hint: `Choose another name. ${more}`,
    details: { name },
  });
}
