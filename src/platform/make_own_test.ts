import { assertEquals } from "@std/assert";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "../model/bytes.ts";
import { makeForCallerAlone, makeOwnFile, makeOwnFolder } from "./make_own.ts";
import { openPlatform } from "./open_platform.ts";

const SHARED = 0o2770;

function modeOf(path: string): string {
  return ((Deno.lstatSync(path).mode ?? 0) & 0o7777).toString(8);
}

for (const ffi of [true, false]) {
  const how = ffi ? "" : " without FFI";
  Deno.test(`makeForCallerAlone() makes what the group can read and only its owner write, for any umask${how}`, () => {
    using dir = tempDir();
    const platform = openPlatform({ ffi });
    using folder = platform.openFolder(dir.path);
    const usual = Deno.umask();
    try {
      for (const umask of [0o077, 0o022, 0]) {
        Deno.umask(umask);
        const name = umask.toString(8);
        for (let n = 0; n < 2; n++) {
          assertEquals(makeForCallerAlone(folder, bytesOf(name), platform.host.uid, SHARED), true);
        }
        using own = folder.openFolder(bytesOf(name));
        makeOwnFolder(own, bytesOf("inner"));
        makeOwnFile(own, bytesOf("file"))[Symbol.dispose]();
        const modes = ["", "/inner", "/file"].map((path) => modeOf(`${dir.path}/${name}${path}`));
        assertEquals(modes, ["6750", "6750", "640"]);
      }
    } finally {
      Deno.umask(usual);
    }
  });

  Deno.test(`makeForCallerAlone() takes no folder with content that it did not make, and does not change it${how}`, () => {
    using dir = tempDir();
    const platform = openPlatform({ ffi });
    using folder = platform.openFolder(dir.path);
    const make = (name: string) => makeForCallerAlone(folder, bytesOf(name), platform.host.uid, SHARED);
    for (const [name, mode] of [["closed", 0o755], ["open", 0o2775]] as const) {
      Deno.mkdirSync(`${dir.path}/${name}/intents`, { recursive: true });
      Deno.chmodSync(`${dir.path}/${name}`, mode);
      assertEquals([make(name), modeOf(`${dir.path}/${name}`)], [false, mode.toString(8)], name);
    }
    Deno.mkdirSync(`${dir.path}/empty`); // as a kill leaves it
    Deno.chmodSync(`${dir.path}/empty`, 0o700);
    assertEquals([make("empty"), modeOf(`${dir.path}/empty`)], [true, "6750"]);
    Deno.mkdirSync(`${dir.path}/another's`);
    Deno.chmodSync(`${dir.path}/another's`, 0o755);
    assertEquals(makeForCallerAlone(folder, bytesOf("another's"), platform.host.uid + 1, SHARED), false);
  });
}

Deno.test("what is made in a closed folder is closed to others' writing, for any umask", () => {
  using dir = tempDir();
  using folder = openPlatform().openFolder(dir.path);
  const usual = Deno.umask();
  try {
    for (const umask of [0o077, 0o002, 0]) {
      Deno.umask(umask);
      const name = umask.toString(8);
      makeOwnFolder(folder, bytesOf(name));
      makeOwnFile(folder, bytesOf(`${name}.file`))[Symbol.dispose]();
      const modes = ["", ".file"].map((end) => Number.parseInt(modeOf(`${dir.path}/${name}${end}`), 8));
      assertEquals(modes, [0o755 & ~umask, 0o644 & ~umask]);
    }
  } finally {
    Deno.umask(usual);
  }
});

Deno.test("what is made in a shared folder or in one user's own is closed until its mode is set", () => {
  using dir = tempDir();
  const platform = openPlatform();
  using folder = platform.openFolder(dir.path);
  assertEquals(makeForCallerAlone(folder, bytesOf("own"), platform.host.uid, SHARED), true);
  Deno.mkdirSync(`${dir.path}/shared`);
  Deno.chmodSync(`${dir.path}/shared`, SHARED);
  const usual = Deno.umask(0);
  try {
    for (const name of ["own", "shared"]) {
      using into = folder.openFolder(bytesOf(name));
      const modes: unknown[] = [];
      const watched = new Proxy(into, {
        get(target, key) {
          const value = Reflect.get(target, key, target);
          if (typeof value !== "function") return value;
          return (...args: unknown[]) => {
            if (key === "openFile" || key === "makeFolder") modes.push(args.at(-1));
            return value.apply(target, args);
          };
        },
      });
      makeOwnFile(watched, bytesOf("file"))[Symbol.dispose]();
      assertEquals(modes, [0o600], name);
      if (name === "own") makeOwnFolder(watched, bytesOf("folder"));
      assertEquals(modes.slice(1), name === "own" ? [0o700] : [], name);
    }
  } finally {
    Deno.umask(usual);
  }
});
