import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Descriptor } from "../src/model/records.ts";
import { BlackBox } from "./support/black_box.ts";
import { exists } from "./support/files.ts";
import { contentsOf, losingNothing, payloadsOf, type RestoreSays } from "./support/kept_content.ts";
import { requires } from "./support/requires.ts";
import { mustRun, python } from "./support/run.ts";
import { describeTree } from "./support/trees.ts";

/** Lets the files of a worktree change all the time, until it ends. */
class UnsteadyWriter {
  private constructor(private readonly process: Deno.ChildProcess, private readonly stop: string) {}

  static async start(box: BlackBox, pauseSeconds: number): Promise<UnsteadyWriter> {
    const stop = `${box.outside}/stop-${crypto.randomUUID()}`;
    const script = new URL("support/unsteady_writer.py", import.meta.url).pathname;
    const process = new Deno.Command(python(), {
      args: ["-B", script, box.main, stop, `${box.outside}/staged`, String(pauseSeconds)],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = process.stdout.getReader();
    await reader.read(); // "ready"
    reader.releaseLock();
    return new UnsteadyWriter(process, stop);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.writeTextFileSync(this.stop, "");
    await this.process.stdout.cancel();
    assertEquals((await this.process.status).code, 0);
  }
}

/** How far apart the writer's two files are in a snapshot: 0 or 1 if it shows one moment. */
function stepsApart(box: BlackBox, id: string): number {
  const payload = payloadsOf(box.control).get(id);
  return Number(payload?.get("x")) - Number(payload?.get("y"));
}

Deno.test({
  name: "jvs snapshot of files that change all the time fails, or shows one moment; best_effort is labelled",
  ...requires("python3"),
  fn: async () => {
    using box = await BlackBox.make();
    let refused = 0;
    {
      await using _writer = await UnsteadyWriter.start(box, 0);
      for (let round = 0; round < 3; round++) {
        const run = await box.run(["snapshot", "moving", "--json"]);
        if (run.code === 0) {
          const { snapshot } = run.json as unknown as { snapshot: Descriptor };
          assert([0, 1].includes(stepsApart(box, snapshot.snapshot_id)), "it shows no single moment");
          continue;
        }
        refused++;
        assertEquals(run.json.error, "E_CONSISTENCY_UNAVAILABLE", run.stdout);
        assertStringIncludes(String(run.json.hint), "best_effort");
      }
      const { snapshot } = await box.json<{ snapshot: Descriptor }>(
        ["snapshot", "taken", "--consistency", "best_effort"],
      );
      assertEquals(snapshot.consistency_level, "best_effort");
      const history = await box.run(["history"]);
      assertStringIncludes(history.stdout, "best");
    }
    assert(refused > 0, "files that never held still were saved as if they had");
    assertEquals((await box.save("still")).consistency_level, "quiesced");
    await box.audit();
  },
});

Deno.test({
  name: "jvs snapshot of files that change in bursts shows one moment",
  ...requires("python3"),
  fn: async () => {
    using box = await BlackBox.make();
    {
      await using _writer = await UnsteadyWriter.start(box, 0.25);
      for (let round = 0; round < 4; round++) {
        const run = await box.run(["snapshot", "--json"]);
        if (run.code !== 0) assertEquals(run.json.error, "E_CONSISTENCY_UNAVAILABLE", run.stdout);
        else {
          const { snapshot } = run.json as unknown as { snapshot: Descriptor };
          assertEquals(snapshot.consistency_level, "quiesced");
          assert([0, 1].includes(stepsApart(box, snapshot.snapshot_id)), "it shows no single moment");
        }
      }
    }
    await box.audit();
  },
});

Deno.test({
  name: "jvs status, diff and verify give an answer while files change all the time",
  ...requires("python3"),
  fn: async () => {
    using box = await BlackBox.make();
    box.write("a", "1\n");
    await box.save("first");
    {
      await using _writer = await UnsteadyWriter.start(box, 0);
      for (const args of [["status"], ["diff"], ["diff", "--stat"], ["status"], ["verify"]]) {
        await box.json(args);
      }
    }
    await losingNothing(box, ["restore", "HEAD"]);
  },
});

Deno.test({
  name: "jvs snapshot notices a file that is written again and again within one tick, with one size",
  ...requires("python3"),
  fn: async () => {
    using box = await BlackBox.make();
    box.write("file", "00000000");
    await box.save();
    for (let round = 0; round < 5; round++) {
      // It ends somewhere in the middle of the snapshot, which may or may not have seen the last state.
      const writer = new Deno.Command(python(), {
        args: ["-c", FAST_WRITES, `${box.main}/file`, String(100 + 25 * round)],
      }).spawn();
      await box.run(["snapshot", "--consistency", round % 2 === 0 ? "best_effort" : "quiesced"]);
      assertEquals((await writer.status).code, 0);
      const { snapshot_id } = await box.save();
      assertEquals(payloadsOf(box.control).get(snapshot_id)?.get("file"), box.read("file"));
    }
    await box.audit();
  },
});

const FAST_WRITES = `
import os, sys, time
file = os.open(sys.argv[1], os.O_WRONLY)
end = time.monotonic() + float(sys.argv[2]) / 1000
count = int(time.time()) % 1000 * 10000
while time.monotonic() < end:
    count += 1
    os.pwrite(file, b"%08d" % count, 0)
`;

Deno.test("jvs snapshot notices a file whose size and time are as before", async () => {
  using box = await BlackBox.make();
  box.write("file", "one\n");
  const { mtime } = Deno.statSync(`${box.main}/file`);
  const first = (await box.save()).snapshot_id;
  box.write("file", "two\n");
  Deno.utimeSync(`${box.main}/file`, mtime ?? 0, mtime ?? 0);
  const second = (await box.save()).snapshot_id;
  const payloads = payloadsOf(box.control);
  assertEquals([first, second].map((id) => payloads.get(id)?.get("file")), ["one\n", "two\n"]);
  await box.audit();
});

Deno.test({
  name: "jvs snapshot has what was stored through a memory map since the last one, though never flushed",
  ...requires("python3"),
  fn: async () => {
    using box = await BlackBox.make();
    box.write("mapped", "one\n");
    await box.save();
    const mapper = new Deno.Command(python(), {
      args: ["-u", "-c", MAPPER, `${box.main}/mapped`],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = mapper.stdout.getReader();
    const input = mapper.stdin.getWriter();
    await lines.read();
    for (const text of ["two", "six", "ten"]) {
      await input.write(new TextEncoder().encode(`${text}\n`));
      await lines.read();
      const { snapshot_id } = await box.save();
      assertEquals(payloadsOf(box.control).get(snapshot_id)?.get("mapped"), `${text}\n`);
    }
    await input.close();
    await lines.cancel();
    assertEquals((await mapper.status).code, 0);
    await box.audit();
  },
});

// Keeps its map, and so its pages, for as long as the test goes on.
const MAPPER = `
import mmap, sys
with open(sys.argv[1], "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
    print("ready")
    for line in sys.stdin:
        view[0:3] = line[:3].encode()
        print("stored")
`;

/** Makes, in the folder it is given, what only a program that uses bytes and descriptors can. */
const ODD_NAMES = `
import os, sys
os.chdir(sys.argv[1].encode())
content = sys.argv[2].encode()
for name in (b"no-utf8-\\xff\\xfe", b"new\\nline", b"n" * 255, b"\\xc3\\xa9" * 127, b"tab\\t", b"-dash", b" ", b"back\\\\slash"):
    with open(name, "wb") as file:
        file.write(content + name)
os.makedirs(b"folder-\\xff/below", exist_ok=True)
os.symlink(b"\\xff\\n", b"link-" + content)
at = os.open(b".", os.O_RDONLY)
for level in range(25):
    name = b"d" * 200
    try:
        os.mkdir(name, dir_fd=at)
    except FileExistsError:
        pass
    at, above = os.open(name, os.O_RDONLY, dir_fd=at), at
    os.close(above)
with open(os.open(b"bottom", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644, dir_fd=at), "wb") as file:
    file.write(content)
`;

Deno.test({
  name: "jvs keeps names that are no UTF-8, of 255 bytes, with newlines, and paths longer than PATH_MAX",
  ...requires("python3", "ffi"),
  fn: async () => {
    using box = await BlackBox.make();
    mustRun(python(), "-c", ODD_NAMES, box.main, "first");
    const omit = ["owner"];
    const then = await describeTree(box.main, { omit });
    const { snapshot_id } = await box.save("first");
    mustRun(python(), "-c", ODD_NAMES, box.main, "second");
    const edited = await describeTree(box.main, { omit });
    const status = await box.run(["status"]);
    assertEquals(status.code, 0, status.stderr);
    assertEquals(
      status.stdout.split("\n").some((line) => line === "line"),
      false,
      "a newline in a name is shown raw",
    );
    const { autosave_snapshot_id } = await box.json<RestoreSays>(["restore", snapshot_id]);
    assertEquals(await describeTree(box.main, { omit }), then);
    await box.json(["restore", autosave_snapshot_id ?? ""]);
    assertEquals(await describeTree(box.main, { omit }), edited);
    for (const args of [["diff", snapshot_id], ["show", snapshot_id]]) {
      assertEquals((await box.run(args)).code, 0);
    }
    await box.json(["worktree", "fork", "other"]);
    await box.json(["worktree", "remove", "other"]);
    await box.audit();
  },
});

Deno.test("jvs restore turns files into folders and back, everywhere at once", async () => {
  using box = await BlackBox.make();
  const names = ["a", "b", "c/d", "c/e"];
  for (const name of names) box.write(name, `file ${name}\n`);
  Deno.symlinkSync("a", `${box.main}/link`);
  const files = (await box.save("files")).snapshot_id;
  const asFiles = contentsOf(box.main);
  for (const name of [...names, "link"]) {
    Deno.removeSync(`${box.main}/${name}`);
    box.write(`${name}/below/it`, `in ${name}\n`);
  }
  const folders = (await box.save("folders")).snapshot_id;
  const asFolders = contentsOf(box.main);
  await losingNothing(box, ["restore", files]);
  assertEquals(contentsOf(box.main), asFiles);
  await losingNothing(box, ["restore", folders]);
  assertEquals(contentsOf(box.main), asFolders);
});

Deno.test("jvs leaves a repository inside a worktree alone, and names it", async () => {
  using box = await BlackBox.make();
  box.write("a", "1\n");
  const { snapshot_id } = await box.save("first");
  box.write("sub/plain", "not of it\n");
  // Init makes none in a worktree; it comes from elsewhere.
  await box.json(["init", "inner"], { cwd: box.outside });
  Deno.renameSync(`${box.outside}/inner`, `${box.main}/sub/inner`);
  const inner = { cwd: `${box.main}/sub/inner/main` };
  Deno.writeTextFileSync(`${inner.cwd}/b`, "of the inner one\n");
  await box.json(["snapshot", "inner"], inner);
  const { degradations } = await box.save("second");
  assertEquals(degradations.counts, { nested_repository: 1 });
  const before = contentsOf(`${box.main}/sub/inner`);
  box.write("a", "2\n");
  await losingNothing(box, ["restore", snapshot_id]);
  assertEquals(contentsOf(`${box.main}/sub/inner`), before);
  await box.json(["verify", "--all"], inner);
  const whole = contentsOf(`${box.main}/sub/inner`); // with what the verification remembers

  // In the way it is not moved either.
  Deno.renameSync(`${box.main}/sub/inner`, `${box.outside}/inner`);
  Deno.removeSync(`${box.main}/sub`, { recursive: true });
  Deno.removeSync(`${box.main}/a`);
  Deno.mkdirSync(`${box.main}/a`);
  Deno.renameSync(`${box.outside}/inner`, `${box.main}/a/inner`);
  const { message } = await box.error("E_UNSAVED_CHANGES", ["restore", snapshot_id]);
  assertStringIncludes(message, "a/inner");
  assertEquals(contentsOf(`${box.main}/a/inner`), whole);
  await box.audit();
});

Deno.test("jvs follows no link in place of a payload root, or out of it", async () => {
  using box = await BlackBox.make();
  box.write("a", "1\n");
  box.write("folder/b", "1\n");
  const { snapshot_id } = await box.save("first");
  const target = `${box.outside}/target`;
  Deno.mkdirSync(`${target}/folder`, { recursive: true });
  Deno.writeTextFileSync(`${target}/folder/b`, "outside\n");
  Deno.removeSync(`${box.main}/folder`, { recursive: true });
  Deno.symlinkSync(`${target}/folder`, `${box.main}/folder`);
  const { kind, stats } = await box.save("a link");
  assertEquals([kind, stats.symlinks, stats.files], ["manual", 1, 1]);
  await losingNothing(box, ["restore", snapshot_id]);
  assertEquals(Deno.readTextFileSync(`${target}/folder/b`), "outside\n");

  Deno.renameSync(box.main, `${box.outside}/moved`);
  Deno.symlinkSync(`${box.outside}/moved`, box.main);
  const at = { cwd: box.path };
  for (const args of [["snapshot"], ["status"], ["restore", snapshot_id], ["diff"]]) {
    const { hint } = await box.error("E_PATH_ESCAPE", args, at);
    assertNotEquals(hint, "");
  }
  Deno.removeSync(box.main);
  Deno.renameSync(`${box.outside}/moved`, box.main);
  assert(exists(`${box.main}/folder/b`));
  await box.audit();
});

Deno.test("jvs says what to do when a worktree's folder is gone, and loses none of its snapshots", async () => {
  using box = await BlackBox.make();
  box.write("a", "1\n");
  const { snapshot_id } = await box.save("first");
  await box.json(["worktree", "fork", "other"]);
  Deno.removeSync(`${box.path}/worktrees/other`, { recursive: true });
  const at = { cwd: box.main };
  for (const args of [["status"], ["snapshot"], ["restore", snapshot_id]]) {
    const { message, hint } = await box.error("E_NOT_FOUND", [...args, "--worktree", "other"], at);
    assertStringIncludes(message, "other");
    assertNotEquals(hint, "");
  }
  await box.json(["worktree", "remove", "other"], at);
  await box.audit();
});
