import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { diskImage, unmount } from "../support/disk_image.ts";
import { jvsJson, runJvs } from "../support/jvs.ts";
import { randomFrom } from "../support/random.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";

/*
 * A power cut keeps what reached the disk and loses the rest. Here the disk is a file on another file system, which clones it at one
 * moment, while snapshots, forks, restores and garbage collections run on it: each clone is what a cut at that moment would leave.
 */

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const CUTS = Number(Deno.env.get("JVS_TEST_CUTS") ?? 10);
const LONGEST_WAIT_MS = 600;

/** A repository whose disk can be cloned, and what was said to be done in it. */
interface Scene {
  readonly box: BlackBox;
  /** The snapshots of main's line, whose command has ended: none may be missing after a cut. */
  readonly saved: string[];
}

/** Saves, makes garbage, collects it, goes back and forth, until it is told to stop. */
async function work({ box, saved }: Scene, isOver: () => boolean): Promise<number> {
  let collected = 0;
  for (let n = 0; !isOver(); n++) {
    box.write("state.txt", `${n}\n`);
    box.write(`folder/${n % 5}`, `${n}\n`.repeat(2000));
    saved.push((await box.save(`main ${n}`)).snapshot_id);
    await box.json(["worktree", "fork", "old"]);
    const old = { cwd: `${box.path}/worktrees/old` };
    Deno.writeTextFileSync(`${old.cwd}/state.txt`, `garbage ${n}\n`);
    const { snapshot } = await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], old);
    await box.json(["worktree", "remove", "old"]);
    await box.json(["gc", "unpin", snapshot.snapshot_id]);
    collected += (await box.json<{ deleted: string[] }>(["gc", "run", "--yes"])).deleted.length;
    if (n % 3 === 2) {
      await box.json(["restore", "HEAD~1"]);
      await box.json(["restore", "HEAD"]);
    }
  }
  return collected;
}

/** What is right after a cut: every snapshot there is, the audit trail, and all that was said to be saved. */
async function checkCut(
  image: string,
  kind: string,
  repository: string,
  saved: readonly string[],
  what: string,
) {
  using folder = tempDir();
  mustRun("mount", "-o", kind === "xfs" ? "loop,nouuid" : "loop", image, folder.path);
  try {
    const at = ["--repo", `${folder.path}/${repository}`];
    const repaired = await runJvs(["doctor", "--repair-runtime", "--json", ...at]);
    assertEquals(repaired.code, 0, `${what}: ${repaired.stdout}${repaired.stderr}`);
    for (const command of [["doctor", "--strict"], ["verify", "--all"], ["audit", "verify"]]) {
      const run = await runJvs([...command, "--json", ...at]);
      assertEquals(run.code, 0, `${what}: jvs ${command.join(" ")}: ${run.stdout}${run.stderr}`);
    }
    const { snapshots } = await jvsJson<{ snapshots: { snapshot_id: string }[] }>([
      "history",
      "--all",
      ...at,
    ]);
    const there = new Set(snapshots.map(({ snapshot_id }) => snapshot_id));
    assertEquals(saved.filter((id) => !there.has(id)), [], `${what}: these were saved`);
    const again = await runJvs(["gc", "run", "--yes", "--json", ...at]);
    assertEquals(again.code, 0, `${what}: ${again.stdout}${again.stderr}`);
  } finally {
    unmount(folder.path);
  }
}

for (const kind of ["ext4", "xfs"] as const) {
  Deno.test({
    name:
      `a power cut on ${kind} while snapshots, restores and garbage collections run loses nothing that was saved`,
    ...requires("root", "xfs", kind),
    async fn() {
      console.log(`seed ${seed}`);
      const random = randomFrom(seed);
      await using outer = await diskImage("xfs", { sizeMb: 4096 });
      const image = `${outer.path}/image`;
      Deno.writeFileSync(image, new Uint8Array());
      Deno.truncateSync(image, 400 * 1024 * 1024);
      mustRun(`mkfs.${kind}`, "-q", ...(kind === "ext4" ? ["-F"] : []), image);
      using disk: TempDir = tempDir();
      mustRun("mount", "-o", "loop", image, disk.path);
      const cuts: { image: string; saved: string[] }[] = [];
      let repository = "";
      try {
        using box = await BlackBox.make({ parent: disk.path });
        repository = box.path.slice(disk.path.length + 1);
        const scene: Scene = { box, saved: [] };
        let isOver = false;
        const working = work(scene, () => isOver);
        for (let n = 0; n < CUTS; n++) {
          await new Promise((resolve) => setTimeout(resolve, random() * LONGEST_WAIT_MS));
          const saved = [...scene.saved];
          mustRun("cp", "--reflink=always", image, `${image}-${n}`);
          cuts.push({ image: `${image}-${n}`, saved });
        }
        isOver = true;
        assert(await working > 0, "nothing was collected");
        assert((cuts.at(-1)?.saved.length ?? 0) > 0, "nothing was saved before the last cut");
      } finally {
        unmount(disk.path);
      }
      for (const [n, cut] of cuts.entries()) {
        await checkCut(cut.image, kind, repository, cut.saved, `seed ${seed}, cut ${n}`);
      }
      console.log(`${cuts.length} power cuts`);
    },
  });
}
