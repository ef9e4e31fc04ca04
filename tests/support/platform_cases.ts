import { assert, assertThrows } from "@std/assert";
import { type DiskKind, sharedDisk } from "./disk_image.ts";
import { requires } from "./requires.ts";
import { tempDir } from "./temp_dir.ts";
import { bytesOf } from "../../src/model/bytes.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { LinuxPlatform } from "../../src/platform/linux.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import type { Folder, Platform } from "../../src/platform/platform.ts";
import { Stat } from "../../src/platform/stat.ts";
import { SystemError } from "../../src/platform/system_error.ts";

/** The kinds of disks on which the platform is tested. */
export const DISKS = ["ext4", "xfs", "btrfs", "tmpfs", "overlay"] as const;
/** Names that many tests use. */
export const a = bytesOf("a");
export const b = bytesOf("b");
export const dot = bytesOf(".");

/** The arguments of a test of a platform. */
export interface Case {
  readonly platform: Platform;
  /** A new folder. */
  readonly folder: Folder;
  /** Its path. */
  readonly path: string;
}

// The second one is Linux with a C library older than 2018.
const platforms: [name: string, needs: { ignore: boolean }, open: () => Platform][] = [
  ["Linux", requires("ffi"), () => openPlatform()],
  ["Linux by call numbers", requires("ffi"), () => new LinuxPlatform(openLibc({ viaSyscall: true }))],
  ["portable", { ignore: false }, () => openPlatform({ ffi: false })],
];

/** Declares a test for all platforms. */
export function eachPlatform(name: string, check: (given: Case) => void | Promise<void>): void {
  for (const [platformName, needs, open] of platforms) {
    Deno.test({
      name: `${name} (${platformName})`,
      ...needs,
      fn: async () => {
        using temp = tempDir();
        const platform = open();
        using folder = platform.openFolder(temp.path);
        await check({ platform, folder, path: temp.path });
      },
    });
  }
}

/** Declares a test for Linux with the C library. */
export function onLinux(
  name: string,
  check: (given: Case) => void | Promise<void>,
  ...needs: Parameters<typeof requires>
): void {
  Deno.test({
    name,
    ...requires("ffi", ...needs),
    fn: async () => {
      using temp = tempDir();
      const platform = openPlatform();
      using folder = platform.openFolder(temp.path);
      await check({ platform, folder, path: temp.path });
    },
  });
}

/** Declares a test for Linux on several kinds of disks. */
export function onDisks(
  name: string,
  kinds: readonly DiskKind[],
  check: (given: Case, kind: DiskKind) => void,
  ...needs: Parameters<typeof requires>
): void {
  for (const kind of kinds) {
    Deno.test({
      name: `${name} (${kind})`,
      ...requires("ffi", kind, ...needs),
      fn: async () => {
        using temp = await sharedDisk(kind);
        const platform = openPlatform();
        using folder = platform.openFolder(temp.path);
        check({ platform, folder, path: temp.path }, kind);
      },
    });
  }
}

/** The stat of a name that exists. */
export function statOf(folder: Folder, name: Uint8Array): Stat {
  const stat = new Stat();
  assert(folder.stat(name, stat));
  return stat;
}

/** Makes a file. */
export function write(folder: Folder, name: Uint8Array, text: string): void {
  using file = folder.openFile(name, "create");
  file.write(bytesOf(text));
}

/** The error code with which a call fails. */
export function errnoOf(call: () => unknown): string {
  return assertThrows(call, SystemError).errno;
}
