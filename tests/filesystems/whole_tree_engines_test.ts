import { assert, assertEquals } from "@std/assert";
import type { EngineKind } from "../../src/engine/contract.ts";
import { btrfsSnapshot } from "../../src/engine/btrfs_snapshot.ts";
import { ENGINES } from "../../src/engine/engines.ts";
import { silentReporter } from "../../src/model/progress.ts";
import { doctor } from "../../src/operation/doctor.ts";
import { init } from "../../src/operation/init.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { status } from "../../src/operation/status.ts";
import { verify } from "../../src/operation/verify.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { worktreeList } from "../../src/operation/worktree_list.ts";
import { worktreeRemove } from "../../src/operation/worktree_remove.ts";
import { callIn } from "../support/context.ts";
import { diskImage, type DiskKind } from "../support/disk_image.ts";
import { useEngine } from "../support/use_engine.ts";
import { exists, namesIn } from "../support/files.ts";
import { killedAt } from "../support/kill_point.ts";
import { requires } from "../support/requires.ts";

/** An engine or its double, and where its worktrees can be. */
interface Subject {
  readonly kind: EngineKind;
  readonly disk: DiskKind;
}

const SUBJECTS: readonly Subject[] = [
  {
    kind: ENGINES.find(({ name }) => name === "juicefs-clone") as EngineKind,
    disk: "juicefs",
  },
  { kind: btrfsSnapshot, disk: "btrfs" },
];

/** The content of the files of `Repository.make`. */
const STATE_SAVED = ["one\n", "two\n", "two\n", "three\n"].join();

/** SPEC 5, *clean*: of a file. */
const GRANULARITY_MS = 1000;

/** Each of the many changes of a restore would take minutes here. */
const STRIDE = 9;

/** A repository on the engine's disk, with a few files and one snapshot of them. */
class Repository implements AsyncDisposable {
  private constructor(
    private readonly disk: AsyncDisposable,
    private readonly engine: Disposable,
    readonly path: string,
  ) {}

  static async make({ kind, disk }: Subject): Promise<Repository> {
    // Its own: read-only subvolumes are gone only with their file system.
    const image = await diskImage(disk, { small: true });
    const engine = useEngine(kind);
    const { repository } = await callIn(image.path, init, { name: "project" }, { engine: "auto" });
    const made = new Repository(image, engine, repository);
    made.write("a.txt", "one\n");
    made.write("data/b.txt", "two\n");
    made.write("data/deep/c.txt", "three\n", 0o600);
    Deno.symlinkSync("a.txt", `${made.main}/link`);
    Deno.linkSync(`${made.main}/data/b.txt`, `${made.main}/data/same.txt`);
    return made;
  }

  get main(): string {
    return `${this.path}/main`;
  }

  write(path: string, content: string, mode = 0o644): void {
    Deno.mkdirSync(`${this.main}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${this.main}/${path}`, content);
    Deno.chmodSync(`${this.main}/${path}`, mode);
  }

  read(path: string): string {
    return Deno.readTextFileSync(`${this.path}/${path}`);
  }

  /** What a worktree holds of the tree that is saved first. */
  state(worktree = "main"): string {
    const content = this.read(`${worktree}/a.txt`);
    if (!exists(`${this.path}/${worktree}/data`)) return `${content}, no data`;
    const data = ["b.txt", "same.txt", "deep/c.txt"].map((file) => this.read(`${worktree}/data/${file}`));
    return [content, ...data].join();
  }

  /** Waits until every file is old enough for its times to prove that it did not change. */
  async settle(): Promise<void> {
    const beginning = Date.now();
    const marker = `${this.path}/marker`;
    const now = () => {
      Deno.writeTextFileSync(marker, "now");
      return Deno.statSync(marker).mtime?.getTime() ?? 0;
    };
    while (now() < beginning + 1.1 * GRANULARITY_MS) await new Promise((resolve) => setTimeout(resolve, 1));
    Deno.removeSync(marker);
  }

  async save(note = ""): Promise<string> {
    // Not by name: that the engine is chosen by itself is part of what is tested.
    return (await callIn(this.main, snapshot, { note }, { engine: "auto" })).snapshot.snapshot_id;
  }

  async assertWhole(): Promise<void> {
    const { snapshots } = await callIn(this.main, verify, { all: true });
    assertEquals(snapshots.filter(({ severity }) => severity !== "ok"), []);
    assertEquals((await callIn(this.main, doctor, { strict: true })).findings, []);
    assertEquals(namesIn(`${this.path}/.jvs/runtime/shared/staging`), []);
    assertEquals(namesIn(`${this.path}/.jvs`).filter((name) => name.startsWith("probe")), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.engine[Symbol.dispose]();
    await this.disk[Symbol.asyncDispose]();
  }
}

for (const subject of SUBJECTS) {
  const { kind: { name }, disk } = subject;
  const test = (title: string, body: (repository: Repository) => Promise<void>) =>
    Deno.test(`the engine ${name} ${title}`, requires("root", "ffi", disk), async () => {
      await using repository = await Repository.make(subject);
      await body(repository);
    });

  /** The engine, and a process that writes right after each of the first payloads is made. */
  const meddlingWith = (repository: Repository, times: number) => {
    const seen = { clones: 0 };
    const kind: EngineKind = {
      ...subject.kind,
      make: (platform) => ({
        ...subject.kind.make(platform),
        async clone(request) {
          const result = await subject.kind.make(platform).clone(request);
          if (request.as === "payload" && seen.clones++ < times) {
            repository.write("a.txt", "meanwhile\n".repeat(seen.clones));
          }
          return result;
        },
      }),
    };
    return { kind, seen };
  };

  test("saves, and restores in place", async (repository) => {
    const first = await repository.save("first");
    assertEquals((await callIn(repository.main, status)).clean, true);
    repository.write("a.txt", "changed\n");
    Deno.removeSync(`${repository.main}/data`, { recursive: true });
    const second = await repository.save("second");
    await callIn(repository.main, restore, { snapshot: first }, { engine: "auto" });
    assertEquals(repository.read("main/a.txt"), "one\n");
    assertEquals(repository.read("main/data/deep/c.txt"), "three\n");
    const { mode } = Deno.lstatSync(`${repository.main}/data/deep/c.txt`);
    assertEquals((mode ?? 0) & 0o777, 0o600);
    await callIn(repository.main, restore, { snapshot: second, paths: ["a.txt"] }, { engine: "auto" });
    assertEquals(repository.read("main/a.txt"), "changed\n");
    await repository.assertWhole();
  });

  test("keeps what .jvsignore names out of a snapshot", async (repository) => {
    repository.write(".jvsignore", "*.tmp\n/cache/\n");
    repository.write("data/x.tmp", "x");
    repository.write("cache/y", "y");
    const id = await repository.save();
    const payload = `${repository.path}/.jvs/snapshots/${id}`;
    assertEquals([exists(`${payload}/data/x.tmp`), exists(`${payload}/cache`)], [false, false]);
    assertEquals(exists(`${payload}/data/b.txt`), true);
    await repository.assertWhole();
  });

  test("makes worktrees, and removes them", async (repository) => {
    const first = await repository.save("first");
    const { path } = await callIn(repository.main, worktreeFork, { name: "try", snapshot: first }, {
      engine: "auto",
    });
    assertEquals(Deno.readTextFileSync(`${path}/data/b.txt`), "two\n");
    assertEquals((await callIn(path, status)).clean, true);
    Deno.writeTextFileSync(`${path}/data/b.txt`, "writable\n");
    await callIn(repository.main, restore, { snapshot: first, name: "beside" }, { engine: "auto" });
    assertEquals(repository.read("worktrees/beside/a.txt"), "one\n");
    await callIn(repository.main, worktreeRemove, { name: "try", discard: true });
    assertEquals(namesIn(`${repository.path}/worktrees`), ["beside"]);
    await repository.assertWhole();
  });

  test("is recovered from, killed at any moment of a snapshot", async (repository) => {
    await repository.save("before");
    for (let n = 1;; n++) {
      repository.write("a.txt", `${n}\n`);
      const killed = await killedAt(n, () => repository.save(`killed at ${n}`));
      await callIn(repository.main, doctor, { repair_runtime: true });
      assertEquals(namesIn(`${repository.path}/.jvs/snapshots`).filter((each) => /^\d.*tmp/.test(each)), []);
      if (!killed) break;
    }
    await callIn(repository.main, doctor, { repair: ["clean_tmp"] });
    await repository.assertWhole();
  });

  test("is recovered from, killed at any moment of a restore", async (repository) => {
    const first = await repository.save("first");
    repository.write("a.txt", "changed\n");
    Deno.removeSync(`${repository.main}/data`, { recursive: true });
    const second = await repository.save("second");
    const [older, newer] = [STATE_SAVED, "changed\n, no data"];
    for (let n = 1;; n += STRIDE) {
      const killed = await killedAt(
        n,
        () => callIn(repository.main, restore, { snapshot: first }, { engine: "auto" }),
      );
      await callIn(repository.main, doctor, { repair_runtime: true });
      const state = repository.state();
      assert([older, newer].includes(state), `killed at ${n}: half restored: ${state}`);
      assertEquals((await callIn(repository.main, status)).clean, true, `killed at ${n}`);
      if (!killed) {
        assertEquals(state, older);
        break;
      }
      await callIn(repository.main, restore, { snapshot: second }, { engine: "auto" });
    }
    await callIn(repository.main, doctor, { repair: ["clean_tmp"] });
    await repository.assertWhole();
  });

  test("is recovered from, killed at any moment of a fork", async (repository) => {
    const first = await repository.save("first");
    const fork = () =>
      callIn(repository.main, worktreeFork, { name: "made", snapshot: first }, { engine: "auto" });
    for (let n = 1;; n++) {
      const killed = await killedAt(n, fork);
      await callIn(repository.main, doctor, { repair_runtime: true });
      const { worktrees } = await callIn(repository.main, worktreeList);
      const isMade = worktrees.some(({ name }) => name === "made");
      assertEquals(exists(`${repository.path}/worktrees/made`), isMade, `killed at ${n}`);
      if (isMade) {
        assertEquals(repository.state("worktrees/made"), STATE_SAVED, `killed at ${n}`);
        await callIn(repository.main, worktreeRemove, { name: "made", discard: true });
      }
      if (!killed) {
        assert(isMade, "it was never made");
        break;
      }
    }
    await callIn(repository.main, doctor, { repair: ["clean_tmp"] });
    await repository.assertWhole();
  });

  test("looks once at what a fork made, and the next look reads nothing of it", async (repository) => {
    await repository.settle();
    await repository.save("first");
    const phases: string[] = [];
    const reporter = { ...silentReporter, begin: (phase: string) => void phases.push(phase) };
    await callIn(repository.main, worktreeFork, { name: "made" }, { engine: "auto", reporter });
    assert(phases.includes("cloning") && !phases.includes("scanning"), `${phases}`);
    const seen = await callIn(`${repository.path}/worktrees/made`, status, {}, { reporter });
    assert(phases.includes("scanning") && !phases.includes("hashing"), `${phases}`);
    assertEquals([seen.clean, seen.worktree], [true, "made"]);
    Deno.writeTextFileSync(`${repository.path}/worktrees/made/a.txt`, "changed\n");
    assertEquals((await callIn(`${repository.path}/worktrees/made`, status)).clean, false);
    await repository.assertWhole();
  });

  test("keeps a hard link", async (repository) => {
    const made = await callIn(repository.main, snapshot, {}, { engine: "auto" });
    const payload = `.jvs/snapshots/${made.snapshot.snapshot_id}`;
    assertEquals(made.degradations.counts, {});
    assertEquals(Deno.lstatSync(`${repository.path}/${payload}/data/same.txt`).nlink, 2);
    assertEquals(repository.state(payload), STATE_SAVED);
    repository.write("data/same.txt", "changed\n");
    await callIn(repository.main, restore, { snapshot: "HEAD", discard: true }, { engine: "auto" });
    assertEquals(repository.state(), STATE_SAVED);
    await repository.assertWhole();
  });

  test("reads nothing twice where the worktree does not hold still", async (repository) => {
    await repository.settle();
    await repository.save("first");
    using _engine = useEngine(meddlingWith(repository, Infinity).kind);
    const hashed: number[] = [];
    const reporter = {
      ...silentReporter,
      begin: (phase: string, total?: { readonly entries?: number }) => {
        if (phase === "hashing") hashed.push(total?.entries ?? 0);
      },
    };
    const input = { consistency: "best_effort" } as const;
    const saved = await callIn(repository.main, snapshot, input, { engine: "auto", reporter });
    assertEquals(saved.snapshot.consistency_level, "best_effort");
    assert(hashed.every((entries) => entries <= 1), `hashed ${hashed} files`);
    await repository.assertWhole();
  });

  test("sees what changed while it cloned", async (repository) => {
    const { kind, seen } = meddlingWith(repository, 1);
    using _engine = useEngine(kind);
    const id = await repository.save();
    assert(seen.clones > 1, "it was not captured again");
    assertEquals(repository.read(`.jvs/snapshots/${id}/a.txt`), "meanwhile\n");
    await repository.assertWhole();
  });
}
