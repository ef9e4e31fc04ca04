import type { Platform } from "../platform/platform.ts";
import { cloneTree, ENTRY_BY_ENTRY } from "./_clone_tree.ts";
import { oneByOne } from "./_fill_one_by_one.ts";
import { withRoom } from "./_room.ts";
import type { Engine, EngineKind } from "./contract.ts";

/** The engine that works everywhere: a full copy that keeps holes if the platform can. SPEC 5. */
export function copyEngine(platform: Platform): Engine {
  const fill = withRoom(oneByOne((source, target) => target.copyPieces(source)));
  return {
    name: "copy",
    abilities: { ...ENTRY_BY_ENTRY, keepsHoles: platform.abilities.holes },
    clone: (request) => cloneTree(platform, request, fill),
  };
}

/** The copy engine in the list of engines. */
export const copyKind: EngineKind = { name: "copy", probe: () => ({ works: true }), make: copyEngine };
