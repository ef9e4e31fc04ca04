import { LinuxPlatform } from "./linux.ts";
import { LinuxSubvolumes } from "./linux_subvolumes.ts";
import type { Platform } from "./platform.ts";
import type { Subvolumes } from "./subvolumes.ts";

/** The subvolumes, where the system has calls for them. */
export function subvolumesOf(platform: Platform): Subvolumes | undefined {
  return platform instanceof LinuxPlatform ? new LinuxSubvolumes(platform.libc) : undefined;
}
