import { assert, assertEquals } from "@std/assert";
import type { Descriptor, Finding } from "../src/model/records.ts";
import { BlackBox } from "./support/black_box.ts";
import { jvsEnvironment } from "./support/jvs.ts";
import { diskImage } from "./support/disk_image.ts";
import type { Requirement } from "./support/probes.ts";
import { requires } from "./support/requires.ts";
import { run } from "./support/run.ts";
import { describeTree } from "./support/trees.ts";
import { tempDir } from "./support/temp_dir.ts";

/* What docs/operations.md says is done as it says. */

const page = Deno.readTextFileSync(new URL("../docs/operations.md", import.meta.url));

/** The first block of a kind on the page that has this text. */
function block(kind: string, text: string): string {
  const blocks = [...page.matchAll(/^```(\w*)\n([^]*?)^```$/gm)];
  const found = blocks.find(([, name, content = ""]) => name === kind && content.includes(text));
  assert(found?.[2] !== undefined, `the page has a block of ${kind} with ${text}`);
  return found[2];
}

/** A folder of programs, `jvs` among them, and a shell that finds them. */
async function aShell() {
  const folder = tempDir();
  const { program, env } = await jvsEnvironment();
  Deno.symlinkSync(program, `${folder.path}/jvs`);
  return {
    path: folder.path,
    run(commands: string, cwd = folder.path) {
      const PATH = `${folder.path}:${env.PATH}:${Deno.env.get("PATH")}`;
      const { code, stdout, stderr } = new Deno.Command("sh", {
        args: ["-euc", commands],
        clearEnv: true,
        env: { ...env, PATH },
        cwd,
      }).outputSync();
      const text = new TextDecoder();
      return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

type Shell = Awaited<ReturnType<typeof aShell>>;

Deno.test("docs/operations.md: the nightly job gives space back and says that all is well, or that it is not", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "kept\n");
  await box.save("first");
  await box.json(["worktree", "fork", "old"]);
  const old = { cwd: `${box.path}/worktrees/old` };
  Deno.writeFileSync(`${old.cwd}/large`, crypto.getRandomValues(new Uint8Array(60_000)));
  const { snapshot } = await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], old);
  await box.json(["worktree", "remove", "old"]);
  await box.json(["gc", "unpin", snapshot.snapshot_id]);
  const size = async () => (await box.json<{ total_bytes: number }>(["gc", "plan"])).total_bytes;
  const before = await size();

  using shell = await aShell();
  Deno.writeTextFileSync(`${shell.path}/jvs-nightly`, block("sh", "gc run"), { mode: 0o755 });
  const nightly = () => shell.run(`jvs-nightly '${box.path}'`);
  const { code, stderr } = nightly();
  assertEquals(code, 0, stderr);
  assert(await size() < before - 50_000, "space came back");
  assertEquals(box.records().at(-1)?.reason, "nightly");

  Deno.writeTextFileSync(`${box.control}/audit/HEAD`, "{}");
  assertEquals(nightly().code, 1);
});

Deno.test({
  name: "docs/operations.md: systemd understands the units",
  ignore: run("sh", "-c", "command -v systemd-analyze").code !== 0,
  fn() {
    using folder = tempDir();
    const unit = (kind: string, text: string) => {
      const path = `${folder.path}/jvs-nightly.${kind}`;
      const content = block("ini", text).replace(/^ExecStart=\S+/m, "ExecStart=/bin/true").replace(
        "User=ana",
        "User=root",
      );
      Deno.writeTextFileSync(path, content);
      return path;
    };
    const { code, stderr } = run(
      "systemd-analyze",
      "verify",
      unit("service", "[Service]"),
      unit("timer", "[Timer]"),
    );
    assertEquals([code, stderr.split("\n").filter((line) => line.includes("jvs-nightly"))], [0, []], stderr);
  },
});

/** A repository `lab` in this folder with two snapshots, of which the second shares a large file with the first; a shell. */
async function labIn(parent: string): Promise<BlackBox> {
  const box = await BlackBox.make({ parent });
  Deno.mkdirSync(`${box.main}/deep/empty`, { recursive: true });
  box.write("deep/a.txt", "one\n");
  Deno.linkSync(`${box.main}/deep/a.txt`, `${box.main}/hard`);
  Deno.writeFileSync(`${box.main}/large`, new Uint8Array(5_000_000).fill(7));
  await box.save("one");
  box.write("deep/a.txt", "two\n");
  await box.save("two");
  return box;
}

/** A change after the first backup, which makes a snapshot, collects another, and replaces records by others of the same size. */
async function goOn(box: BlackBox): Promise<void> {
  box.write("new.txt", "three\n");
  await box.save("three");
  await box.json(["gc", "run", "--yes", "--policy", "thin"]);
}

/** Does what a block says, for this repository and this copy. */
function doBlock(shell: Shell, text: string, { path }: BlackBox, copy: string): void {
  const commands = block("sh", text).replaceAll("/backup/lab", copy).replaceAll(/(?<![\w/])lab\b/g, path);
  const { code, stdout, stderr } = shell.run(commands);
  assertEquals(code, 0, `${commands}\n${stdout}${stderr}`);
}

/** The copy has the same history, all of it is whole, and so is main. */
async function assertCopied(box: BlackBox, copy: string, { degraded = false } = {}): Promise<void> {
  const inCopy = { cwd: `${copy}/main` };
  const idsIn = async (more = {}) =>
    (await box.json<{ snapshots: Descriptor[] }>(["history", "--all"], more)).snapshots
      .filter(({ kind }) => kind === "manual").map((each) => each.snapshot_id);
  assertEquals(await idsIn(inCopy), await idsIn());
  const { json } = await box.run(["verify", "--all", "--json"], inCopy);
  assertEquals(json.severity, degraded ? "degraded" : "ok", JSON.stringify(json, null, 1));
  const { findings } = await box.json<{ findings: Finding[] }>(["doctor"], inCopy);
  assertEquals(findings, []);
  assertEquals(await describeTree(`${copy}/main`), await describeTree(box.main));
}

const BACKUPS: {
  how: string;
  /** What its commands on the page have. */
  text: string;
  needs: Requirement[];
  disks?: readonly ["btrfs", "btrfs"] | readonly ["juicefs", "ext4"];
}[] = [
  { how: "rsync", text: "/.jvs/runtime lab/", needs: ["rsync"] },
  {
    how: "jvs-btrfs-backup",
    text: "jvs-btrfs-backup lab",
    needs: ["root", "btrfs", "rsync"],
    disks: ["btrfs", "btrfs"],
  },
  {
    how: "juicefs sync",
    text: "juicefs sync",
    needs: ["root", "juicefs", "ext4"],
    disks: ["juicefs", "ext4"],
  },
];

for (const { how, text, needs, disks = [] } of BACKUPS) {
  Deno.test({
    name: `docs/operations.md: a backup by ${how} is a repository with all snapshots, and so is the next one`,
    ...requires(...needs),
    async fn() {
      await using held = new AsyncDisposableStack();
      const places = await Promise.all(
        [0, 1].map(async (n) => {
          const kind = disks[n];
          return kind === undefined ? held.use(tempDir()).path : held.use(await diskImage(kind)).path;
        }),
      );
      const [source = "", target = ""] = places;
      using box = await labIn(source);
      using shell = await aShell();
      const copy = `${target}/lab`;
      Deno.mkdirSync(copy);
      if (how === "jvs-btrfs-backup") {
        Deno.writeTextFileSync(`${shell.path}/${how}`, block("sh", "btrfs send"), { mode: 0o755 });
        assertEquals((await box.history())[0]?.engine, "btrfs-snapshot");
      }
      doBlock(shell, text, box, copy);
      await goOn(box);
      doBlock(shell, text, box, copy);
      if (how === "juicefs sync") doBlock(shell, "mkdir /backup/lab/main", box, copy);
      await assertCopied(box, copy, { degraded: how === "juicefs sync" });
    },
  });
}
