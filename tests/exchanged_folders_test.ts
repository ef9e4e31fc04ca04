import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { JvsError } from "../src/model/errors.ts";
import { isUuid } from "../src/model/ids.ts";
import { configTrust } from "../src/operation/config_trust.ts";
import { restore } from "../src/operation/restore.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { engineFor } from "../src/protocol/engine_for.ts";
import { openPlatform } from "../src/platform/open_platform.ts";
import { LinuxFolder } from "../src/platform/linux_folder.ts";
import { asUser } from "./support/as_user.ts";
import { BlackBox, type BlackBoxOptions } from "./support/black_box.ts";
import { callIn, repositoryIn } from "./support/context.ts";
import { exists, namesIn } from "./support/files.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

// A folder of another user's gets the name of one that JVS has just made, before JVS opens it: nothing is done in it.

const [ANN, TEAM] = [61001, 61003];
const needs = requires("root", "user", "ffi");

/** A repository of Ann's in which root calls operations, private unless the options say otherwise, and one snapshot. */
async function trustedBox(options: BlackBoxOptions = {}) {
  const box = await BlackBox.make({ user: ANN, ...options });
  const config = tempDir();
  const act = (script: string) =>
    void mustRun(...asUser(ANN, "sh", ["-ec", `cd '${box.main}'; umask 022; ${script}`]));
  act("echo one > f");
  const { snapshot_id: id } = await box.save("hers");
  const more = { userConfig: config.path };
  await callIn(box.main, configTrust, { repository: box.path }, more);
  const dispose = () => [box, config].forEach((each) => each[Symbol.dispose]());
  return { box, id, more, act, [Symbol.dispose]: dispose };
}

/** Runs something that must be refused, while Ann puts an open folder in the place of each one that JVS makes with such a name. */
async function refusedAfterExchange(
  isMeant: (name: string, folder: string) => boolean,
  body: () => Promise<unknown>,
): Promise<string[]> {
  const exchanged: string[] = [];
  const { makeFolder } = LinuxFolder.prototype;
  LinuxFolder.prototype.makeFolder = function (bytes, mode) {
    makeFolder.call(this, bytes, mode);
    const name = new TextDecoder().decode(bytes);
    if (!isMeant(name, this.path)) return;
    const path = `${this.path}/${name}`;
    Deno.renameSync(path, `${path}.away`);
    mustRun("install", "-d", "-m", "777", "-o", String(ANN), path);
    exchanged.push(path);
  };
  try {
    const error = await assertRejects(body, JvsError, "another user put it there");
    assertEquals(error.code, "E_PERMISSION");
  } finally {
    LinuxFolder.prototype.makeFolder = makeFolder;
  }
  assert(exchanged.length > 0);
  return exchanged;
}

Deno.test({
  name: "root fills no folder that got the name of the payload that root makes where its owner may rename",
  ...needs,
  async fn() {
    using trusted = await trustedBox({ group: TEAM });
    const { box, more, act } = trusted;
    act(`mkdir -p '${box.control}/runtime/users'; touch '${box.control}/runtime/users/0'`); // so it is made in snapshots/
    const isPayload = (name: string) => name.endsWith(".tmp");
    const [path = ""] = await refusedAfterExchange(
      isPayload,
      () => callIn(box.main, snapshot, {}, more),
    );
    assert(path.startsWith(`${box.control}/snapshots/`), path);
    assertEquals(namesIn(path), []);
  },
});

Deno.test({
  name: "root saves nothing in a private repository whose owner keeps root from having a folder there",
  ...needs,
  async fn() {
    using trusted = await trustedBox();
    const { box, more, act } = trusted;
    const own = `${box.control}/runtime/users/0`;
    act(`mkdir -p '${box.control}/runtime/users'; touch '${own}'`);
    const error = await assertRejects(() => callIn(box.main, snapshot, { note: "root's" }, more), JvsError);
    assertEquals(error.code, "E_PERMISSION");
    assertStringIncludes(error.message, own);
    act(`rm '${own}'`);
    await callIn(box.main, snapshot, { note: "root's" }, more);
    await box.audit();
  },
});

Deno.test({
  name: "a restore stages nothing in a folder that got the name of its staging",
  ...needs,
  async fn() {
    using trusted = await trustedBox();
    const { box, more, act } = trusted;
    act("echo two > f");
    let count = 0;
    const isHome = (name: string, folder: string) =>
      folder.endsWith("/users/0/staging") && isUuid(name) && ++count === 2; // the first one is to try a rename
    const run = () => callIn(box.main, restore, { snapshot: trusted.id }, more);
    const [path = ""] = await refusedAfterExchange(isHome, run);
    assertEquals(box.read("f"), "two\n");
    assert(!exists(`${path}/new`));
  },
});

Deno.test({
  name: "an engine is tried out where nobody else can put something in the place of what the trial removes",
  ...needs,
  async fn() {
    using trusted = await trustedBox();
    const { box, more } = trusted;
    const context = await repositoryIn(box.main, { ...more, engine: undefined });
    assertEquals(context.store.layout.plane.isOpenToOthers, true);
    using source = openPlatform().openFolder(box.main);
    const tried: string[] = [];
    const { openFile } = LinuxFolder.prototype;
    LinuxFolder.prototype.openFile = function (name, how, mode) {
      if (how === "create") tried.push(this.path);
      return openFile.call(this, name, how, mode);
    };
    try {
      await engineFor(context, { source });
    } finally {
      LinuxFolder.prototype.openFile = openFile;
    }
    assertEquals([...new Set(tried)], [`${box.control}/runtime/users/0/staging`]);
  },
});
