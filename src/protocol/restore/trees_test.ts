import { assertEquals, assertThrows } from "@std/assert";
import { contentsOf } from "../../../tests/support/kept_content.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { bytesOf } from "../../model/bytes.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import type { Folder } from "../../platform/platform.ts";
import { PutAside } from "./trees.ts";

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
