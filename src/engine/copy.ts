import type { Platform } from "../platform/platform.ts";
import { cloneTree } from "./_clone_tree.ts";
import { oneByOne } from "./_fill_one_by_one.ts";
import { withRoom } from "./_room.ts";
import type { Engine } from "./contract.ts";

/** The engine that works everywhere: a deep copy, holes kept where the platform can. SPEC 5. */
export function copyEngine(platform: Platform): Engine {
  const cloneFile: Engine["cloneFile"] = (source, target, between) => {
    for (const _piece of target.copyPieces(source)) between?.();
  };
  const fill = withRoom(oneByOne((source, target) => target.copyPieces(source)));
  return {
    name: "copy",
    abilities: { keepsHoles: platform.abilities.holes },
    clone: (request) => cloneTree(platform, request, fill),
    cloneFile,
  };
}
