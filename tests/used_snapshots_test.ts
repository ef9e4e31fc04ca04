import { assert, assertEquals } from "@std/assert";
import { silentReporter } from "../src/model/progress.ts";
import { diff } from "../src/operation/diff.ts";
import { doctor } from "../src/operation/doctor.ts";
import { restore } from "../src/operation/restore.ts";
import { show } from "../src/operation/show.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { verify } from "../src/operation/verify.ts";
import { worktreeCreate } from "../src/operation/worktree_create.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import type { RepositoryContext } from "../src/protocol/context.ts";
import { killedAt } from "./support/kill_point.ts";
import { requires } from "./support/requires.ts";
import { TestRepository } from "./support/repository.ts";
import { stoppedReader } from "./support/stopped_reader.ts";
import { until } from "./support/until.ts";

/* A snapshot that is being used is never collected (docs/design/snapshots-in-use.md): who collects it must claim it first. */

/** Whether a snapshot may be collected now. */
function isFree({ store }: RepositoryContext, id: string): boolean {
  using claim = store.snapshots.claimForRemoval(id);
  return claim !== undefined;
}

type Saved = Awaited<ReturnType<typeof TestRepository.saved>>;
type Call = (repository: Saved, id: string, more: object) => Promise<unknown>;

/** Each operation that reads a snapshot, and phases in which it must hold it. */
const READERS: Record<string, { call: Call; during: readonly string[] }> = {
  restore: {
    call: (repository, id, more) => repository.call(restore, { snapshot: id, verify: true }, more),
    during: ["planning", "staging", "restoring", "keeping concurrent writes"],
  },
  "restore --paths": {
    call: (repository, id, more) => repository.call(restore, { snapshot: id, paths: ["a.txt"] }, more),
    during: ["planning", "staging", "restoring"],
  },
  "restore --preview": {
    call: (repository, id, more) => repository.call(restore, { snapshot: id, preview: true }, more),
    during: ["planning"],
  },
  "restore --name": {
    call: (repository, id, more) => repository.call(restore, { snapshot: id, name: "beside" }, more),
    during: ["hashing"],
  },
  "worktree fork": {
    call: (repository, id, more) =>
      repository.call(worktreeFork, { name: "fork", snapshot: id, verify: true }, more),
    during: ["hashing"],
  },
  "worktree create --from": {
    call: (repository, id, more) =>
      repository.call(worktreeCreate, { name: "made", from: id, verify: true }, more),
    during: ["hashing"],
  },
  verify: {
    call: (repository, id, more) => repository.call(verify, { snapshot: id }, more),
    during: ["reading a manifest", "hashing"],
  },
  "verify --all": {
    call: (repository, _id, more) => repository.call(verify, { all: true }, more),
    during: ["reading a manifest", "hashing"],
  },
  "diff --patch": {
    call: (repository, id, more) => repository.call(diff, { from: id, patch: true }, more),
    during: ["comparing lines"],
  },
  "diff of two snapshots": {
    call: (repository, id, more) => repository.call(diff, { from: "HEAD", to: id, patch: true }, more),
    during: ["comparing lines"],
  },
};

for (const [name, { call, during }] of Object.entries(READERS)) {
  Deno.test(`jvs ${name} keeps the snapshot that it reads`, async () => {
    using repository = await TestRepository.saved();
    const { first } = repository;
    repository.write("main/a.txt", "changed\n");
    await repository.save("second");
    const context = await repository.open();
    const held = new Set<string>();
    const begin = (phase: string) => void (isFree(context, first) || held.add(phase));
    await call(repository, first, { reporter: { ...silentReporter, begin } });
    assertEquals(during.filter((phase) => !held.has(phase)), [], `it held it during ${[...held].join(", ")}`);
    assert(isFree(context, first), "nothing holds it afterwards");
  });
}

Deno.test("jvs snapshot keeps the snapshot that it shares files and manifest with until the new one is published", async () => {
  using repository = await TestRepository.saved();
  const { first } = repository;
  repository.write("main/a.txt", "changed\n");
  const context = await repository.open();
  const phases: [phase: string, isFree: boolean][] = [];
  const begin = (phase: string) => void phases.push([phase, isFree(context, first)]);
  await repository.call(snapshot, {}, { reporter: { ...silentReporter, begin } });
  const free = phases.filter(([, isFree]) => isFree).map(([phase]) => phase);
  for (const phase of ["writing the manifest", "making it durable", "publishing"]) {
    assert(phases.some(([each]) => each === phase), `there is a phase ${phase}`);
    assert(!free.includes(phase), `during ${phase}`);
  }
  assert(isFree(context, first));
});

Deno.test("jvs verify --all leaves out a snapshot that is collected meanwhile, and is not alarmed", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/a.txt", "changed\n");
  const second = await repository.save("second");
  const { store } = await repository.open();
  let isGone = false;
  const begin = () => {
    if (isGone) return;
    isGone = true;
    // The head is the second: here the first is read, and the second is taken away.
    Deno.renameSync(store.layout.ready(second).path, `${repository.path}/away`);
  };
  const result = await repository.call(verify, { all: true }, { reporter: { ...silentReporter, begin } });
  assertEquals(result.snapshots.map(({ snapshot_id, severity }) => [snapshot_id, severity]), [
    [repository.first, "ok"],
  ]);
});

Deno.test("jvs show --files keeps nothing, whatever it listed", async () => {
  using repository = await TestRepository.saved();
  const context = await repository.open();
  await repository.call(show, { snapshot: repository.first, files: true });
  assert(isFree(context, repository.first));
});

Deno.test({
  name: "a process that is killed while it reads a snapshot keeps it no longer",
  ...requires("strace"),
  async fn() {
    using repository = await TestRepository.saved();
    const context = await repository.open();
    {
      await using _reader = await stoppedReader(["verify"], { cwd: repository.main });
      assert(!isFree(context, repository.first));
    }
    await until(() => isFree(context, repository.first));
  },
});

const CHANGES: Record<string, (repository: Saved, n: number) => Promise<unknown>> = {
  restore: (repository) => repository.call(restore, { snapshot: repository.first, discard: true }),
  "worktree fork": (repository, n) =>
    repository.call(worktreeFork, { name: `fork-${n}`, snapshot: repository.first }),
};

for (const [operation, change] of Object.entries(CHANGES)) {
  Deno.test({
    name: `a ${operation} that is killed leaves a claim of its snapshot to its recovery`,
    ...requires("ffi"),
    async fn() {
      using repository = await TestRepository.saved();
      repository.write("main/a.txt", "changed\n");
      await repository.save("second");
      let claimed = 0;
      for (let n = 1; await killedAt(n, () => change(repository, n)); n++) {
        const { store } = await repository.open();
        const intents = store.intents.list().filter((each) => each.operation === operation);
        for (const { claims } of intents) assertEquals(claims.snapshot_id, repository.first, `change ${n}`);
        claimed += intents.length;
        await repository.call(doctor, { repair_runtime: true });
        if (operation === "restore") await repository.call(restore, { snapshot: "HEAD", discard: true });
      }
      assert(claimed > 10);
    },
  });
}
