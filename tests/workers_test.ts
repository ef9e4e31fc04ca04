import { assertEquals, assertStringIncludes } from "@std/assert";
import { bundle, denoArguments } from "../tasks/bundle.ts";
import { BlackBox } from "./support/black_box.ts";
import { diskImage } from "./support/disk_image.ts";
import { requires } from "./support/requires.ts";
import { tempDir } from "./support/temp_dir.ts";

/*
 * Workers from the command as it is started from source and from a bundle. What they compute: `src/tree/_hash_team_test.ts`,
 * `src/engine/_clone_team_test.ts`.
 */

/** So much that a worker is there before all is hashed, also on a busy machine. It is a hole: nothing of it is on the disk. */
const MUCH = 400_000_000;

function makeHole(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  file.truncateSync(MUCH);
}

interface TraceEvent {
  readonly name: string;
  readonly tid: number;
  readonly args: { readonly name: string };
}

function eventsOf(file: string): TraceEvent[] {
  return (JSON.parse(Deno.readTextFileSync(file)) as { traceEvents: TraceEvent[] }).traceEvents;
}

/** The tracks of a trace, as Perfetto shows them. */
function tracksOf(file: string): string[] {
  return eventsOf(file).filter(({ name }) => name === "thread_name").map(({ args }) => args.name);
}

/** What workers did. */
function workOf(file: string): string[] {
  const events = eventsOf(file);
  const workers = events.filter(({ args, name }) => name === "thread_name" && args.name.startsWith("worker"));
  return events.filter(({ name, tid }) => name !== "thread_name" && workers.some((each) => each.tid === tid))
    .map(({ name }) => name);
}

const NEEDED = requires("ffi");

Deno.test(
  "a snapshot and its verification hash with workers, and with one thread where that is asked for",
  NEEDED,
  async () => {
    using box = await BlackBox.make();
    const file = `${box.outside}/trace.json`;
    for (const name of ["a", "b", "c"]) makeHole(`${box.main}/${name}`);
    const tracks = async (command: string, threads: string) => {
      const env = { JVS_TRACE: file, JVS_THREADS: threads };
      const { code, stderr } = await box.run([command, "--debug"], { env });
      assertEquals(code, 0, stderr);
      const found = tracksOf(file);
      assertEquals(stderr.includes("worker 1: hashing"), found.includes("worker 1"), stderr);
      return found;
    };
    await tracks("snapshot", "2"); // the first worker of a checkout waits until Deno has compiled its modules
    for (const name of ["d", "e", "f"]) makeHole(`${box.main}/${name}`);
    await new Promise((resolve) => setTimeout(resolve, 1050)); // so that their times are believed
    assertEquals(await tracks("snapshot", "2"), ["phases", "worker 1"]);
    assertEquals(await tracks("verify", "2"), ["phases", "worker 1"]);
    assertEquals(await tracks("verify", "1"), ["phases"]);
    assertEquals(await tracks("status", "2"), ["phases"]);
  },
);

Deno.test("many files are cloned and linked with workers", requires("ffi", "root", "xfs"), async () => {
  await using disk = await diskImage("xfs", { sizeMb: 1024 });
  Deno.mkdirSync(`${disk.path}/project`);
  using box = await BlackBox.adopt(`${disk.path}/project`);
  for (let n = 0; n < 51_000; n++) {
    if (n % 100 === 0) Deno.mkdirSync(`${box.main}/d${n / 100}`);
    Deno.writeTextFileSync(`${box.main}/d${Math.floor(n / 100)}/f${n}`, `${n}`);
  }
  const file = `${disk.path}/trace.json`;
  const work = async (...args: string[]) => {
    const { code, stderr } = await box.run(args, { env: { JVS_TRACE: file, JVS_THREADS: "2" } });
    assertEquals(code, 0, stderr);
    return new Set(workOf(file));
  };
  assertEquals(await work("snapshot"), new Set(["hashing"])); // they are busy with that
  assertEquals(await work("snapshot"), new Set(["cloning"]));
  assertEquals(await work("worktree", "fork", "other"), new Set(["cloning", "hashing"]));
  assertEquals((await box.run(["verify", "--all"], { env: { JVS_THREADS: "1" } })).code, 0);
});

Deno.test("JVS_THREADS that is no number is refused", async () => {
  using box = await BlackBox.make();
  for (const wrong of ["0", "-1", "two", "1.5"]) {
    const { code, stderr } = await box.run(["status"], { env: { JVS_THREADS: wrong } });
    assertEquals(code, 2);
    assertStringIncludes(
      stderr,
      `Cannot use JVS_THREADS="${wrong}": it must be a number, 1 or more (E_USAGE)`,
    );
  }
});

Deno.test("the bundle is the module of its own workers", NEEDED, async () => {
  using temporary = tempDir();
  const folder = `${temporary.path}/zwei Wörter`;
  await bundle(folder);
  const file = `${temporary.path}/trace.json`;
  const env = { JVS_TRACE: file, JVS_THREADS: "2", HOME: temporary.path, PATH: "/usr/bin:/bin" };
  const jvs = (cwd: string, ...args: string[]) => {
    const options = { args: [...denoArguments(folder), ...args], cwd, clearEnv: true, env };
    const { code, stderr } = new Deno.Command(Deno.execPath(), options).outputSync();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""], args.join(" "));
  };
  jvs(temporary.path, "init", "project");
  const main = `${temporary.path}/project/main`;
  for (const name of ["a", "b", "c"]) makeHole(`${main}/${name}`);
  jvs(main, "snapshot");
  assertEquals(tracksOf(file), ["phases", "worker 1"]);
  jvs(main, "verify");
  assertEquals(tracksOf(file), ["phases", "worker 1"]);
});
