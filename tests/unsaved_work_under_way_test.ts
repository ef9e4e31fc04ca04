import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { contentsOf, losingNothing, payloadsOf, type RestoreSays } from "./support/kept_content.ts";
import { namesIn } from "./support/files.ts";
import { spawnJvs } from "./support/jvs.ts";
import { requires } from "./support/requires.ts";
import { mustRun, python } from "./support/run.ts";
import { until } from "./support/until.ts";

/** What was written, and how: `tests/support/busy_writer.py` explains it. */
interface Written {
  readonly how: string;
  readonly path: string;
  readonly content: string;
}

/** A process that writes into a worktree all the time. */
class BusyWriter {
  private constructor(private readonly process: Deno.ChildProcess, private readonly stop: string) {}

  static async start(
    box: BlackBox,
    overwritten: readonly string[],
    ...more: readonly "keep-times"[]
  ): Promise<BusyWriter> {
    const stop = `${box.outside}/stop`;
    const stage = `${box.outside}/stage`;
    Deno.mkdirSync(stage);
    const script = new URL("support/busy_writer.py", import.meta.url).pathname;
    const process = new Deno.Command(python(), {
      args: ["-B", script, box.main, stop, stage, overwritten.join(","), ...more],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    return await Promise.resolve(new BusyWriter(process, stop));
  }

  /** Lets it end, and gives all that must not be lost. */
  async end(): Promise<Written[]> {
    Deno.writeTextFileSync(this.stop, "");
    const { code, stdout } = await this.process.output();
    assertEquals(code, 0);
    const [ready, ...lines] = new TextDecoder().decode(stdout).trimEnd().split("\n");
    assertEquals(ready, "ready");
    return lines.map((line) => {
      const [how = "", path = "", content = ""] = line.split("\t");
      return { how, path, content };
    });
  }
}

/** What is at these paths in the worktree, in snapshots, and (for what was open while it was replaced) in `replaced`. */
function notFound(box: BlackBox, written: readonly Written[]): Written[] {
  const found = new Set<string>();
  const add = (contents: Map<string, string>) => {
    for (const [path, content] of contents) found.add(`${path}\t${content}`);
  };
  add(contentsOf(box.main));
  for (const payload of payloadsOf(box.control).values()) add(payload);
  const replaced = new Set<string>();
  for (const [path, content] of contentsOf(`${box.control}/runtime/shared/replaced`)) {
    const [, , ...own] = path.split("/"); // the restore, `new` or `old`
    replaced.add(`${own.join("/")}\t${content}`);
  }
  return written.filter(({ how, path, content }) =>
    !found.has(`${path}\t${content}`) && !(how === "write" && replaced.has(`${path}\t${content}`))
  );
}

/** A mount point: what is in it can be renamed nowhere else, so that a restore has to stage in the payload root. */
function mountedOnItself(folder: string): Disposable {
  mustRun("mount", "--bind", folder, folder);
  return { [Symbol.dispose]: () => void mustRun("umount", folder) };
}

Deno.test({
  name: "jvs restore loses nothing of what another process writes while it runs, by path or by rename",
  ...requires("python3"),
  fn: async () => {
    using box = await BlackBox.make();
    const paths = ["in-place", "renamed", "folder/in-place", "folder/renamed"];
    for (const path of paths) box.write(path, `first ${path}\n`);
    box.write("only-first/file", "1\n");
    const first = (await box.save("first")).snapshot_id;
    for (const path of paths) box.write(path, `second ${path}\n`);
    box.write("only-second/file", "2\n");
    Deno.removeSync(`${box.main}/only-first`, { recursive: true });
    const second = (await box.save("second")).snapshot_id;

    const writer = await BusyWriter.start(box, paths);
    let saved = 0;
    for (let round = 0; round < 6; round++) {
      const { autosave_snapshot_id, second_autosave_id } = await box.json<RestoreSays>(
        ["restore", round % 2 === 0 ? first : second],
      );
      for (const id of [autosave_snapshot_id, second_autosave_id]) if (id !== null) saved++;
    }
    const written = await writer.end();
    assert(saved >= 4 && written.length > 100, `the writer was too slow: ${saved}, ${written.length}`);
    assertEquals(notFound(box, written), []);
    await box.audit();
  },
});

for (const staging of ["beside the worktree", "in the payload root"]) {
  Deno.test({
    name: `jvs restore loses nothing of one size that is written with its time put back, staging ${staging}`,
    ...requires("python3", ...staging === "in the payload root" ? ["root"] as const : []),
    fn: async () => {
      using box = await BlackBox.make();
      using _mount = staging === "in the payload root" ? mountedOnItself(box.main) : undefined;
      const paths = Array.from({ length: 40 }, (_, index) => `${index % 2 === 0 ? "a" : "b/c"}/${index}`);
      const saved = async (word: string) => {
        for (const path of paths) box.write(path, `${word} ${path.padStart(9)}`);
        return (await box.save(word)).snapshot_id;
      };
      const snapshots = [await saved("first"), await saved("other")];
      const writer = await BusyWriter.start(box, paths, "keep-times");
      for (let round = 0; round < 8; round++) {
        await box.json<RestoreSays>(["restore", snapshots[round % 2] as string]);
      }
      const written = await writer.end();
      assert(written.length > 100, `the writer was too slow: ${written.length}`);
      // Where nothing replaced is kept, what is written through a descriptor after the end is lost to every program.
      const isHeld = ({ how }: Written) => how !== "write" || staging === "beside the worktree";
      assertEquals(notFound(box, written.filter(isHeld)), []);
      await box.audit();
    },
  });
}

Deno.test({
  name: "jvs restore does not take what was written while it set a file's time for what it restored",
  ...requires("strace"),
  fn: async () => {
    using box = await BlackBox.make();
    box.write("edited", "first\n");
    box.write("touched", "first\n");
    const { snapshot_id } = await box.save("first");
    box.write("edited", "second\n");
    Deno.utimeSync(`${box.main}/touched`, 1, 1);
    // The time is set at the end, and late: there is a moment between the journal and that.
    const slowly = [
      "strace",
      "-f",
      "--seccomp-bpf",
      "-o",
      "/dev/null",
      "-e",
      "inject=utimensat:delay_enter=300ms",
    ];
    const restore = await spawnJvs(["restore", snapshot_id], box.commands({ under: slowly }));
    await restore.stdin.close();
    const staging = `${box.control}/runtime/shared/staging`;
    await until(() => namesIn(staging).some((id) => namesIn(`${staging}/${id}`).includes("journal")));
    box.write("touched", "other\n");
    const { code, stderr } = await restore.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertEquals(box.read("touched"), "other\n");
    const { snapshot } = await losingNothing<{ snapshot: { snapshot_id: string } }>(box, ["snapshot"]);
    assertNotEquals(snapshot.snapshot_id, snapshot_id);
    assertEquals(payloadsOf(box.control).get(snapshot.snapshot_id)?.get("touched"), "other\n");
  },
});
