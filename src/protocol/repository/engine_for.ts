import type { Engine } from "../../engine/contract.ts";
import { selectEngine } from "../../engine/select.ts";
import type { Folder } from "../../platform/platform.ts";
import type { Store } from "../../repo/store.ts";
import type { Context } from "../context.ts";

/** The engine that clones this tree into the repository, or out of it: forced from outside, by the settings, or the best. */
export async function engineFor(context: Context, store: Store, source: Folder): Promise<Engine> {
  using control = store.layout.control.open();
  return await selectEngine({
    platform: store.platform,
    source,
    control,
    forced: context.engine ?? store.config.get("engine"),
  });
}
