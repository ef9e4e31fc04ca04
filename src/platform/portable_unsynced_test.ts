import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { Unsynced } from "./portable_unsynced.ts";

Deno.test("Unsynced.sync() opens nothing that took the place of a file: it would wait for a FIFO for ever", () => {
  using folder = tempDir();
  const unsynced = new Unsynced();
  mustRun("mkfifo", `${folder.path}/fifo`);
  Deno.symlinkSync("fifo", `${folder.path}/link`);
  for (const name of ["fifo", "link", "gone"]) unsynced.add(`${folder.path}/${name}`);
  unsynced.sync();
});
