import type { OpenFile, Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { cloneTree, ENTRY_BY_ENTRY } from "./_clone_tree.ts";
import { oneByOne } from "./_fill_one_by_one.ts";
import type { Engine } from "./contract.ts";
import { cloneByCp, reflinkCpEngine, reflinkFailure } from "./reflink_cp.ts";

/** Lets the empty file `target` share the blocks of `source`; throws `E_ENGINE_FAILED` if that is impossible. */
export type CloneFile = (source: OpenFile, target: OpenFile) => void;

/** The engine for file systems where files can share blocks. One call clones one file. SPEC 5. */
export function reflinkEngine(platform: Platform): Engine {
  return platform.abilities.cloneFile ? reflinkCallEngine(platform) : reflinkCpEngine(platform);
}

/** One call clones the whole file, so there are no pieces to report. */
const NO_PIECES: readonly number[] = [];

/** How this engine clones one file. */
export function reflinkFile(platform: Platform): CloneFile {
  return platform.abilities.cloneFile ? cloneByCall : cloneByCp;
}

function cloneByCall(source: OpenFile, target: OpenFile): void {
  try {
    target.cloneFrom(source);
  } catch (error) {
    throw isSystemError(error) ? reflinkFailure(error) : error;
  }
}

function reflinkCallEngine(platform: Platform): Engine {
  return {
    name: "reflink-copy",
    abilities: { ...ENTRY_BY_ENTRY, keepsHoles: true },
    clone: (request) =>
      cloneTree(
        platform,
        request,
        oneByOne((source, target) => {
          cloneByCall(source, target);
          return NO_PIECES;
        }),
      ),
  };
}
