import { assert, assertEquals } from "@std/assert";
import type { EngineKind } from "../../src/engine/contract.ts";
import { doctor } from "../../src/operation/doctor.ts";
import { init } from "../../src/operation/init.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { status } from "../../src/operation/status.ts";
import { verify } from "../../src/operation/verify.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
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
  /** Makes the empty main worktree what the engine wants. */
  readonly prepare: (main: string) => void;
}

const SUBJECTS: readonly Subject[] = [
  { kind: wholeTreeDouble, disk: "xfs", prepare: () => {} },
  {
    kind: readOnlyTreeDouble,
    disk: "btrfs",
    prepare: (main) => {
      Deno.removeSync(main);
      mustRun("btrfs", "subvolume", "create", main);
    },
  },
];

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
    Deno.test(`an engine like ${name} ${title}`, requires("root", "ffi", disk), async () => {
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
