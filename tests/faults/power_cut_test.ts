import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { diskImage, unmount } from "../support/disk_image.ts";
import { jvsJson, runJvs } from "../support/jvs.ts";
import { randomFrom } from "../support/random.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";
import { exists, namesIn } from "../support/files.ts";
import { describeTree } from "../support/trees.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { tried } from "../support/tried.ts";

/*
 * A power cut keeps what reached the disk and loses the rest. Here the disk is a file on another file system, which clones it at one
 * moment, while snapshots, forks, restores and garbage collections run on it: each clone is what a cut at that moment would leave. Half of
 * the cuts are aimed at restores: after one, a worktree whose state was on the disk is wholly old or wholly new (SPEC 7).
 */

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const CUTS = Number(Deno.env.get("JVS_TEST_CUTS") ?? 10);
const LONGEST_WAIT_MS = 600;
/** About as long as a restore changes the tree. */
const CHANGE_MS = 20;
/** So many files differ between two states. */
const FILES = 200;
/** With so many cuts some must have fallen between the first and the last step of a restore. */
const MANY = 50;

/** A restore that runs: main before it, which is on the disk, and after it, as soon as it has ended. */
interface Restoring {
  readonly before: readonly string[];
  after?: readonly string[];
}

/** A repository whose disk can be cloned, and what was said to be done in it. */
class Scene {
  /** The snapshots of main's line, whose command has ended: none may be missing after a cut. */
  readonly saved: string[] = [];
  /** What was collected. */
  readonly counts = { deleted: 0, pruned: 0 };
  /** The restore that runs now. */
  restoring: Restoring | undefined;
  #begun = Promise.withResolvers<void>();

  constructor(readonly box: BlackBox) {}

  /** The moment at which the next restore has its journal, and begins to change the tree. */
  async nextChange(): Promise<void> {
    await this.#begun.promise;
    while (this.restoring !== undefined && !hasJournal(this.box.path)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Restores main, whose state is on the disk before. */
  async restore(snapshot: string): Promise<void> {
    const { box } = this;
    mustRun("sync", "-f", box.main);
    const restoring: Restoring = { before: await describeTree(box.main) };
    this.restoring = restoring;
    this.#begun.resolve();
    this.#begun = Promise.withResolvers();
    await box.json(["restore", snapshot]);
    this.restoring = undefined;
    restoring.after = await describeTree(box.main);
  }
}

/** Saves, goes back and forth, makes garbage and collects it, until it is told to stop. */
async function work(scene: Scene, isOver: () => boolean): Promise<void> {
  const { box, saved } = scene;
  for (let n = 0; !isOver(); n++) {
    box.write("state.txt", `${n}\n`);
    for (let i = 0; i < FILES; i++) box.write(`folder/${i % 4}/${i}`, `${n} ${i}\n`.repeat(50));
    Deno.mkdirSync(`${box.main}/only-${n}/deep`, { recursive: true });
    if (n > 0) Deno.removeSync(`${box.main}/only-${n - 1}`, { recursive: true });
    saved.push((await box.save(`main ${n}`)).snapshot_id);
    if (n > 0) {
      box.write("state.txt", `unsaved ${n}\n`);
      await scene.restore("HEAD~1");
      await scene.restore("HEAD");
    }
    await makeGarbage(box, n);
    const { deleted, pruned } = await box.json<{ deleted: string[]; pruned: string[] }>([
      "gc",
      "run",
      "--yes",
    ]);
    scene.counts.deleted += deleted.length;
    scene.counts.pruned += pruned.length;
  }
}

/** A line of three snapshots, of which a ref keeps the one in the middle: the first is to be pruned, the last to be deleted. */
async function makeGarbage(box: BlackBox, n: number): Promise<void> {
  await box.json(["worktree", "fork", "old"]);
  const old = { cwd: `${box.path}/worktrees/old` };
  const ids: string[] = [];
  for (const part of [0, 1, 2]) {
    Deno.writeTextFileSync(`${old.cwd}/state.txt`, `garbage ${n} ${part}\n`);
    ids.push((await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], old)).snapshot.snapshot_id);
  }
  await box.json(["ref", "create", `middle-${n}`, ids[1] ?? ""]);
  await box.json(["worktree", "remove", "old"]);
  await box.json(["gc", "unpin", ids[2] ?? ""]);
}

/** A power cut: the disk as it was, what was said to be saved, and the restore that ran. */
interface Cut {
  readonly image: string;
  readonly saved: readonly string[];
  readonly restoring: Restoring | undefined;
}

/** Clones the disk again and again, every other time in a restore: where all reached the disk at that moment, and where not. */
async function cutAgain(scene: Scene, disk: string, image: string, random: () => number): Promise<Cut[]> {
  const cuts: Cut[] = [];
  for (let n = 0; n < CUTS; n++) {
    if (n % 2 === 1) await scene.nextChange();
    await new Promise((resolve) =>
      setTimeout(resolve, random() * (n % 2 === 1 ? CHANGE_MS : LONGEST_WAIT_MS))
    );
    if (n % 4 === 1) mustRun("sync", "-f", disk);
    mustRun("cp", "--reflink=always", image, `${image}-${n}`);
    cuts.push({ image: `${image}-${n}`, saved: [...scene.saved], restoring: scene.restoring });
  }
  return cuts;
}

/** Whether a restore is between its first visible change and its end. */
function hasJournal(repository: string): boolean {
  const staging = `${repository}/.jvs/runtime/shared/staging`;
  return namesIn(staging).some((name) => exists(`${staging}/${name}/journal`));
}

/** What is right after a cut: every snapshot there is, the audit trail, all that was said to be saved, and the tree. Whether a restore was open. */
async function checkCut(cut: Cut, kind: string, repository: string, what: string): Promise<boolean> {
  using folder = tempDir();
  mustRun("mount", "-o", kind === "xfs" ? "loop,nouuid" : "loop", cut.image, folder.path);
  try {
    const path = `${folder.path}/${repository}`;
    const at = ["--repo", path];
    const isOpen = hasJournal(path);
    const repaired = await runJvs(["doctor", "--repair-runtime", "--json", ...at]);
    assertEquals(repaired.code, 0, `${what}: ${repaired.stdout}${repaired.stderr}`);
    if (cut.restoring !== undefined) await assertOldOrNew(`${path}/main`, cut.restoring, what);
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
    assertEquals(cut.saved.filter((id) => !there.has(id)), [], `${what}: these were saved`);
    const again = await runJvs(["gc", "run", "--yes", "--json", ...at]);
    assertEquals(again.code, 0, `${what}: ${again.stdout}${again.stderr}`);
    return isOpen && cut.restoring !== undefined;
  } finally {
    unmount(folder.path);
    Deno.removeSync(cut.image);
  }
}

/** SPEC 7: "afterwards the tree is wholly old or wholly new". */
async function assertOldOrNew(main: string, { before, after }: Restoring, what: string): Promise<void> {
  const now = await describeTree(main);
  if (`${now}` !== `${after}`) assertEquals(now, before, `${what}: the tree is neither old nor new`);
}

/** Works on the disk and cuts its power; the cuts, and where the repository is on it. */
async function worked(
  disk: string,
  image: string,
  random: () => number,
): Promise<{ cuts: Cut[]; repository: string }> {
  using box = await BlackBox.make({ parent: disk });
  const scene = new Scene(box);
  let isOver = false;
  const working = work(scene, () => isOver);
  const [cuts] = await Promise.all([
    cutAgain(scene, disk, image, random).finally(() => isOver = true),
    working,
  ]);
  const { deleted, pruned } = scene.counts;
  assert(deleted > 0 && pruned > 0, `only ${deleted} were deleted and ${pruned} pruned`);
  assert((cuts.at(-1)?.saved.length ?? 0) > 0, "nothing was saved before the last cut");
  assert(cuts.some(({ restoring }) => restoring !== undefined), "no cut came while a restore ran");
  return { cuts, repository: box.path.slice(disk.length + 1) };
}

for (const kind of ["ext4", "xfs"] as const) {
  Deno.test({
    name:
      `a power cut on ${kind} while snapshots, restores and garbage collections run loses nothing that was saved, and leaves a tree old or new`,
    ...requires("root", "xfs", kind),
    async fn() {
      const random = randomFrom(seed);
      await using outer = await diskImage("xfs", { sizeMb: 4096 });
      const image = `${outer.path}/image`;
      Deno.writeFileSync(image, new Uint8Array());
      Deno.truncateSync(image, 400 * 1024 * 1024);
      mustRun(`mkfs.${kind}`, "-q", ...(kind === "ext4" ? ["-F"] : []), image);
      using disk: TempDir = tempDir();
      mustRun("mount", "-o", "loop", image, disk.path);
      let done: Awaited<ReturnType<typeof worked>>;
      try {
        done = await worked(disk.path, image, random);
      } finally {
        unmount(disk.path);
      }
      let inRestores = 0;
      for (const [n, cut] of done.cuts.entries()) {
        if (await checkCut(cut, kind, done.repository, `seed ${seed}, cut ${n}`)) inRestores++;
      }
      tried("power cuts", CUTS, `on ${kind}, ${inRestores} of them within a restore, seed ${seed}`);
      assert(CUTS < MANY || inRestores > 0, "no cut fell into a restore");
    },
  });
}
