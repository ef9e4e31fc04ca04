import { assert, assertEquals, assertThrows } from "@std/assert";
import { diskImage } from "../../tests/support/disk_image.ts";
import { namesIn } from "../../tests/support/files.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { JvsError } from "../model/errors.ts";
import { readOwnWord, UserFolder } from "./user_folder.ts";

const STRANGER = 61002;

function modeOf(path: string): string {
  return ((Deno.lstatSync(path).mode ?? 0) & 0o7777).toString(8);
}

function refusedFor(path: string, name = "f"): string {
  const word = readOwnWord(path, name);
  assert(word !== undefined && "refused" in word, `believed: ${JSON.stringify(word)}`);
  return word.refused;
}

function assertRefused(work: () => unknown, state: string): void {
  assertEquals(assertThrows(work, JvsError, state).code, "E_PERMISSION");
}

Deno.test("readOwnWord() gives the text of the user's own file, also by links of the user's own", () => {
  using dir = tempDir();
  assertEquals(readOwnWord(dir.path, "f"), undefined);
  assertEquals(readOwnWord(`${dir.path}/none`, "f"), undefined);
  Deno.writeTextFileSync(`${dir.path}/f`, "words");
  assertEquals(readOwnWord(dir.path, "f"), { text: "words" });
  Deno.mkdirSync(`${dir.path}/other`);
  Deno.symlinkSync("../f", `${dir.path}/other/f`);
  Deno.symlinkSync("other", `${dir.path}/link`);
  assertEquals(readOwnWord(`${dir.path}/link`, "f"), { text: "words" });
});

Deno.test("readOwnWord() does not believe what another user may write, and what is no file", () => {
  using dir = tempDir();
  const [folder, file] = [`${dir.path}/own`, `${dir.path}/own/f`];
  Deno.mkdirSync(file, { recursive: true });
  assertEquals(refusedFor(folder), `"${file}" is no file`);
  Deno.removeSync(file);
  mustRun("mkfifo", file); // and does not wait for its other end
  assertEquals(refusedFor(folder), `"${file}" is no file`);
  Deno.removeSync(file);
  Deno.writeTextFileSync(file, "words");
  for (
    const [path, mode, usual] of [[file, 0o664, 0o644], [file, 0o646, 0o644], [folder, 0o777, 0o755]] as const
  ) {
    Deno.chmodSync(path, mode);
    assertEquals(refusedFor(folder), `other users may write "${path}"`);
    Deno.chmodSync(path, usual);
  }
  mustRun("truncate", "-s", "1T", file);
  assertEquals(refusedFor(folder), `"${file}" has ${2 ** 40} bytes`);
});

Deno.test("readOwnWord() does not believe the folder or file of another user", requires("root"), () => {
  using dir = tempDir();
  const [folder, file] = [`${dir.path}/own`, `${dir.path}/own/f`];
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(file, "words");
  for (const path of [file, folder]) {
    Deno.chownSync(path, STRANGER, STRANGER);
    assertEquals(refusedFor(folder), `"${path}" belongs to ${STRANGER}`);
    Deno.chownSync(path, 0, 0);
  }
  assertEquals(readOwnWord(folder, "f"), { text: "words" });
});

Deno.test("UserFolder.open() makes what is missing for the user alone, and refuses what is no folder", () => {
  using dir = tempDir();
  const path = `${dir.path}/config/jvs`;
  using folder = UserFolder.open(path);
  assertEquals([modeOf(`${dir.path}/config`), modeOf(path)], ["700", "700"]);
  folder.write("f", "one");
  assertEquals([modeOf(`${path}/f`), Deno.readTextFileSync(`${path}/f`)], ["600", "one"]);
  assertRefused(() => UserFolder.open(`${path}/f`), "it is no folder");
  Deno.symlinkSync("gone", `${dir.path}/dangling`);
  assertThrows(() => UserFolder.open(`${dir.path}/dangling`), JvsError);
  Deno.symlinkSync("config", `${dir.path}/linked`); // the user's own
  using same = UserFolder.open(`${dir.path}/linked/jvs`);
  same.write("f", "two");
  assertEquals(Deno.readTextFileSync(`${path}/f`), "two");
  Deno.chmodSync(path, 0o775);
  assertRefused(() => UserFolder.open(path), "other users may write it");
});

Deno.test(
  "UserFolder.open() leaves the folders of another user alone, for root too",
  requires("root"),
  () => {
    using dir = tempDir({ owner: STRANGER });
    assertRefused(() => UserFolder.open(dir.path), `it belongs to ${STRANGER}`);
    assertRefused(() => UserFolder.open(`${dir.path}/.config/jvs`), `it belongs to ${STRANGER}`);
    assertEquals(namesIn(dir.path), []);
  },
);

Deno.test("UserFolder.write() and remove() change a file of the user's own, with its mode, and nothing else", () => {
  using dir = tempDir();
  using folder = UserFolder.open(`${dir.path}/own`);
  const file = `${dir.path}/own/f`;
  Deno.writeTextFileSync(file, "one");
  Deno.chmodSync(file, 0o640);
  folder.write("f", "two");
  assertEquals([modeOf(file), Deno.readTextFileSync(file)], ["640", "two"]);
  Deno.chmodSync(file, 0o666);
  assertRefused(() => folder.write("f", "three"), "other users may write it");
  assert([folder.remove("g")].includes(false));
  Deno.removeSync(file);
  Deno.writeTextFileSync(`${dir.path}/target`, "kept");
  Deno.symlinkSync("../target", file);
  for (const change of [() => folder.write("f", "x"), () => folder.remove("f")]) {
    assertRefused(change, "it is a link");
  }
  Deno.removeSync(file);
  Deno.mkdirSync(file);
  for (const change of [() => folder.write("f", "x"), () => folder.remove("f")]) {
    assertRefused(change, "it is no file");
  }
  assertEquals([Deno.readTextFileSync(`${dir.path}/target`), namesIn(`${dir.path}/own`)], ["kept", ["f"]]);
});

Deno.test(
  "UserFolder.write() leaves the file as it was on a full disk",
  requires("ext4", "root"),
  async () => {
    await using disk = await diskImage("ext4", { small: true });
    using folder = UserFolder.open(`${disk.path}/own`);
    folder.write("f", "before");
    const fill = new Deno.Command("dd", {
      args: ["if=/dev/zero", `of=${disk.path}/fill`, "bs=4k"],
      stderr: "null",
    });
    fill.outputSync();
    mustRun("sync", "-f", disk.path);
    const error = assertThrows(() => folder.write("f", "x".repeat(100_000)), JvsError);
    assertEquals(error.code, "E_NO_SPACE");
    assertEquals([Deno.readTextFileSync(`${disk.path}/own/f`), namesIn(`${disk.path}/own`)], ["before", [
      "f",
    ]]);
  },
);

Deno.test("UserFolder.create() makes a file for the user alone, and replaces nothing", () => {
  using dir = tempDir();
  using folder = UserFolder.open(`${dir.path}/mine`);
  assertEquals(folder.create("secret", "one"), true);
  assertEquals([Deno.readTextFileSync(`${folder.path}/secret`), modeOf(`${folder.path}/secret`)], [
    "one",
    "600",
  ]);
  Deno.symlinkSync("/etc/hostname", `${folder.path}/link`);
  for (const name of ["secret", "link"]) assertEquals(folder.create(name, "two"), false);
  assertEquals(Deno.readTextFileSync(`${folder.path}/secret`), "one");
  assertEquals(namesIn(folder.path).sort(), ["link", "secret"]);
});
