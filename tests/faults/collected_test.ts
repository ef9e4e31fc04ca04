import { assert, assertEquals } from "@std/assert";
import { configSet } from "../../src/operation/config_set.ts";
import { doctor } from "../../src/operation/doctor.ts";
import { gcRun } from "../../src/operation/gc_run.ts";
import { BlackBox } from "../support/black_box.ts";
import { diskImage } from "../support/disk_image.ts";
import { namesIn } from "../support/files.ts";
import { killedAt, killPoints, sampled } from "../support/killed_by_strace.ts";
import { randomFrom } from "../support/random.ts";
import { TestRepository } from "../support/repository.ts";
import { requires } from "../support/requires.ts";
import { mustRun, run } from "../support/run.ts";
import { tried } from "../support/tried.ts";
import { badlyTold, placesOf, runFaulty, sampleFaults, seeded } from "./faulty_calls.ts";

/* Garbage collection under failing calls, kills by the kernel and full disks: what is kept stays whole, and it goes on afterwards. */

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const points = Number(Deno.env.get("JVS_TEST_FAULTS") ?? 12);

/** Saves main, then a line of its own of two snapshots, of which the first is to be pruned and the second to be deleted. */
async function addGarbage(box: BlackBox, round: number): Promise<void> {
  box.write("kept.txt", `kept ${round}\n`);
  await box.save(`kept ${round}`);
  await box.json(["worktree", "fork", "old"]);
  const old = { cwd: `${box.path}/worktrees/old` };
  const ids: string[] = [];
  for (const n of [0, 1, 2]) {
    Deno.mkdirSync(`${old.cwd}/deep/${n}`, { recursive: true });
    Deno.writeTextFileSync(`${old.cwd}/deep/${n}/file`, `garbage ${round} ${n}\n`);
    ids.push((await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], old)).snapshot.snapshot_id);
  }
  await box.json(["ref", "create", `kept-${round}`, ids[1] ?? ""]);
  await box.json(["worktree", "remove", "old"]);
  await box.json(["gc", "unpin", ids[2] ?? ""]);
}

/** Collects what an interrupted run left; after it there is nothing left to collect, and what is kept is whole. */
async function endCollection(box: BlackBox, what: string): Promise<void> {
  const again = await box.run(["gc", "run", "--yes", "--json"]);
  assertEquals(again.code, 0, `${what}\nand then ${again.stdout}${again.stderr}`);
  const left = await box.json<{ candidates: string[] }>(["gc", "plan"]);
  assertEquals(left.candidates, [], what);
  assertEquals(namesIn(`${box.control}/gc/tombstones`), [], what);
  assertEquals(namesIn(`${box.control}/snapshots`).filter((name) => name.endsWith(".gone")), [], what);
}

Deno.test({
  name:
    "jvs gc run says what failed and keeps what is kept, whichever system call fails, and goes on afterwards",
  ...requires("strace", "ffi"),
  async fn() {
    using box = await BlackBox.make();
    await addGarbage(box, -1);
    const { run, places } = await placesOf(box, ["gc", "run", "--yes"]);
    assertEquals(run.code, 0, run.stderr);
    let reached = 0;
    for (const [round, fault] of sampleFaults(places, points, seeded(seed)).entries()) {
      await addGarbage(box, round);
      const { run, failed } = await runFaulty(box, ["gc", "run", "--yes"], fault);
      const shown = `seed ${seed}, ${JSON.stringify(fault)}: ${
        failed ?? "not reached"
      }\n${run.stdout}${run.stderr}`;
      if (failed !== undefined) {
        reached++;
        assertEquals(badlyTold(run), undefined, shown);
      }
      await endCollection(box, shown);
    }
    tried("failing calls", reached, `in gc run, seed ${seed}`);
    assert(reached >= points / 2, `only ${reached} of ${points} faults were reached; seed ${seed}`);
    await box.audit();
  },
});

Deno.test({
  name: "jvs gc run that is killed keeps what is kept, and goes on afterwards",
  ...requires("strace"),
  async fn() {
    using box = await BlackBox.make();
    await addGarbage(box, -1);
    const places = await killPoints(box, ["gc", "run", "--yes"]);
    let killed = 0;
    for (const [round, point] of sampled(points, places, randomFrom(seed)).entries()) {
      await addGarbage(box, round);
      if (await killedAt(box, ["gc", "run", "--yes"], point)) killed++;
      await endCollection(box, `seed ${seed}, killed at ${JSON.stringify(point)}`);
    }
    tried("kills", killed, `in gc run, seed ${seed}`);
    assert(killed >= points / 2, `only ${killed} of ${points} were killed; seed ${seed}`);
    await box.audit();
  },
});

for (const kind of ["ext4", "xfs", "btrfs"] as const) {
  Deno.test({
    name: `jvs gc run frees space on a full ${kind}`,
    ...requires("root", kind),
    async fn() {
      await using disk = await diskImage(kind, kind === "ext4" ? { sizeMb: 32 } : { small: true });
      using box = await BlackBox.make({ parent: disk.path });
      const large = await addLarge(box, disk.path);
      run("dd", "if=/dev/zero", `of=${disk.path}/full`, "bs=64k");
      run("dd", "if=/dev/zero", `of=${disk.path}/full-too`, "bs=4k");
      mustRun("sync", "-f", disk.path);
      assert(freeBytes(disk.path) < 1e6, "the disk is full");
      await collectsLarge(box, large);
      if (kind === "btrfs") {
        mustRun("mount", "-i", "-o", "remount,commit=1", disk.path); // it deletes subvolumes between two commits
        mustRun("btrfs", "subvolume", "sync", disk.path);
      }
      mustRun("sync", "-f", disk.path);
      assert(freeBytes(disk.path) > 3e6, `it has room again: ${freeBytes(disk.path)}`);
      await box.audit();
    },
  });
}

Deno.test({
  name: "jvs gc run frees space on an ext4 without inodes",
  ...requires("root", "ext4"),
  async fn() {
    await using disk = await diskImage("ext4", { sizeMb: 32, inodes: 600 });
    using box = await BlackBox.make({ parent: disk.path });
    const large = await addLarge(box, disk.path);
    const full = `${disk.path}/full`;
    Deno.mkdirSync(full);
    while (mayMakeFile(`${full}/${crypto.randomUUID()}`));
    await collectsLarge(box, large);
    assert(mayMakeFile(`${full}/again`), "it has inodes again");
    Deno.removeSync(full, { recursive: true });
    await box.audit();
  },
});

for (const full of ["inodes", "blocks"] as const) {
  Deno.test({
    name: `jvs gc run prunes more snapshots than a disk without ${full} has room to mark at once`,
    ...requires("root", "ext4"),
    async fn() {
      await using disk = await diskImage("ext4", { sizeMb: 32, inodes: full === "inodes" ? 1000 : 4000 });
      using repository = await TestRepository.make(disk.path);
      const count = full === "inodes" ? 48 : 150;
      for (let i = 0; i < count; i++) {
        repository.write("main/file", `content ${i}\n`);
        await repository.save();
      }
      await repository.call(configSet, { key: "retention.keep_last_n", value: "2" });
      Deno.mkdirSync(`${disk.path}/full`);
      if (full === "blocks") run("dd", "if=/dev/zero", `of=${disk.path}/full/content`, "bs=4k");
      else while (mayMakeFile(`${disk.path}/full/${crypto.randomUUID()}`));
      mustRun("sync", "-f", disk.path);
      const { freed_bytes, plan, pruned } = await repository.call(gcRun, { yes: true, policy: "thin" });
      assertEquals([pruned.length, freed_bytes], [count - 2, plan.deletable_bytes_estimate]);
      const told = (await repository.audit()).filter(({ operation }) => operation === "gc run");
      assertEquals(told.flatMap(({ details }) => details["pruned"]).toSorted(), [...pruned]);
      Deno.removeSync(`${disk.path}/full`, { recursive: true });
      const { findings } = await repository.call(doctor, { strict: true });
      assertEquals(findings, []);
    },
  });
}

/** Saves a snapshot of 4 MB that nothing keeps; gives its id. */
async function addLarge(box: BlackBox, disk: string): Promise<string> {
  await addGarbage(box, 0);
  await box.json(["worktree", "fork", "large"]);
  const large = { cwd: `${box.path}/worktrees/large` };
  mustRun("dd", "if=/dev/urandom", `of=${large.cwd}/content`, "bs=1M", "count=4", "status=none");
  const { snapshot } = await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], large);
  await box.json(["worktree", "remove", "large"]);
  await box.json(["gc", "unpin", snapshot.snapshot_id]);
  mustRun("sync", "-f", disk);
  return snapshot.snapshot_id;
}

async function collectsLarge(box: BlackBox, large: string): Promise<void> {
  const { code, stderr, stdout } = await box.run(["gc", "run", "--yes", "--json"]);
  assertEquals(code, 0, `${stdout}${stderr}`);
  assert(JSON.parse(stdout).deleted.includes(large), stdout);
  assertEquals(stderr.split("By plan ").length, 2, `the plan is told once: ${stderr}`);
}

function mayMakeFile(path: string): boolean {
  try {
    Deno.writeTextFileSync(path, "", { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("os error 28")) return false;
    throw error;
  }
}

function freeBytes(path: string): number {
  const [free = NaN, size = NaN] = mustRun("stat", "-f", "-c", "%a %S", path).trim().split(" ").map(Number);
  return free * size;
}

Deno.test({
  name: "jvs gc plan and gc run say that a disk is read-only",
  ...requires("root", "ext4"),
  async fn() {
    await using disk = await diskImage("ext4", { sizeMb: 32 });
    using box = await BlackBox.make({ parent: disk.path });
    await addGarbage(box, 0);
    disk.remount("ro");
    for (const command of [["gc", "plan"], ["gc", "run", "--yes"]]) {
      const { message } = await box.error("E_PERMISSION", command);
      assert(message.includes("read-only"), message);
    }
    disk.remount("rw");
    await endCollection(box, "after a read-only mount");
    await box.audit();
  },
});
