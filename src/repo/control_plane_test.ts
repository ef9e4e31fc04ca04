import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { makeControlFolders } from "../../tests/support/control_plane.ts";
import { exists, namesIn } from "../../tests/support/files.ts";
import { openFilesIn } from "../../tests/support/open_files.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { JvsError } from "../model/errors.ts";
import { openPlatform } from "../platform/open_platform.ts";
import type { Folder } from "../platform/platform.ts";
import { RefusedPath } from "./control_errors.ts";
import { Layout, type LayoutOptions } from "./layout.ts";

const STRANGER = 12345;
const ID = "1700000000000-0123abcd";

/** Declares a test with a control plane that has a file and a folder, and a folder outside with the same. */
function onPlane(
  name: string,
  check: (given: { layout: Layout; outside: string }) => void,
  ...needs: ("root" | "ffi")[]
) {
  for (const ffi of [true, false]) {
    const needed = requires(...(ffi ? ["ffi" as const] : []), ...needs);
    Deno.test(`${name} (${ffi ? "Linux" : "portable"})`, needed, () => {
      using dir = tempDir();
      const layout = new Layout(`${dir.path}/repo`, { platform: openPlatform({ ffi }) });
      makeControlFolders(layout, ...layout.folders);
      const outside = `${dir.path}/outside`;
      Deno.mkdirSync(outside);
      for (const folder of [layout.refs.path, outside]) Deno.writeTextFileSync(`${folder}/one.json`, "one");
      check({ layout, outside });
    });
  }
}

function codeOf(call: () => unknown): string {
  return assertThrows(call, RefusedPath).code;
}

onPlane("ControlPath reads, writes and removes what is its own", ({ layout }) => {
  const one = layout.ref("one");
  assertEquals([one.readFresh(), one.readOnce(), one.isThere(), one.name], ["one", "one", true, "one.json"]);
  one.write("two");
  assertEquals(assertThrows(() => one.create("three"), JvsError).code, "E_ALREADY_EXISTS");
  assertEquals([one.readFresh(), layout.refs.names()], ["two", ["one.json"]]);
  one.rename("next.json");
  assertEquals([one.readFresh(), one.readOnce(), one.remove(), one.isThere()], [
    undefined,
    undefined,
    false,
    false,
  ]);
  assertEquals(layout.ref("next").remove(), true);
  layout.refs.removeFolder();
  assertEquals([layout.refs.names(), one.readFresh(), one.remove()], [[], undefined, false]);
  assertEquals([layout.refs.make(), layout.refs.make()], [true, false]);
});

onPlane("ControlPath follows no link to a folder", ({ layout, outside }) => {
  Deno.removeSync(layout.refs.path, { recursive: true });
  Deno.symlinkSync(outside, layout.refs.path);
  const one = layout.ref("one");
  const calls = [
    () => layout.refs.open(),
    () => layout.refs.names(),
    () => one.readFresh(),
    () => one.readOnce(),
    () => one.isThere(),
    () => one.write("x"),
    () => layout.ref("two").create("x"),
    () => one.remove(),
    () => one.rename("x"),
    () => one.openFile("write"),
    () => layout.refs.at("more").make(),
    () => layout.refs.at("more").removeFolder(),
  ];
  assertEquals(calls.map(codeOf), calls.map(() => "E_PATH_ESCAPE"));
  assertEquals(Deno.readTextFileSync(`${outside}/one.json`), "one");
  assertEquals([...Deno.readDirSync(outside)].length, 1);
});

onPlane(
  "ControlPath follows no link to a payload: a payload that is a link is refused",
  ({ layout, outside }) => {
    const payloads = [layout.payload(ID), layout.unfinishedPayload(ID)];
    for (const { path } of payloads) Deno.symlinkSync(outside, path);
    assertEquals(payloads.map((payload) => codeOf(() => payload.open())), ["E_PATH_ESCAPE", "E_PATH_ESCAPE"]);
    assertEquals(codeOf(() => payloads[0]?.names()), "E_PATH_ESCAPE");
  },
);

onPlane("ControlPath opens no link, FIFO or folder in the place of a file", ({ layout, outside }) => {
  const one = layout.ref("one");
  const plants: [plant: () => void, code: string][] = [
    [() => Deno.symlinkSync(`${outside}/one.json`, one.path), "E_PATH_ESCAPE"],
    [() => mustRun("mkfifo", one.path), "E_PERMISSION"],
    [() => Deno.mkdirSync(one.path), "E_PERMISSION"],
  ];
  for (const [plant, code] of plants) {
    Deno.removeSync(one.path);
    plant();
    const calls = [
      () => one.readFresh(),
      () => one.readOnce(),
      () => one.openFile("read"),
      () => one.openFile("write"),
    ];
    assertEquals(calls.map(codeOf), calls.map(() => code));
    assertEquals(
      layout.refs.refusals().length,
      code === "E_PERMISSION" && Deno.lstatSync(one.path).isDirectory ? 0 : 1,
    );
  }
  Deno.removeSync(one.path);
  Deno.symlinkSync(`${outside}/one.json`, one.path);
  one.write("ours"); // takes the link's place
  assertEquals([one.readFresh(), Deno.readTextFileSync(`${outside}/one.json`)], ["ours", "one"]);
});

onPlane("ControlPath writes into no file that has another name", ({ layout, outside }) => {
  const one = layout.ref("one");
  Deno.linkSync(one.path, `${outside}/other`);
  const error = assertThrows(() => one.openFile("write"), RefusedPath, "2 names");
  assertEquals([error.code, one.readFresh()], ["E_PERMISSION", "one"]);
});

onPlane(
  "ControlPath uses nothing of another user, but for payloads",
  ({ layout }) => {
    const one = layout.ref("one");
    Deno.chownSync(one.path, STRANGER, STRANGER);
    assertEquals(assertThrows(() => one.readFresh(), RefusedPath, `(${STRANGER})`).code, "E_PERMISSION");
    assertEquals(layout.refs.refusals().map(({ path }) => path), [one.path]);
    Deno.chownSync(layout.refs.path, STRANGER, STRANGER);
    assertEquals([codeOf(() => layout.refs.open()), codeOf(() => one.isThere())], [
      "E_PERMISSION",
      "E_PERMISSION",
    ]);
    Deno.mkdirSync(layout.payload(ID).path);
    Deno.chownSync(layout.payload(ID).path, STRANGER, STRANGER);
    layout.payload(ID).open()[Symbol.dispose]();
  },
  "root",
);

onPlane(
  "ControlPlane reads nothing of a control plane whose owner is not trusted",
  ({ layout }) => {
    Deno.removeSync(layout.formatVersion.parent.path + "/refs", { recursive: true });
    mustRun("mkfifo", layout.config.path);
    Deno.chownSync(layout.control.path, STRANGER, STRANGER);
    for (
      const call of [
        () => layout.config.readFresh(),
        () => layout.refs.isThere(),
        () => layout.control.names(),
      ]
    ) {
      assertEquals(assertThrows(call, JvsError).code, "E_UNTRUSTED");
    }
  },
  "root",
);

const NOT_OF_JVS: [name: string, plant: (origin: string) => void][] = [
  ["nothing", () => {}],
  ["a folder without the mark", (origin) => Deno.mkdirSync(origin, { mode: 0o700 })],
  ["one that others may write", (origin) => (Deno.mkdirSync(origin), Deno.chmodSync(origin, 0o4770))],
  ["a file", (origin) => Deno.writeTextFileSync(origin, "")],
  ["a link", (origin) => {
    Deno.mkdirSync(`${origin}-x`);
    Deno.chmodSync(`${origin}-x`, 0o4700);
    Deno.symlinkSync("origin-x", origin);
  }],
];

onPlane(
  "ControlPlane uses no closed `.jvs` that JVS did not make, unless the user answers for it",
  ({ layout }) => {
    const { control, root } = layout;
    const origin = `${control.path}/origin`;
    const reads = (options: LayoutOptions = {}) => new Layout(root, options).formatVersion.readFresh();
    for (const [name, plant] of NOT_OF_JVS) {
      for (const mode of [0o700, 0o755, 0o4700]) {
        Deno.chmodSync(control.path, mode);
        Deno.removeSync(origin);
        plant(origin);
        const error = assertThrows(() => reads(), JvsError, "nothing shows that JVS made it");
        const probes = namesIn(control.path).filter((name) => name.startsWith("probe"));
        assertEquals([error.code, probes], ["E_UNTRUSTED", []]);
        assertStringIncludes(error.hint, "--repair-runtime", name);
        for (const answer of [{ takesUnmarked: true }, { trustedRoots: [root] }]) reads(answer);
        if (name !== "nothing") Deno.removeSync(origin);
        if (name === "a link") Deno.removeSync(`${origin}-x`);
        assertEquals([new Layout(root).plane.mark(), layout.plane.mark()], [true, false]);
        reads();
      }
    }
    Deno.chmodSync(control.path, 0o2770); // others may write: what decides lies in folders of each user
    reads();
    assertEquals([layout.plane.mark(), exists(origin)], [false, false]);
    Deno.chmodSync(control.path, 0o700); // nobody knows what they wrote meanwhile
    assertThrows(() => reads(), JvsError, "nothing shows");
    Deno.mkdirSync(`${control.path}/makers`);
    assertThrows(() => layout.plane.mark(), JvsError, "a group shared it");
    assertEquals(new Layout(root, { trustedRoots: [root] }).plane.mark(), false);
  },
);

onPlane("ControlPlane makes no `.jvs` of a folder that somebody put in its place", ({ layout }) => {
  using dir = tempDir();
  using folder = layout.plane.platform.openFolder(dir.path);
  const exchanged: Folder = new Proxy(folder, {
    get: (target, name) => {
      if (name === "makeFolder") return () => Deno.mkdirSync(`${dir.path}/.jvs/runtime`, { recursive: true });
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  assertThrows(() => layout.plane.make(exchanged, 0o700), JvsError, "nothing shows");
  assertEquals(namesIn(`${dir.path}/.jvs`), ["runtime"]);
});

onPlane(
  "ControlPlane uses nothing that others may write, where they may enter and it is not shared",
  ({ layout }) => {
    const one = layout.ref("one");
    Deno.chmodSync(layout.control.path, 0o700);
    for (const path of [one.path, layout.refs.path]) {
      Deno.chmodSync(path, 0o777);
      one.readFresh();
      Deno.chmodSync(layout.control.path, 0o755);
      assertThrows(() => one.readFresh(), RefusedPath, "others may write it");
      Deno.chmodSync(layout.control.path, 0o700);
      Deno.chmodSync(path, 0o755);
    }
  },
);

onPlane(
  "a user marks only a `.jvs` of their own, and a mark of another user's counts for nothing",
  ({ layout }) => {
    const { control, root } = layout;
    Deno.chownSync(`${control.path}/origin`, STRANGER, STRANGER);
    assertThrows(() => new Layout(root).formatVersion.readFresh(), JvsError, "nothing shows");
    Deno.removeSync(`${control.path}/origin`);
    Deno.chownSync(control.path, STRANGER, STRANGER);
    assertEquals(layout.plane.mark(), false);
  },
  "root",
);

onPlane(
  "ControlPath keeps no descriptor open, whether it succeeds or not; hold() does as long as it is held",
  ({ layout }) => {
    const before = openFilesIn(layout.root);
    layout.ref("one").readFresh();
    mustRun("mkfifo", layout.ref("pipe").path);
    codeOf(() => layout.ref("pipe").readOnce());
    assertEquals(layout.ref("none").readOnce(), undefined);
    assertEquals(openFilesIn(layout.root), before);
    {
      using _held = layout.plane.hold([layout.refs, layout.refs.at("missing")]);
      using _again = layout.plane.hold([layout.refs]);
      assert(layout.ref("one").isThere());
    }
    assertEquals(openFilesIn(layout.root), before);
  },
);
