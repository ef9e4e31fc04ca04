import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { sharedDisk } from "./support/disk_image.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";
import { withoutFfi } from "./support/without_ffi.ts";

/** An event of the Trace Event Format. */
interface Event {
  name: string;
  ph: string;
  ts: number;
  dur: number;
  pid: number;
  tid: number;
  args: Record<string, unknown>;
}

/** The events of a file; fails unless it has the form that Perfetto reads, and each event is beside or inside the others. */
function eventsOf(file: string): Event[] {
  const { traceEvents } = JSON.parse(Deno.readTextFileSync(file)) as { traceEvents: Event[] };
  const spans = traceEvents.filter(({ ph }) => ph === "X");
  assertEquals(traceEvents.filter(({ ph }) => ph !== "X" && ph !== "M"), []);
  for (const { ts, dur, pid, tid } of spans) {
    for (const number of [ts, dur, pid, tid]) assert(Number.isSafeInteger(number) && number >= 0);
  }
  for (const group of Map.groupBy(spans, ({ tid }) => tid).values()) {
    const open: number[] = [];
    for (const { name, ts, dur } of group) {
      while ((open.at(-1) ?? Infinity) <= ts) open.pop();
      assert(ts + dur <= (open.at(-1) ?? Infinity), `"${name}" ends after what it is inside of`);
      open.push(ts + dur);
    }
  }
  return spans;
}

/** The phases that `--debug` names. */
function phasesIn(stderr: string): string[] {
  const [, ...rows] = stderr.slice(stderr.indexOf("  time  share  phase")).trim().split("\n");
  return rows.map((row) => (/% +(.*?)(?: ×[\d,]+)?(?: {2}.*)?$/.exec(row) ?? [])[1] ?? row)
    .filter((name) => name !== "all else");
}

Deno.test("JVS_TRACE writes each phase that --debug names, one inside the other, and what was done in it", async () => {
  using box = await BlackBox.make();
  const file = `${box.outside}/trace.json`;
  const seen = new Set<string>();
  const traced = async (...args: string[]) => {
    const { code, stderr } = await box.run([...args, "--debug"], { env: { JVS_TRACE: file } });
    assertEquals(code, 0, stderr);
    const events = eventsOf(file);
    const names = events.map(({ name }) => name);
    const phases = phasesIn(stderr);
    assertEquals(names[0], `jvs ${args[0]}`);
    assertEquals(new Set(phases), new Set(names));
    phases.forEach((name) => seen.add(name));
    return events;
  };
  box.write("a.txt", "one\n");
  const events = await traced("snapshot");
  assertEquals(events.find(({ name }) => name === "hashing")?.args, { entries: 1, bytes: 4 });
  box.write("a.txt", "two\n");
  await traced("diff", "--patch");
  await traced("restore", "HEAD");
  await traced("verify", "--all");
  const expected =
    "starting,opening the repository,taking the lock,looking at the worktree,scanning,cloning,hashing," +
    "checking that nothing changed,writing the manifest,making it durable,committing,publishing,writing the cache," +
    "comparing,comparing lines,planning,saving unsaved work,staging,restoring,verifying,reading a manifest," +
    "printing the result";
  assertEquals(expected.split(",").filter((name) => !seen.has(name)), []);
  await box.audit();
});

Deno.test("without --debug and JVS_TRACE nothing is measured, printed or written", async () => {
  using box = await BlackBox.make();
  const { stderr } = await box.run(["status"], { env: { JVS_TRACE: "" } });
  assertEquals(stderr, "");
  assertEquals([...Deno.readDirSync(box.main)], []);
});

Deno.test("an error is traced too, and --debug still shows where it happened", async () => {
  using box = await BlackBox.make();
  const file = `${box.outside}/trace-%p.json`;
  const { code, stderr } = await box.run(["diff", "v9", "--debug"], { env: { JVS_TRACE: file } });
  assertEquals(code, 1);
  assertMatch(stderr, /E_NOT_FOUND[^]*\n +at [^]*share {2}phase/);
  const [name = ""] = [...Deno.readDirSync(box.outside)].map(({ name }) => name).filter((each) =>
    /^trace-\d+\.json$/.test(each)
  );
  assertEquals(eventsOf(`${box.outside}/${name}`)[0]?.name, "jvs diff");
});

Deno.test("JVS_TRACE replaces nothing but a file of the user, and the command does its work all the same", async () => {
  using box = await BlackBox.make();
  using folder = tempDir();
  const victim = `${folder.path}/victim`;
  Deno.writeTextFileSync(victim, "precious");
  Deno.symlinkSync(victim, `${folder.path}/link`);
  Deno.mkdirSync(`${folder.path}/folder`);
  Deno.writeTextFileSync(`${folder.path}/old`, "an older trace");
  for (const [name, why] of [["link", "is no file"], ["folder", "is no file"], ["none/x", "not there"]]) {
    const { code, stdout, stderr } = await box.run(["snapshot"], {
      env: { JVS_TRACE: `${folder.path}/${name}` },
    });
    assertEquals(code, 0);
    assertStringIncludes(stdout, "Created snapshot");
    assertMatch(
      stderr,
      new RegExp(`^warning: The trace is not written\\. Cannot [^\\n]*${why}[^\\n]*\\.\\n$`),
    );
  }
  assertEquals(Deno.readTextFileSync(victim), "precious");
  assert(Deno.lstatSync(`${folder.path}/link`).isSymlink);
  assertEquals((await box.run(["status"], { env: { JVS_TRACE: `${folder.path}/old` } })).stderr, "");
  assertEquals(eventsOf(`${folder.path}/old`)[0]?.name, "jvs status");
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [
    "folder",
    "link",
    "old",
    "victim",
  ]);
});

Deno.test("JVS_TRACE of root replaces no file of another user and no device", requires("root"), async () => {
  using box = await BlackBox.make();
  using folder = tempDir();
  Deno.writeTextFileSync(`${folder.path}/theirs`, "precious");
  Deno.chownSync(`${folder.path}/theirs`, 12345, 12345);
  // Not /dev/null itself: where the product is broken, the machine would lose it.
  mustRun("mknod", `${folder.path}/null`, "c", "1", "3");
  for (const [name, why] of [["theirs", "another user"], ["null", "is no file"]]) {
    const { code, stderr } = await box.run(["status"], { env: { JVS_TRACE: `${folder.path}/${name}` } });
    assertEquals(code, 0);
    assertMatch(stderr, new RegExp(`^warning: The trace is not written\\. [^\\n]*${why}\\.\\n$`));
  }
  assertEquals(Deno.readTextFileSync(`${folder.path}/theirs`), "precious");
  assert(Deno.statSync(`${folder.path}/null`).isCharDevice);
});

Deno.test("programs that JVS runs are on a track of their own", requires("xfs"), async () => {
  using disk = await sharedDisk("xfs");
  using box = await BlackBox.make({ parent: disk.path });
  using folder = tempDir();
  const file = `${folder.path}/trace.json`;
  box.write("a.txt", "one\n");
  const env = { ...withoutFfi(folder.path), JVS_TRACE: file, JVS_SNAPSHOT_ENGINE: "reflink-copy" };
  const { code, stderr } = await box.run(["snapshot"], { env });
  assertEquals(code, 0, stderr);
  const events = eventsOf(file);
  const phases = events.filter(({ tid }) => tid === 1);
  const programs = events.filter(({ tid }) => tid !== 1);
  assert(programs.length > 0);
  assertEquals(new Set(programs.map(({ name }) => name)), new Set(["cp"]));
  const cloning = phases.find(({ name }) => name === "cloning");
  assert(programs.some(({ ts, dur }) => cloning && ts >= cloning.ts && ts + dur <= cloning.ts + cloning.dur));
});
