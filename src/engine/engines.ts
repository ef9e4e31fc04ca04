import type { EngineName } from "../model/records.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import { removeTree, type RemoveTreeOptions } from "../tree/remove_tree.ts";
import { btrfsSnapshot } from "./btrfs_snapshot.ts";
import type { EngineAbilities, EngineKind } from "./contract.ts";
import { copyEngine } from "./copy.ts";
import { juicefsEngine, probeJuicefs, removeOnJuicefs } from "./juicefs_clone.ts";
import { probeReflink, reflinkEngine } from "./reflink.ts";

const copyKind: EngineKind = { name: "copy", probe: () => ({ works: true }), make: copyEngine };

/** All engines, the best first. A new engine needs an entry here, and its name in `ENGINE_NAMES` (model/records.ts). */
export const ENGINES: EngineKind[] = [
  { name: "juicefs-clone", probe: probeJuicefs, make: juicefsEngine, remove: removeOnJuicefs },
  btrfsSnapshot,
  { name: "reflink-copy", probe: probeReflink, make: reflinkEngine },
  copyKind,
];

/** The abilities of an engine. For an engine that this version does not have: those of an entry-by-entry engine. */
export function abilitiesOf(name: EngineName, platform: Platform): EngineAbilities {
  return (ENGINES.find((kind) => kind.name === name) ?? copyKind).make(platform).abilities;
}

/**
 * Makes the empty root of a worktree, in the form that the best engine wants which can; a plain folder where none does.
 * `forced` is the engine that the user demands, or `auto`. The mode is that of `Folder.makeFolder`.
 */
export function makeRoot(
  platform: Platform,
  folder: Folder,
  name: Uint8Array,
  { forced, mode }: { readonly forced: string; readonly mode?: number | undefined },
): void {
  const kinds = ENGINES.filter((kind) => forced === "auto" || forced === kind.name);
  if (!kinds.some((kind) => kind.makeRoot?.(platform, folder, name, mode))) folder.makeFolder(name, mode);
}

/** Removes a whole tree that an engine made. It need not exist. Otherwise like `removeTree`. */
export async function removeClone(
  platform: Platform,
  folder: Folder,
  name: Uint8Array,
  options: RemoveTreeOptions = {},
): Promise<void> {
  for (const { remove } of ENGINES) if (await remove?.(platform, folder, name, options)) return;
  await removeTree(folder, name, options);
}
