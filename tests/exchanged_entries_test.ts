import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { restore } from "../src/operation/restore.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { warnings } from "./support/context.ts";
import { exists, namesIn } from "./support/files.ts";
import { actingAt, asAfterReboot, changesUntil, killedAt } from "./support/kill_point.ts";
import { TestRepository } from "./support/repository.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

// Who may write a folder of a worktree exchanges two names in it while another user's restore runs. What is said of the one entry
// must not happen to the other one. Each test does that before and after each change that a restore makes in the worktree.

const MEMBER = 61002;
const DISK = 6;

interface Scene {
  readonly what: string;
  readonly needs: Parameters<typeof requires>;
  /** Makes what is saved; then what the restore finds, with the entry that must stay as it is. Shell scripts in the worktree. */
  readonly saved: string;
  readonly found: string;
  /** What is restored, and what gets its name. */
  readonly restored: string;
  readonly closed: string;
}

const SCENES: readonly Scene[] = [
  {
    what: "a program of another user does not become set-uid root",
    needs: ["root", "ffi"],
    saved: "echo tool > tool; chown 0:0 tool; chmod 4755 tool; touch -d @1000000000 tool",
    found: `rm tool; echo tool > tool; echo evil > evil; chmod 755 tool evil; chown ${MEMBER} tool evil; ` +
      "touch -d @1000000000 tool",
    restored: "tool",
    closed: "evil",
  },
  {
    what: "a program does not get the set-gid bit of a folder that came back",
    needs: ["root", "ffi"],
    saved: `mkdir d; chgrp ${DISK} d; chmod 2775 d`,
    found: `rmdir d; echo evil > evil; chmod 755 evil; chown ${MEMBER} evil`,
    restored: "d",
    closed: "evil",
  },
  {
    what: "a closed folder is not given to the owner of a folder that came back",
    needs: ["root", "ffi"],
    saved: `mkdir d; chmod 777 d; chown ${MEMBER} d`,
    found: "rmdir d; mkdir -m 700 backup; echo secret > backup/dump",
    restored: "d",
    closed: "backup",
  },
  {
    what: "a closed file of another user with the same mode is not opened",
    needs: ["root", "ffi"],
    saved: `echo x > x; chmod 666 x; chown ${MEMBER} x`,
    found: "chmod 600 x; echo secret > dump; chmod 600 dump",
    restored: "x",
    closed: "dump",
  },
  {
    what: "a closed file of the same user is not opened",
    needs: ["ffi"],
    saved: "echo x > x; chmod 666 x",
    found: "chmod 600 x; echo secret > diary; chmod 600 diary",
    restored: "x",
    closed: "diary",
  },
];

/** A repository where a scene is ready, and what it takes to restore it. */
async function ready({ saved, found, restored, closed }: Scene) {
  const box = await TestRepository.make();
  const act = (script: string) => void mustRun("sh", "-ec", `cd '${box.main}'; umask 022; ${script}`);
  act(saved);
  const id = await box.save("saved");
  act(found);
  const { ino } = Deno.lstatSync(`${box.main}/${closed}`);
  const rights = () =>
    mustRun("find", box.path, "-inum", String(ino), "-printf", "%y %m %U %G\\n").split("\n")[0];
  const exchange = () => act(`mv -T ${restored} .aside; mv -T ${closed} ${restored}; mv -T .aside ${closed}`);
  const isThere = () => [restored, closed].every((name) => exists(`${box.main}/${name}`));
  const staging = `${box.path}/.jvs/runtime/shared/staging`;
  const isBegun = () => namesIn(staging).some((name) => exists(`${staging}/${name}/journal`));
  const reporter = warnings();
  const run = () => box.call(restore, { snapshot: id, paths: [restored] }, { reporter });
  return { box, rights, exchange, isThere, isBegun, run, reporter };
}

for (const scene of SCENES) {
  Deno.test(
    `jvs restore: ${scene.what}, whenever the two are exchanged`,
    requires(...scene.needs),
    async () => {
      const told = new Set<string>();
      for (let n = 1, more = true; more; n++) {
        const { box, rights, exchange, isThere, isBegun, run, reporter } = await ready(scene);
        using _box = box;
        const before = rights();
        more = await actingAt(n, exchange, () => isBegun() && isThere(), run);
        assert(more || n > 1, "there was a moment");
        assertEquals(rights(), before, `exchanged at moment ${n}`);
        for (const warning of reporter.told) told.add(warning);
      }
      if (scene.restored === "tool") return; // it was made in staging: there is nothing to set in the worktree
      assertStringIncludes(
        [...told].join("\n"),
        `or replaced them; they stay as it left them: ${scene.restored}`,
      );
    },
  );
}

Deno.test(
  "jvs restore that is undone opens no closed file that got the name of another one meanwhile",
  requires("ffi"),
  async () => {
    const scene = {
      ...SCENES[4] as Scene,
      saved: "echo x > x; chmod 600 x",
      found: "chmod 666 x; echo secret > diary; chmod 600 diary",
    };
    const told = new Set<string>();
    const whole = await ready(scene);
    using _whole = whole.box;
    const first = await changesUntil(whole.isBegun, whole.run);
    for (let n = first, more = true; more; n++) {
      const { box, rights, exchange, run } = await ready(scene);
      using _box = box;
      const before = rights();
      more = await killedAt(n, run);
      exchange();
      asAfterReboot(`${box.path}/.jvs`);
      const reporter = warnings();
      await box.call(snapshot, {}, { reporter });
      for (const warning of reporter.told) told.add(warning);
      assertEquals(rights(), before, `killed before change ${n}`);
    }
    assertStringIncludes([...told].join("\n"), "around an interrupted restore; they stay as it left them: x");
  },
);

Deno.test(
  "jvs restore makes a file anew that changes its owner or gives rights, whoever has the old one open",
  requires("root", "ffi"),
  async () => {
    for (const found of [`chown ${MEMBER} x`, "chmod 755 x", "chmod 777 x", "chgrp 7 x; chmod 4755 x"]) {
      const scene = { ...SCENES[0] as Scene, saved: "echo x > x; chmod 4755 x", found: `${found}; echo > y` };
      const { box, run } = await ready({ ...scene, restored: "x", closed: "y" });
      using _box = box;
      const path = `${box.main}/x`;
      const inode = () => Deno.lstatSync(path).ino;
      const before = inode();
      using open = Deno.openSync(path, { write: true });
      await run();
      open.writeSync(new TextEncoder().encode("forged"));
      assert(inode() !== before, found);
      const { uid, mode } = Deno.lstatSync(path);
      assertEquals([Deno.readTextFileSync(path), uid, (mode ?? 0) & 0o7777], ["x\n", 0, 0o4755], found);
    }
  },
);
