import { assert, assertEquals, assertRejects } from "@std/assert";
import { JvsError, Repository } from "../mod.ts";
import { silentReporter } from "../src/model/progress.ts";
import { openFilesIn } from "./support/open_files.ts";
import { tempDir } from "./support/temp_dir.ts";

const ROUNDS = 50;

/** Stops a call when its work begins for the n-th time; how often it began. */
class StopAt {
  begun = 0;
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  readonly reporter = {
    ...silentReporter,
    begin: () => {
      if (++this.begun === this.n) this.controller.abort();
    },
  };

  constructor(private readonly n: number) {}
}

/** A repository with two snapshots, whose files are as old as they need be to be shared. */
async function savedTwice(path: string): Promise<Repository> {
  const repository = await Repository.init(path);
  Deno.mkdirSync(`${repository.folder}/data`);
  for (const name of ["a", "b", "data/c"]) Deno.writeTextFileSync(`${repository.folder}/${name}`, name);
  await repository.snapshot({ tags: ["first"] });
  Deno.writeTextFileSync(`${repository.folder}/b`, "changed");
  await repository.snapshot();
  return repository;
}

const STOPPED: Record<string, (repository: Repository, signal: AbortSignal, n: number) => Promise<unknown>> =
  {
    snapshot: (repository, signal) => repository.snapshot({}, { signal }),
    restore: (repository, signal) => repository.restore({ snapshot: "first" }, { signal }),
    verify: (repository, signal) => repository.verify({ all: true }, { signal }),
    worktreeFork: (repository, signal, n) => repository.worktreeFork({ name: `fork-${n}` }, { signal }),
    diff: (repository, signal) => repository.diff({ from: "first" }, { signal }),
  };

for (const [method, call] of Object.entries(STOPPED)) {
  Deno.test(`Repository.${method}() leaves nothing open, wherever it is stopped`, async () => {
    using dir = tempDir();
    const { folder } = await savedTwice(`${dir.path}/project`);
    for (let n = 1;; n++) {
      Deno.writeTextFileSync(`${folder}/b`, `${n}`);
      const stop = new StopAt(n);
      const repository = await Repository.open(folder, { reporter: stop.reporter });
      await call(repository, stop.signal, n).catch((error) => assertEquals(error.code, "E_INTERRUPTED"));
      assertEquals(openFilesIn(dir.path), 0, `after it was stopped at beginning ${n}`);
      if (stop.begun < n) return assert(n > 1);
    }
  });
}

Deno.test("Repository leaves nothing open after a thousand calls, failing ones too", async () => {
  using dir = tempDir();
  const { folder } = await savedTwice(`${dir.path}/project`);
  const stop = AbortSignal.abort();
  const repository = await Repository.open(folder);
  const fails = (call: Promise<unknown>) => assertRejects(() => call, JvsError);
  const calls: ((round: number) => Promise<unknown>)[] = [
    () => repository.status(),
    (round) => repository.snapshot({ note: `${round}` }),
    () => repository.snapshot({ if_changed: true }),
    () => fails(repository.snapshot({ tags: ["no tag: a space"] })),
    () => fails(repository.snapshot({}, { signal: stop })),
    () => repository.diff({ patch: true }),
    () => repository.diff({ from: "first", to: "HEAD" }),
    () => fails(repository.diff({ from: "missing" })),
    () => repository.history({ limit: 5 }),
    () => fails(repository.show({ snapshot: "missing" })),
    () => repository.restore({ snapshot: "first", paths: ["a"] }),
    () => repository.restore({ snapshot: "first", preview: true }),
    () => fails(repository.restore({ snapshot: "missing" })),
    () => fails(repository.restore({ snapshot: "first" }, { signal: stop })),
    () => repository.verify({ snapshot: "first" }),
    () => fails(repository.verify({ snapshot: "first" }, { signal: stop })),
    () => repository.worktreeFork({ name: "fork" }),
    () => fails(repository.worktreeFork({ name: "fork" })),
    () => repository.worktreeRemove({ name: "fork" }),
    () => fails(repository.worktreeRemove({ name: "fork" })),
  ];
  for (let round = 0; round < ROUNDS; round++) {
    Deno.writeTextFileSync(`${folder}/b`, `${round}`);
    for (const call of calls) await call(round);
    assertEquals(openFilesIn(dir.path), 0);
  }
  assertEquals(ROUNDS * calls.length, 1000);
});
