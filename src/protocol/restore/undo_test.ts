import { assertEquals } from "@std/assert";
import { contentsOf } from "../../../tests/support/kept_content.ts";
import { requires } from "../../../tests/support/requires.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { bytesOf } from "../../model/bytes.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import { inodeAt } from "../../platform/stat.ts";
import { RestoreTrees } from "./apply.ts";
import type { Staging } from "./staging.ts";
import { undoJournal } from "./undo.ts";

Deno.test({
  name:
    "undoJournal() puts back what was taken out, not the copy of what was written while the new file was moved",
  ...requires("ffi"),
  fn() {
    using dir = tempDir();
    const platform = openPlatform();
    const open = (name: string) => {
      Deno.mkdirSync(`${dir.path}/${name}`, { recursive: true });
      return platform.openFolder(`${dir.path}/${name}`);
    };
    Deno.mkdirSync(`${dir.path}/main`);
    Deno.writeTextFileSync(`${dir.path}/main/a`, "restored");
    using root = open("main");
    using fresh = open("new");
    using old = open("old");
    Deno.writeTextFileSync(`${dir.path}/new/a`, "written meanwhile");
    Deno.writeTextFileSync(`${dir.path}/old/a`, "before");
    const staging = { fresh, old, openAside: (number: number) => open(`aside-${number}`) };
    const path = bytesOf("a");
    const units = [{ path, after: inodeAt(root, path) }];
    {
      using trees = new RestoreTrees(root, staging as unknown as Staging);
      undoJournal(trees, { units, aspects: [] } as unknown as Parameters<typeof undoJournal>[1]);
    }
    assertEquals(Object.fromEntries(contentsOf(`${dir.path}/main`)), { a: "before" });
    assertEquals(Object.fromEntries(contentsOf(`${dir.path}/aside-0`)), { a: "written meanwhile" });
    const staged = ["new", "old"].flatMap((name) => [...contentsOf(`${dir.path}/${name}`).values()]);
    assertEquals(staged, ["restored"]);
  },
});
