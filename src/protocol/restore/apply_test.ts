import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { contentsOf } from "../../../tests/support/kept_content.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { bytesOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import type { Folder } from "../../platform/platform.ts";
import { SystemError } from "../../platform/system_error.ts";
import { PutAside, refusedChange } from "./apply.ts";

Deno.test("refusedChange() names the path that the user knows, and a way out", () => {
  for (const staging of ["/r/.jvs/runtime/shared/staging/1-2", "/r/main/.jvs-staging-1-2"]) {
    const error = refusedChange(new SystemError("rename", `${staging}/new/d/x`, "EPERM"), "main");
    assertInstanceOf(error, JvsError);
    assertEquals(error.code, "E_PERMISSION");
    assertEquals(error.message, 'Cannot change "d/x" in worktree "main": the system does not permit it');
    assertEquals(error.hint.includes("lsattr"), true);
  }
});

Deno.test("refusedChange() leaves every other error as it is", () => {
  for (
    const error of [
      new Error("another"),
      new SystemError("rename", "/r/main/d/x", "EPERM"),
      new SystemError("open", "/r/.jvs/runtime/shared/staging/1-2/new/d/x", "EPERM"),
      new SystemError("rename", "/r/.jvs/runtime/shared/staging/1-2/new/d/x", "ENOSPC"),
    ]
  ) assertStrictEquals(refusedChange(error, "main"), error);
});

/** Trees `0`, `1`, … in a folder. */
function asideIn(path: string): PutAside {
  const platform = openPlatform();
  return new PutAside((number) => {
    Deno.mkdirSync(`${path}/${number}`, { recursive: true });
    return platform.openFolder(`${path}/${number}`);
  });
}

function putFile(content: string): (folder: Folder, name: Uint8Array) => void {
  return (folder, name) => {
    using file = folder.openFile(name, "create");
    file.write(bytesOf(content));
  };
}

Deno.test("PutAside puts each thing by its path, and never over another", () => {
  using folder = tempDir();
  {
    using aside = asideIn(folder.path);
    aside.put(bytesOf("d/f"), putFile("one"));
    aside.put(bytesOf("d/f"), putFile("two"));
    aside.put(bytesOf("d/g"), putFile("three"));
    aside.put(bytesOf("d/f/below"), putFile("four"));
  }
  // As another process would find it.
  using aside = asideIn(folder.path);
  aside.put(bytesOf("d/f"), putFile("five"));
  assertEquals(Object.fromEntries(contentsOf(folder.path)), {
    "0/d/f": "one",
    "0/d/g": "three",
    "1/d/f": "two",
    "2/d/f/below": "four",
    "3/d/f": "five",
  });
});

Deno.test("PutAside does not hide that a thing cannot be put anywhere", () => {
  using folder = tempDir();
  using aside = asideIn(folder.path);
  assertThrows(
    () =>
      aside.put(bytesOf("f"), () => {
        throw new Error("the disk is on fire");
      }),
    Error,
    "on fire",
  );
  assertEquals([...Deno.readDirSync(folder.path)].length, 1);
});
