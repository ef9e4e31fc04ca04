import { assert, assertEquals } from "@std/assert";
import type { Engine } from "../../src/engine/contract.ts";
import { bytesOf } from "../../src/model/bytes.ts";
import { isJvsError } from "../../src/model/errors.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { type PoorKind, sharedDisk } from "../support/disk_image.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";
import { EngineFixture } from "./engine_fixture.ts";

/** What a clone loses of a tree with one thing in it: kinds of degradations, or the end of an error's message. */
type Lost = string[] | RegExp;

/** What a shell makes, and what becomes of it on each disk. All files there have the mode and owner that the mount says. */
const CASES: Readonly<Record<string, { make: string } & Record<PoorKind, Lost>>> = {
  "a symbolic link": { make: "ln -s a entry", ntfs: [], exfat: ["type"] },
  "a hard link": { make: "echo x > a; ln a entry", ntfs: ["mode"], exfat: ["hardlink", "mode"] },
  "a FIFO": { make: "mkfifo entry", ntfs: ["mode"], exfat: ["type"] },
  "a device": { make: "mknod entry c 1 3", ntfs: ["mode"], exfat: ["type"] },
  "an owner": { make: "echo x > entry; chown 1234 entry", ntfs: ["mode", "owner"], exfat: ["mode", "owner"] },
  "an attribute": {
    make: "echo x > entry; setfattr -n user.x -v 1 entry",
    ntfs: ["mode"],
    exfat: ["mode", "xattr"],
  },
  "an ACL": { make: "echo x > entry; setfacl -m u:1:r entry", ntfs: ["mode"], exfat: ["acl", "mode"] },
  "a fine time": {
    make: "echo x > entry; T=@1.987654321",
    ntfs: ["mode", "times"],
    exfat: ["mode", "times"],
  },
  "a hole": { make: "truncate -s 1M entry", ntfs: ["mode"], exfat: ["mode"] },
  "a name that is no UTF-8": {
    make: `echo x > "$(printf 'entry\\377')"`,
    ntfs: /does not take such a name/,
    exfat: /does not take such a name/,
  },
  "two names that differ in case": {
    make: "echo x > entry; echo y > ENTRY",
    ntfs: ["mode"],
    exfat: /entry": something with that name already exists$/,
  },
};

/** For disks that keep little: what a clone onto one from a richer disk loses is said, or it fails with an error that names the entry. */
export function testPoorDisks({ name, make }: { name: string; make: (platform: Platform) => Engine }): void {
  for (const kind of ["ntfs", "exfat"] as const) {
    const needed = requires("root", "ffi", "acl", "attr", "ext4", kind);
    for (const as of ["payload", "worktree"] as const) {
      Deno.test(
        `${name}.clone() says what a ${as} on ${kind} loses of a tree from ext4`,
        needed,
        async () => {
          using here = await sharedDisk("ext4");
          using there = await sharedDisk(kind);
          const platform = openPlatform();
          const fixture = new EngineFixture(platform, make(platform), here.path);
          for (const [what, { make: script, ...lost }] of Object.entries(CASES)) {
            Deno.mkdirSync(fixture.at(what));
            const old = 'touch -h -d "${T:-@1500000000}" -- * .';
            mustRun("sh", "-ec", `cd "$0"; ${script}; ${old}`, fixture.at(what));
            const expected = lost[kind];
            const came = await lossesOf(fixture, what, there.path, as);
            if (expected instanceof RegExp) assert(expected.test(String(came)), `${what}: ${came}`);
            else assertEquals(came, expected, what);
          }
        },
      );
    }
  }
}

/** The kinds of what a clone lost below its root, or the message of its error. */
async function lossesOf(
  fixture: EngineFixture,
  name: string,
  there: string,
  as: "payload" | "worktree",
): Promise<string[] | string> {
  const table = await fixture.scan(name);
  using source = fixture.open(name);
  using into = fixture.platform.openFolder(there);
  const request = { source, table, gaps: new Set<number>(), into, name: bytesOf(name), as };
  try {
    const { degradations } = await fixture.engine.clone(request);
    const { first } = degradations.toRecord();
    return [...new Set(first.filter(({ path }) => path !== "").map(({ kind }) => kind))].sort();
  } catch (error) {
    if (!isJvsError(error)) throw error;
    return error.message;
  }
}
