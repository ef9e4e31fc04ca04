import { JvsError } from "../model/errors.ts";
import { LibcUnavailable, openLibc } from "./libc.ts";
import { LinuxPlatform } from "./linux.ts";
import type { Platform } from "./platform.ts";
import { PortablePlatform } from "./portable.ts";

let usual: Platform | undefined;
let portable: Platform | undefined;

/**
 * The platform of this system, opened once. Only this function asks which system it is. `ffi: false` does without the C
 * library; another `os` lets tests try the refusal of other systems.
 */
export function openPlatform({ ffi = true, os = Deno.build.os } = {}): Platform {
  if (!ffi) return portable ??= new PortablePlatform();
  return os === Deno.build.os ? usual ??= chosen(os) : chosen(os);
}

function chosen(os: typeof Deno.build.os): Platform {
  if (os === "linux") {
    try {
      return new LinuxPlatform(openLibc());
    } catch (error) {
      // Not permitted, or an unknown C library: the portable platform keeps less, and its abilities say so.
      if (error instanceof LibcUnavailable) return openPlatform({ ffi: false });
      throw error;
    }
  }
  throw new JvsError("E_ENGINE_UNAVAILABLE", `Cannot work on ${os}: JVS runs on Linux so far`, {
    hint: "Run it on a Linux machine, in a container or in WSL 2.",
    details: { os },
  });
}
