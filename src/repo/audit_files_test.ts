import { assert, assertEquals } from "@std/assert";
import { makeControlFolders } from "../../tests/support/control_plane.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { linesFromEnd, linesOf, LogFile } from "./audit_files.ts";
import { Layout } from "./layout.ts";

Deno.test("linesOf() and linesFromEnd() read no line without an end, however long", () => {
  using dir = tempDir();
  const layout = new Layout(dir.path);
  makeControlFolders(layout, layout.audit);
  Deno.writeTextFileSync(layout.auditLog.path, "one\n");
  Deno.truncateSync(layout.auditLog.path, 2 ** 42);
  using file = LogFile.open(layout.auditLog);
  assert(file !== undefined);
  const lengths = (lines: Iterable<Uint8Array>) => [...lines].map(({ length }) => length);
  const [, long = 0] = lengths([...linesOf(file)].flat());
  assert(long > 2 ** 24 && long < 2 ** 25);
  assertEquals(lengths(linesFromEnd([file])).length, 1);
});
