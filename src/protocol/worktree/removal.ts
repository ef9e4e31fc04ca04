import { bytesOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { integer, nullable, record, SchemaMismatch } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import { inodeOf, makeMovable, movePayload, openPayloads, openStaging } from "./payload_roots.ts";

const Removal = record({ root_mode: nullable(integer()) });

/** Takes a payload root out of sight; nobody reaches it by its path any more. Repeatable. */
export function takeOut(store: Store, worktree: WorktreeConfig, intent: OpenIntent): void {
  using payloads = openPayloads(store);
  const name = payloadName(worktree);
  if (inodeOf(payloads, name) === undefined) return;
  using root = payloads.openFolder(name);
  intent.step("taking out", { root_mode: makeMovable(root) });
  using staging = openStaging(store);
  movePayload(payloads, name, staging, bytesOf(intent.id));
  payloads.sync();
  staging.sync();
}

/** Puts a payload root that was taken out back in its place. Repeatable. */
export function putBack(store: Store, worktree: WorktreeConfig, intent: OpenIntent): void {
  using staging = openStaging(store);
  using payloads = openPayloads(store);
  const name = payloadName(worktree);
  if (inodeOf(staging, bytesOf(intent.id)) !== undefined) {
    if (inodeOf(payloads, name) !== undefined) throw inTheWay(store, worktree, intent);
    movePayload(staging, bytesOf(intent.id), payloads, name);
    payloads.sync();
    staging.sync();
  }
  const mode = rootMode(intent);
  if (mode !== null && inodeOf(payloads, name) !== undefined) payloads.setMode(name, mode);
}

/** The folder's own name: a worktree that was made here stands in `worktrees/`. */
export function payloadName({ path }: WorktreeConfig): Uint8Array<ArrayBuffer> {
  return bytesOf(path.slice(path.lastIndexOf("/") + 1));
}

function rootMode(intent: OpenIntent): number | null {
  try {
    return Removal.check(intent.intent.details).root_mode;
  } catch (error) {
    if (error instanceof SchemaMismatch) return null; // it did not come so far
    throw error;
  }
}

function inTheWay(store: Store, worktree: WorktreeConfig, intent: OpenIntent): JvsError {
  const path = store.layout.staging.at(intent.id).path;
  return new JvsError(
    "E_ALREADY_EXISTS",
    `Cannot put worktree "${worktree.name}" back after its removal was interrupted: something new stands in its place`,
    {
      hint: `Move "${
        store.worktrees.root(worktree)
      }" away and try again. All that was in the worktree is in "${path}".`,
      details: { worktree: worktree.name, path },
    },
  );
}
