import { assert, assertRejects } from "@std/assert";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { Box } from "./laboratory.ts";
import { Program } from "./program.ts";
import { Broken, isForRoom } from "./promises.ts";

Deno.test("isForRoom() knows a full disk from what the program, Deno and a shell say of it, and nothing else", async () => {
  using folder = tempDir();
  const answer = (error: string) => {
    const path = `${folder.path}/${error}`;
    Deno.writeTextFileSync(path, `#!/bin/sh\necho '{ "error": "${error}" }'\nexit 1\n`, { mode: 0o755 });
    return boxOf(path, `${path}.d`);
  };
  const boxOf = (program: string, place: string) => {
    Deno.mkdirSync(place);
    const { signal } = new AbortController();
    const how = { isThorough: false, random: Math.random, signal };
    return Box.make({ program: new Program([program]), folder: place, ...how });
  };
  assert(isForRoom(await assertRejects(() => answer("E_NO_SPACE"), Broken)));
  assert(!isForRoom(await assertRejects(() => answer("E_IO"), Broken)));
  assert(isForRoom(new Error("No space left on device (os error 28): writefile '/mnt/a.txt'")));
  const box = await boxOf("/bin/true", `${folder.path}/box`);
  // This device is always full.
  assert(isForRoom(await assertRejects(() => box.shell("date > /dev/full", folder.path))));
  assert(!isForRoom(await assertRejects(() => box.shell("date > /dev/full/file", folder.path))));
});
