import { JvsError } from "../model/errors.ts";
import type { Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { cloneTree } from "./_clone_tree.ts";
import { oneByOne } from "./_fill_one_by_one.ts";
import type { Engine } from "./contract.ts";
import { reflinkCpEngine } from "./reflink_cp.ts";

/** The engine for file systems that share blocks between files: each file is cloned by one call. SPEC 5. */
export function reflinkEngine(platform: Platform): Engine {
  return platform.abilities.cloneFile ? reflinkCallEngine(platform) : reflinkCpEngine(platform);
}

function reflinkCallEngine(platform: Platform): Engine {
  const cloneFile: Engine["cloneFile"] = (source, target) => {
    try {
      target.cloneFrom(source);
    } catch (error) {
      // A full or broken disk is the same with every engine.
      throw isSystemError(error, "ENOSPC", "EDQUOT", "EIO", "EROFS") ? error : cannotClone(error);
    }
  };
  return {
    name: "reflink-copy",
    abilities: { sharesFiles: true, sharesBlocks: true, keepsHoles: true },
    clone: (request) => cloneTree(platform, request, oneByOne(cloneFile)),
    cloneFile,
  };
}

/** `E_ENGINE_FAILED` for a file that the file system would not clone: never a quiet fallback. */
function cannotClone(error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new JvsError("E_ENGINE_FAILED", `${error.message}, so reflink-copy cannot clone this tree`, {
    hint: "Use JVS_SNAPSHOT_ENGINE=copy, or leave that file out by .jvsignore.",
    details: { ...error.details, engine: "reflink-copy" },
    cause: error,
  });
}
