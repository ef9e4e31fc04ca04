import { assert, assertEquals } from "@std/assert";
import type { EngineKind } from "../../src/engine/contract.ts";
import { ENGINES } from "../../src/engine/engines.ts";
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
import { readOnlyTreeDouble, useEngine, wholeTreeDouble } from "../support/engine_doubles.ts";
import { exists, namesIn } from "../support/files.ts";
import { killedAt } from "../support/kill_point.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";

/** A double, and where its worktrees can be. */
interface Subject {
  readonly kind: EngineKind;
  readonly disk: DiskKind;
  readonly keepsLinks: boolean;
  /** Makes the empty main worktree what the engine wants. */
  readonly prepare: (main: string) => void;
}

const SUBJECTS: readonly Subject[] = [
  {
    kind: ENGINES.find(({ name }) => name === "juicefs-clone") as EngineKind,
    disk: "juicefs",
    keepsLinks: true,
    prepare: () => {},
  },
  { kind: wholeTreeDouble, disk: "xfs", keepsLinks: false, prepare: () => {} },
  {
    kind: readOnlyTreeDouble,
    disk: "btrfs",
    keepsLinks: true,
    prepare: (main) => {
      Deno.removeSync(main);
      mustRun("btrfs", "subvolume", "create", main);
    },
  },
];

/** The content of the files of `Repository.make`. */
const STATE_SAVED = ["one\n", "two\n", "two\n", "three\n"].join();

/** Each of the many changes of a restore would take minutes here. */
const STRIDE = 9;

/** A repository on the engine's disk, with a few files and one snapshot of them. */
class Repository implements AsyncDisposable {
  private constructor(
    private readonly disk: AsyncDisposable,
    private readonly engine: Disposable,
    readonly path: string,
  ) {}

  static async make({ kind, disk, prepare }: Subject): Promise<Repository> {
    // Its own: read-only subvolumes are gone only with their file system.
    const image = await diskImage(disk, { small: true });
    const { repository } = await callIn(image.path, init, { name: "project" });
    prepare(`${repository}/main`);
    // A subvolume is another file system: this says that it is the worktree's folder now.
    await callIn(repository, doctor, { repair_runtime: true });
    const made = new Repository(image, useEngine(kind), repository);
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

  async save(note = ""): Promise<string> {
    // Not by name: that the engine is chosen by itself is part of what is tested.
    return (await callIn(this.main, snapshot, { note }, { engine: "auto" })).snapshot.snapshot_id;
  }

  async assertWhole(): Promise<void> {
    const { snapshots } = await callIn(this.main, verify, { all: true });
    assertEquals(snapshots.filter(({ severity }) => severity !== "ok"), []);
    assertEquals((await callIn(this.main, doctor, { strict: true })).findings, []);
    assertEquals(namesIn(`${this.path}/.jvs/runtime/shared/staging`), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.engine[Symbol.dispose]();
    await this.disk[Symbol.asyncDispose]();
  }
}

for (const subject of SUBJECTS) {
  const { kind: { name }, disk } = subject;
  const test = (title: string, body: (repository: Repository) => Promise<void>) =>
    Deno.test(`an engine like ${name} on ${disk} ${title}`, requires("root", "ffi", disk), async () => {
      await using repository = await Repository.make(subject);
      await body(repository);
    });

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
    for (let n = 1;; n += STRIDE) {
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

  test("keeps a hard link, or says that it is lost", async (repository) => {
    const made = await callIn(repository.main, snapshot, {}, { engine: "auto" });
    const payload = `.jvs/snapshots/${made.snapshot.snapshot_id}`;
    const told = made.degradations.counts["hardlink"] ?? 0;
    assertEquals(told > 0, !subject.keepsLinks);
    if (subject.keepsLinks) {
      assertEquals(Deno.lstatSync(`${repository.path}/${payload}/data/same.txt`).nlink, 2);
    }
    assertEquals(repository.state(payload), STATE_SAVED);
    repository.write("data/same.txt", "changed\n");
    await callIn(repository.main, restore, { snapshot: "HEAD", discard: true }, { engine: "auto" });
    assertEquals(repository.state(), STATE_SAVED);
    await repository.assertWhole();
  });

  test("sees what changed while it cloned", async (repository) => {
    const { clone } = subject.kind.make(
      await import("../../src/platform/open_platform.ts").then((m) => m.openPlatform()),
    );
    let writes = 0;
    const meddling: EngineKind = {
      ...subject.kind,
      make: (platform) => ({
        ...subject.kind.make(platform),
        async clone(request) {
          const result = await clone(request);
          if (request.as === "payload" && writes++ === 0) repository.write("a.txt", "meanwhile\n");
          return result;
        },
      }),
    };
    using _engine = useEngine(meddling);
    const id = await repository.save();
    assert(writes > 1, "it was not captured again");
    assertEquals(repository.read(`.jvs/snapshots/${id}/a.txt`), "meanwhile\n");
    await repository.assertWhole();
  });
}
