import type { OpenFile, Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import type { CloneFile } from "./_clone_file.ts";
import { cloneTree, ENTRY_BY_ENTRY } from "./_clone_tree.ts";
import { oneByOne } from "./_fill_one_by_one.ts";
import { reflinkFailure } from "./_reflink_failure.ts";
import type { Engine } from "./contract.ts";
import { cloneByCp, reflinkCpEngine } from "./reflink_cp.ts";

/** The engine for file systems that share blocks between files: each file is cloned by one call. SPEC 5. */
export function reflinkEngine(platform: Platform): Engine {
  return platform.abilities.cloneFile ? reflinkCallEngine(platform) : reflinkCpEngine(platform);
}

/** No pieces are left to wait for. */
const AT_ONCE: readonly number[] = [];

/** Clones one file as the engine does. */
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
          return AT_ONCE;
        }),
      ),
  };
}
