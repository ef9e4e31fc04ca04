import type { Engine, EngineAbilities } from "../engine/contract.ts";
import { type EngineChoice, selectEngine } from "../engine/select.ts";
import type { Folder } from "../platform/platform.ts";
import type { Store } from "../repo/store.ts";
import type { Context, RepositoryContext } from "./context.ts";

/** What to clone, and where to. */
export interface CloneDirection {
  readonly source: Folder;
  /** A folder on the file system of the clone; that of the control plane by default. */
  readonly control?: Folder;
  /** What the engine must be able to do; nothing by default. */
  readonly needs?: Partial<EngineAbilities>;
}

/** The engine that clones a tree into the repository or out of it: the forced one, that of the settings, or the best. */
export async function engineFor(
  context: Pick<RepositoryContext, "engine" | "store">,
  direction: CloneDirection,
): Promise<Engine> {
  return (await chooseEngine(context, context.store, direction)).engine;
}

/** The same, with the reason. */
export async function chooseEngine(
  context: Pick<Context, "engine">,
  store: Store,
  { source, control, needs }: CloneDirection,
): Promise<EngineChoice> {
  const { platform, layout } = store;
  using ours = control === undefined ? layout.control.open() : undefined;
  return await selectEngine({
    platform,
    source,
    control: ours ?? control as Folder,
    ...(needs === undefined ? {} : { needs }),
    forced: context.engine ?? store.config.get("engine"),
  });
}
