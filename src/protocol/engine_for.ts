import type { EngineAbilities } from "../engine/contract.ts";
import { makeRoot } from "../engine/engines.ts";
import { type EngineChoice, selectEngine } from "../engine/select.ts";
import { isJvsError, unlessThrown } from "../model/errors.ts";
import type { Folder } from "../platform/platform.ts";
import type { Store } from "../repo/store.ts";
import type { RepositoryContext } from "./context.ts";

/** What to clone, and where to. */
interface CloneDirection {
  readonly source: Folder;
  /** A folder on the file system of the clone; that of the control plane by default. */
  readonly control?: Folder;
  /** What the engine must be able to do; nothing by default. */
  readonly needs?: Partial<EngineAbilities>;
}

/** Makes the empty root of a worktree, in the form that the engine for it wants. The mode is that of `makeFolder`. */
export function makeWorktreeRoot(
  { engine, store }: Pick<RepositoryContext, "engine" | "store">,
  folder: Folder,
  name: Uint8Array,
  mode?: number,
): void {
  makeRoot(store.platform, folder, name, { forced: engine ?? store.config.get("engine"), mode });
}

/** The engine that clones a tree into the repository or out of it: the forced one, that of the settings, or the best. */
export async function engineFor(
  { engine, store }: Pick<RepositoryContext, "engine" | "store">,
  { source, control, needs = {} }: CloneDirection,
): Promise<EngineChoice> {
  const { platform, config } = store;
  using ours = control === undefined ? openToTry(store) : undefined;
  const forced = engine ?? config.get("engine");
  return await selectEngine({ platform, source, control: ours ?? control as Folder, needs, forced });
}

/** Where engines are tried out: where others may write, out of their reach if that is possible, because a trial removes by its name what it made. */
function openToTry({ layout }: Store): Folder {
  if (layout.own === undefined) return layout.control.open();
  unlessThrown((error) => isJvsError(error), () => layout.ensureOwn());
  const { control, making, snapshots } = layout;
  return (making.path === snapshots.path ? control : making).open();
}
