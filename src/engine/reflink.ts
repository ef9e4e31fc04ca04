import type { Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { cloneTree } from "./_clone_tree.ts";
import { oneByOne } from "./_fill_one_by_one.ts";
import { reflinkFailure } from "./_reflink_failure.ts";
import type { Engine } from "./contract.ts";
import { reflinkCpEngine } from "./reflink_cp.ts";

/** The engine for file systems that share blocks between files: each file is cloned by one call. SPEC 5. */
export function reflinkEngine(platform: Platform): Engine {
  return platform.abilities.cloneFile ? reflinkCallEngine(platform) : reflinkCpEngine(platform);
}

/** No pieces are left to wait for. */
const AT_ONCE: readonly number[] = [];

function reflinkCallEngine(platform: Platform): Engine {
  const cloneFile: Engine["cloneFile"] = (source, target) => {
    try {
      target.cloneFrom(source);
    } catch (error) {
      throw isSystemError(error) ? reflinkFailure(error) : error;
    }
  };
  return {
    name: "reflink-copy",
    abilities: { keepsHoles: true },
    clone: (request) =>
      cloneTree(
        platform,
        request,
        oneByOne((source, target) => {
          cloneFile(source, target);
          return AT_ONCE;
        }),
      ),
    cloneFile,
  };
}
