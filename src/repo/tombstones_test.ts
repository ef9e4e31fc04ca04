import { assertEquals } from "@std/assert";
import { makeControlFolders } from "../../tests/support/control_plane.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { Layout } from "./layout.ts";
import { Tombstones } from "./tombstones.ts";

const ANN = 61001;
const ID = "1700000000000-0123abcd";

Deno.test(
  "Tombstones.named() knows what the owner of a private repository collects, of which own() obeys nothing",
  requires("root"),
  () => {
    using folder = tempDir();
    const hers = new Layout(folder.path);
    makeControlFolders(hers, ...hers.folders);
    new Tombstones(hers).mark({
      id: crypto.randomUUID(),
      plan_id: "0123456789abcdef",
      pruned: [],
      deleted: [ID],
      audit: {
        operation: "gc run",
        actor: "ann@here",
        session_id: null,
        fencing_token: null,
        reason: null,
        target: "x",
        details: {},
      },
    });
    mustRun("chown", "-R", `${ANN}`, folder.path);
    const tombstones = new Tombstones(new Layout(folder.path, { trustedRoots: [folder.path] }));
    assertEquals([[...tombstones.named()], tombstones.own()], [[ID], []]);
  },
);
