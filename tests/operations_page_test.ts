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
    home: env.HOME,
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

  // What it prints of damage is a heading of the page that says what to do.
  const { snapshot_id: id } = await box.save("second");
  const file = `${box.control}/snapshots/${id}/a.txt`;
  Deno.chmodSync(file, 0o600);
  Deno.writeTextFileSync(file, "evil, and longer\n");
  const damaged = nightly();
  assertEquals(damaged.code, 1);
  const [, named = ""] = /^TAMPERED .* \((E_\w+)\)$/m.exec(damaged.stdout) ?? [];
  const recovery = Deno.readTextFileSync(new URL("../docs/recovery.md", import.meta.url));
  assert(named !== "" && recovery.includes(`\n## ${named}\n`), damaged.stdout);
});

Deno.test("docs/operations.md: the nightly job names each repository, and lives with lost metadata as the page says", async () => {
  using sound = await BlackBox.make();
  using worn = await BlackBox.make();
  for (const box of [sound, worn]) {
    box.write("a.txt", "kept\n");
    await box.save("first");
  }
  const { snapshot_id: id } = (await worn.history())[0] ?? {};
  Deno.utimeSync(`${worn.control}/snapshots/${id}/a.txt`, 0, 0);

  using shell = await aShell();
  const script = block("sh", "gc run");
  const nightly = (text: string) => {
    Deno.writeTextFileSync(`${shell.path}/jvs-nightly`, text, { mode: 0o755 });
    return shell.run(`jvs-nightly '${sound.path}' '${worn.path}'`);
  };
  const strict = nightly(script);
  assertEquals(strict.code, 1);
  assertEquals(
    strict.stdout.split("\n").filter((line) => /^(?:==|DEGRADED|OK)/.test(line)).map((line) =>
      line.split("  ")[0]
    ),
    [`== ${sound.path}`, "OK", `== ${worn.path}`, "DEGRADED"],
  );

  const lines = /^ {2}jvs verify [^]* {2}jvs doctor .*\n/m;
  assert(lines.test(script));
  const lenient = script.replace(lines, () => block("sh", "  jvs doctor --strict"));
  const { code, stdout } = nightly(lenient);
  assertEquals(code, 0, stdout);
  assert(stdout.includes("(E_DEGRADED)"), stdout);
  Deno.removeSync(`${worn.control}/snapshots/${id}/a.txt`);
  assertEquals(nightly(lenient).code, 1);
});

/** What a job runs, with the PATH that its block on the page gives it. */
const JOBS = [
  {
    who: "cron's line",
    block: ["", "17 3 * * *"],
    line: /^(?:\S+ ){5}(.*jvs-nightly.*)$/m,
    path: /^PATH=(.*)$/m,
  },
  {
    who: "systemd's service",
    block: ["ini", "[Service]"],
    line: /^ExecStart=(.*)$/m,
    path: /^Environment=PATH=(.*)$/m,
  },
] as const;

for (const { who, block: [kind, text], line, path } of JOBS) {
  Deno.test(`docs/operations.md: ${who} runs the nightly job with the little that it is given`, async () => {
    using box = await BlackBox.make();
    box.write("a.txt", "one\n");
    await box.save("first");
    using shell = await aShell();
    Deno.writeTextFileSync(`${shell.path}/jvs-nightly`, block("sh", "gc run"), { mode: 0o755 });
    const [, command = ""] = line.exec(block(kind, text)) ?? [];
    assert(command !== "" && !command.includes("%"), "for cron a % is the end of the line");
    const here = command.replace("/usr/local/bin/jvs-nightly", `${shell.path}/jvs-nightly`)
      .replace("/home/ana/lab", box.path);
    assert(here !== command && here.includes(shell.path) && here.includes(box.path));
    const asJob = (PATH: string) => {
      const { code, stdout, stderr } = new Deno.Command("/bin/sh", {
        args: ["-c", here],
        clearEnv: true,
        env: { HOME: shell.home, LOGNAME: "ana", SHELL: "/bin/sh", PATH },
        cwd: shell.home,
        stdin: "null",
      }).outputSync();
      const text = new TextDecoder();
      return { code, said: text.decode(stdout) + text.decode(stderr) };
    };
    // It finds only what the system has; the page says how it finds the rest.
    assertEquals(asJob("/usr/bin:/bin").code, 1, "jvs is not where it looks");
    const setting = path.exec(block(kind, text))?.[1] ?? "";
    assert(setting.startsWith("/usr/local/bin:"), setting);
    const { code, said } = asJob(setting.replace("/usr/local/bin", shell.path));
    assertEquals(code, 0, said);
    assertEquals(box.records().at(-1)?.operation, "snapshot", "there was nothing to collect");
    assert(said.includes("healthy") && said.includes("OK"), said);
    Deno.writeTextFileSync(`${box.control}/audit/HEAD`, "{}");
    assertEquals(asJob(setting.replace("/usr/local/bin", shell.path)).code, 1);
  });
}

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
  await box.json(["worktree", "fork", "old"]);
  await box.json(["snapshot"], { cwd: `${box.path}/worktrees/old` });
  return box;
}

/** A change after the first backup, which makes a snapshot, collects another, and replaces records by others of the same size. */
async function goOn(box: BlackBox): Promise<void> {
  box.write("new.txt", "three\n");
  await box.save("three");
  await box.json(["worktree", "remove", "old"]);
  const { pins } = await box.json<{ pins: { snapshot_id: string }[] }>(["gc", "pins"]);
  for (const { snapshot_id } of pins) await box.json(["gc", "unpin", snapshot_id]);
  const { deleted } = await box.json<{ deleted: unknown[] }>(["gc", "run", "--yes"]);
  assertEquals(deleted.length, 1);
}

/** Takes a snapshot that leaves out so much that on btrfs, too, it is a plain folder. */
async function saveWithoutMuch(box: BlackBox): Promise<void> {
  box.write(".jvsignore", "/cache/*\n");
  for (let n = 0; n <= 1000; n++) box.write(`cache/${n}`, "");
  await box.save("without the cache");
  for (let n = 0; n <= 1000; n++) Deno.removeSync(`${box.main}/cache/${n}`);
}

/** Does what a block says, for this repository and this copy. Gives what is printed. */
function doBlock(shell: Shell, text: string, path: string, copy: string): string {
  const commands = block("sh", text).replaceAll("/backup/lab", copy).replaceAll(/(?<![\w/])lab\b/g, path);
  const { code, stdout, stderr } = shell.run(commands);
  assertEquals(code, 0, `${commands}\n${stdout}${stderr}`);
  return stdout + stderr;
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
  /** What the commands have that bring the copy back to a new disk. */
  back?: string;
  needs: Requirement[];
  disks?: readonly ["btrfs", "btrfs", "btrfs"] | readonly ["juicefs", "ext4"];
}[] = [
  {
    how: "rsync",
    text: "/.jvs/runtime lab/",
    back: "/.jvs/runtime /backup/lab/ lab/",
    needs: ["rsync"],
  },
  {
    how: "jvs-btrfs-backup",
    text: "jvs-btrfs-backup lab",
    back: "jvs-btrfs-backup /backup/lab lab",
    needs: ["root", "btrfs", "rsync"],
    disks: ["btrfs", "btrfs", "btrfs"],
  },
  {
    how: "juicefs sync",
    text: "juicefs sync",
    needs: ["root", "juicefs", "ext4"],
    disks: ["juicefs", "ext4"],
  },
];

for (const { how, text, back, needs, disks = [] } of BACKUPS) {
  Deno.test({
    name: `docs/operations.md: a backup by ${how} is a repository with all snapshots, and so is the next one`,
    ...requires(...needs),
    async fn() {
      await using held = new AsyncDisposableStack();
      const places = await Promise.all(
        [0, 1, 2].map(async (n) => {
          const kind = disks[n];
          return kind === undefined ? held.use(tempDir()).path : held.use(await diskImage(kind)).path;
        }),
      );
      const [source = "", target = "", newDisk = ""] = places;
      using box = await labIn(source);
      using shell = await aShell();
      const copy = `${target}/lab`;
      Deno.mkdirSync(copy);
      if (how === "jvs-btrfs-backup") {
        Deno.writeTextFileSync(`${shell.path}/${how}`, block("sh", "btrfs send"), { mode: 0o755 });
        assertEquals((await box.history())[0]?.engine, "btrfs-snapshot");
        await saveWithoutMuch(box);
        assertEquals((await box.history())[0]?.engine, "reflink-copy");
      }
      doBlock(shell, text, box.path, copy);
      await goOn(box);
      const said = doBlock(shell, text, box.path, copy);
      // cron sends a mail of what is printed.
      assert(!/^(?:At|Create|Delete) /m.test(said), said);
      if (how === "juicefs sync") doBlock(shell, "mkdir /backup/lab/main", box.path, copy);
      await assertCopied(box, copy, { degraded: how === "juicefs sync" });
      if (back === undefined) return;
      const again = `${newDisk}/lab`;
      doBlock(shell, back, again, copy);
      await assertCopied(box, again);
      const more = { cwd: `${again}/main` };
      Deno.writeTextFileSync(`${more.cwd}/new.txt`, "four\n");
      await box.json(["snapshot", "four"], more);
      const engineIn = async (options = {}) =>
        (await box.json<{ snapshots: Descriptor[] }>(["history"], options)).snapshots[0]?.engine;
      assertEquals(await engineIn(more), how === "rsync" ? await engineIn() : "btrfs-snapshot");
    },
  });
}
