import { assert, assertEquals } from "@std/assert";
import { requires } from "../../tests/support/requires.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { Stat, tellsBirth } from "../platform/stat.ts";
import { FolderList, folderMark, listFolders } from "./folder_list.ts";
import { TreeTable } from "./table.ts";

const SEEN = { type: DIR, uid: 7, inoHi: 1, inoLo: 2, bornSec: 3, bornNsec: 4 };

function statOf(facts: Partial<Stat>): Stat {
  return Object.assign(new Stat(), facts);
}

/** What a list says after it was on the disk. */
function knows(noted: Partial<Stat>, found: Partial<Stat>): boolean {
  const list = new FolderList();
  list.add(statOf(noted));
  return FolderList.from(String(list)).has(statOf(found));
}

Deno.test("FolderList.has() asks for the inode and the birth time", () => {
  assert(knows(SEEN, SEEN));
  assert(knows(SEEN, { ...SEEN, uid: 0 }), "root made it its own to close it");
  for (const field of ["inoHi", "inoLo", "bornSec", "bornNsec"] as const) {
    assert(!knows(SEEN, { ...SEEN, [field]: 99e7 }), field);
  }
});

Deno.test("FolderList.has() asks for the owner where there is no birth time", () => {
  const unborn = { ...SEEN, bornSec: 0, bornNsec: 0 };
  assert(knows(unborn, unborn));
  assert(!knows(unborn, { ...unborn, uid: 8 }));
  assert(!knows(unborn, SEEN), "one with a birth time is not what was noted without");
  assert(!knows(SEEN, unborn));
});

Deno.test("FolderList.from() believes no numbers alone, as earlier versions wrote them", () => {
  for (const text of ["4294967298", "1\n4294967298\n2", "4294967298 7", "4294967298  3.4", ""]) {
    assert(!FolderList.from(text).has(statOf(SEEN)), text);
    assert(!FolderList.from(text).has(statOf({ ...SEEN, bornSec: 0, bornNsec: 0 })), text);
  }
});

Deno.test("folderMark() differs for two folders that had one number", () => {
  for (const field of ["uid", "bornSec", "bornNsec"] as const) {
    assert(folderMark(statOf(SEEN)) !== folderMark(statOf({ ...SEEN, [field]: 99e7 })), field);
  }
});

for (const ffi of [true, false]) {
  Deno.test(
    `listFolders() notes a folder that was seen, and none that got its number since${
      ffi ? "" : " without FFI"
    }`,
    ffi ? requires("ffi") : {},
    async () => {
      using dir = tempDir();
      using root = (await openPlatform({ ffi })).openFolder(dir.path);
      const table = new TreeTable();
      table.addStat(0, new Uint8Array(), Stat.ofFolder(root));
      const names = ["changed", "gone", "old", "stays"];
      for (const name of names) Deno.mkdirSync(`${dir.path}/${name}`);
      for (const name of names) table.addStat(0, bytesOf(name), statAt(name));
      Deno.removeSync(`${dir.path}/gone`);
      Deno.mkdirSync(`${dir.path}/changed/new`);
      // As if the folder `old` had been seen before this one was made, which has its number.
      Object.assign(table.ctimeSec, { [3]: statAt("old").bornSec - 1 });
      const list = await listFolders(root, table);
      assert(tellsBirth(statAt("old")), "the file system of the tests tells birth times");
      const noted = ["changed", "old", "stays"].filter((name) => list.has(statAt(name)));
      assertEquals(noted, ["changed", "stays"]);
      assert(list.has(Stat.ofFolder(root)));
      using changed = root.openFolder(bytesOf("changed"));
      using unseen = changed.openFolder(bytesOf("new"));
      assert(!list.has(Stat.ofFolder(unseen)));

      function statAt(name: string): Stat {
        const stat = new Stat();
        assert(root.stat(bytesOf(name), stat), name);
        return stat;
      }
    },
  );
}
