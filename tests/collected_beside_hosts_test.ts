import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { exists } from "./support/files.ts";
import { jvsJson, type JvsOptions, spawnJvs } from "./support/jvs.ts";
import { requires } from "./support/requires.ts";
import { until } from "./support/until.ts";
import { TwoHosts, underHost } from "./support/two_hosts.ts";

/* A garbage collection on one host takes nothing that a process of another host is using. */

/** A repository that two hosts use. */
interface Shared {
  readonly main: string;
  /** Where this process sees its `.jvs`. */
  readonly control: string;
  readonly collector: JvsOptions;
  readonly user: JvsOptions;
}

/** How the other host uses a snapshot. */
const USES: Record<string, (id: string) => string[]> = {
  restored: (id) => ["restore", id, "--name", "restored"],
  forked: (id) => ["worktree", "fork", id, "forked"],
  verified: (id) => ["verify", id],
};

const FILES = 300;

/** A snapshot that nothing keeps, of a line of its own. */
async function looseSnapshot({ main, collector }: Shared, note: string): Promise<string> {
  const run = <Result>(...args: string[]) => jvsJson<Result>(["-C", main, ...args], collector);
  const old = `old-${note}`;
  await run("worktree", "fork", old);
  const { snapshot: { snapshot_id: id } } = await run<{ snapshot: { snapshot_id: string } }>(
    "snapshot",
    note,
    "--worktree",
    old,
  );
  await run("worktree", "remove", old);
  await run("gc", "unpin", id);
  return id;
}

/** Whether a process has the marker of a snapshot locked. Who wants to lock it at this moment looks again. */
function isInUse({ control }: Shared, id: string): boolean {
  using marker = Deno.openSync(`${control}/snapshots/${id}.READY`);
  return !marker.tryLockSync(true);
}

/** Whether a process holds a lock for which a garbage collection would wait. Those of worktrees it does not take. */
function isLocked({ control }: Shared): boolean {
  const locks = `${control}/runtime/shared/locks`;
  const names = [...Deno.readDirSync(locks)].map(({ name }) => name).filter((name) =>
    !name.startsWith("worktree-")
  );
  return names.some((name) => {
    using lock = Deno.openSync(`${locks}/${name}`);
    return !lock.tryLockSync(true);
  });
}

/** Stops a process where it uses a snapshot and nobody waits for it. */
async function stopWhereItUses(shared: Shared, id: string, child: Deno.ChildProcess): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  for (;;) {
    await until(() => ended || isInUse(shared, id));
    assert(!ended, "the snapshot was never seen in use");
    Deno.kill(child.pid, "SIGSTOP");
    if (isInUse(shared, id) && !isLocked(shared)) return;
    Deno.kill(child.pid, "SIGCONT");
  }
}

async function collected({ main, collector }: Shared): Promise<string[]> {
  const result = await jvsJson<{ deleted: string[]; pruned: string[] }>(
    ["-C", main, "gc", "run", "--yes"],
    collector,
  );
  return [...result.deleted, ...result.pruned];
}

async function tryEachUse(shared: Shared): Promise<void> {
  const { control, main, user } = shared;
  for (const [how, args] of Object.entries(USES)) {
    const id = await looseSnapshot(shared, how);
    const free = await looseSnapshot(shared, `free-${how}`);
    const child = await spawnJvs(["-C", main, ...args(id), "--json"], user);
    await child.stdin.close();
    try {
      await stopWhereItUses(shared, id, child);
      assertEquals(await collected(shared), [free], `it is being ${how}`);
      assert(exists(`${control}/snapshots/${id}.READY`));
    } finally {
      Deno.kill(child.pid, "SIGCONT");
    }
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    assertEquals(code, 0, `what was ${how} must be whole: ${text.decode(stdout)}${text.decode(stderr)}`);
    // A worktree that was made of it keeps it; what was only read goes now.
    assertEquals(await collected(shared), how === "verified" ? [id] : []);
  }
  for (const name of ["restored", "forked"]) {
    const found = [...Deno.readDirSync(`${control}/../worktrees/${name}`)];
    assertEquals(found.length, FILES, name);
  }
  const { severity } = await jvsJson(["-C", main, "verify", "--all"], user);
  assertEquals(severity, "ok");
}

function fill(main: string): void {
  for (let i = 0; i < FILES; i++) Deno.writeTextFileSync(`${main}/${i}`, `${i}\n`.repeat(100));
}

Deno.test({
  name: "gc run spares what a process of another host restores, forks or verifies, on one disk",
  ...requires("root", "ffi"),
  async fn() {
    using box = await BlackBox.make();
    fill(box.main);
    await box.save("first");
    const [a, b] = ["host-a", "host-b"].map((name) => ({ under: underHost(box.outside, name) }));
    assert(a !== undefined && b !== undefined);
    await tryEachUse({ main: box.main, control: box.control, collector: a, user: b });
    const { hosts } = await box.json<{ hosts: { name: string }[] }>(["info"]);
    assertEquals(["host-a", "host-b"].filter((name) => !hosts.some((host) => host.name === name)), []);
    await box.audit();
  },
});

Deno.test({
  name:
    "gc run spares what a process of another host restores, forks or verifies, on two mounts of a JuiceFS volume",
  ...requires("root", "ffi", "juicefs", "redis"),
  async fn() {
    await using hosts = await TwoHosts.make(0);
    const { a, b } = hosts;
    const { repository } = await a.json<{ repository: string }>(["init", "project"]);
    const main = `${repository}/main`;
    fill(`${a.mount}/project/main`);
    await a.json(["snapshot", "first"], main);
    const control = `${a.mount}/project/.jvs`;
    await tryEachUse({ main, control, collector: a.commands(main), user: b.commands(main) });
  },
});
