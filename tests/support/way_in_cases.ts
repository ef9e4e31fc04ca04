import { assertEquals, assertStringIncludes } from "@std/assert";
import { mustRun } from "./run.ts";
import { tempDir } from "./temp_dir.ts";

/** A way to start JVS that a user installed: a program, and the PATH it gets, on which there is no Deno. */
export interface WayIn {
  readonly program: string;
  readonly path: string;
}

/** What the start of a program depends on. */
interface Situation {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** Whether the current folder is removed before. */
  readonly inRemovedFolder?: boolean;
}

const SITUATIONS: Record<string, Situation> = {
  "a result": { args: ["path"] },
  "help": { args: ["help", "snapshot"] },
  "a command that does not exist": { args: ["snapshoot"] },
  "a flag that does not exist": { args: ["snapshot", "--two words", "", "*"] },
  "a snapshot that does not exist": { args: ["show", "1700000000000-00000000"] },
  "no repository": { args: ["-C", "/", "status"] },
  "a folder that does not exist": { args: ["-C", "/nowhere", "status"] },
  "a current folder that was removed": { args: ["status"], inRemovedFolder: true },
  "another folder than one that was removed": { args: ["-C/", "status"], inRemovedFolder: true },
  "a HOME that does not exist": { args: ["path"], env: { HOME: "/nowhere" } },
  "a HOME that may not be written": { args: ["path"], env: { HOME: "/proc" } },
  "no HOME": { args: ["path"] },
  "a JVS_DENO that names nothing": { args: ["path"], env: { JVS_DENO: "/nowhere/deno" } },
};

/** Tests that a way in ends as the launcher of the checkout does, with the same words, whatever the situation is. */
export function testWayIn(name: string, options: { ignore: boolean }, wayIn: () => Promise<WayIn>): void {
  Deno.test({
    name: `${name} says and answers what bin/jvs does in each situation`,
    ...options,
    async fn() {
      const way = await wayIn();
      const reference = { program: BIN_JVS, path: Deno.env.get("PATH") ?? "" };
      using scene = new Scene();
      for (const [title, situation] of Object.entries(SITUATIONS)) {
        assertEquals(scene.outcome(way, situation), scene.outcome(reference, situation), title);
      }
    },
  });

  Deno.test({
    name: `${name} passes a signal on, ends with it, and leaves no process behind`,
    ...options,
    async fn() {
      const { program, path } = await wayIn();
      using scene = new Scene();
      using _lock = scene.lock();
      const child = new Deno.Command(program, {
        args: ["snapshot", "--lock-timeout", "1h"],
        cwd: scene.main,
        clearEnv: true,
        env: { PATH: path },
        stdout: "null",
        stderr: "piped",
      }).spawn();
      await untilItCatches(child.pid, SIGTERM);
      child.kill("SIGTERM");
      const { code, stderr } = await child.output();
      assertEquals([code, new TextDecoder().decode(stderr).includes("E_INTERRUPTED")], [130, true]);
      // Only its own process knew the folder: one that is left would have it as its current folder.
      assertEquals(processesIn(scene.main), []);
    },
  });
}

/** Does what the README begins with, by a program and the arguments that start JVS, without a Deno on PATH. */
export function giveTour({ program, path }: WayIn, ...before: string[]): void {
  using work = tempDir();
  Deno.writeTextFileSync(`${work.path}/deno.json`, HOSTILE_CONFIG);
  const jvs = (cwd: string, ...args: string[]) => {
    const env = { PATH: path, HOME: "/nonexistent" };
    const { code, stdout, stderr } = start(program, [...before, ...args], env, cwd);
    assertEquals([code, stderr], [0, ""], args.join(" "));
    return stdout;
  };
  jvs(work.path, "init", "project");
  const main = `${work.path}/project/main`;
  Deno.writeTextFileSync(`${main}/notes`, "one");
  jvs(main, "snapshot", "first");
  Deno.writeTextFileSync(`${main}/notes`, "two");
  assertStringIncludes(jvs(main, "restore", "HEAD"), "1 file changed");
  assertEquals(Deno.readTextFileSync(`${main}/notes`), "one");
  assertStringIncludes(jvs(main, "verify", "--all"), "2 snapshots");
}

/** How a program ends, with only these variables. */
export function start(program: string, args: readonly string[], env: Record<string, string>, cwd = "/") {
  const { code, signal, stdout, stderr } = new Deno.Command(program, {
    args: [...args],
    cwd,
    clearEnv: true,
    env,
  })
    .outputSync();
  const decoder = new TextDecoder();
  return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const BIN_JVS = new URL("../../bin/jvs", import.meta.url).pathname;
const SIGTERM = 15;
const HOSTILE_CONFIG = `{ "permissions": { "jvs": {} }, "imports": "nonsense" }`;

/** A repository in which a hostile neighbour left things that a launcher could take for its own. */
class Scene implements Disposable {
  private readonly folder = tempDir();
  readonly main = `${this.folder.path}/zwei Wörter/project/main`;

  constructor() {
    Deno.mkdirSync(`${this.folder.path}/zwei Wörter`);
    mustRun(BIN_JVS, "-C", `${this.folder.path}/zwei Wörter`, "init", "project");
    Deno.writeTextFileSync(`${this.main}/deno.json`, HOSTILE_CONFIG);
    Deno.writeTextFileSync(`${this.main}/jvs.py`, "print('taken over')");
    for (const name of ["deno", "node", "python3"]) {
      Deno.writeTextFileSync(`${this.main}/${name}`, "#!/bin/sh\necho taken over\n", { mode: 0o755 });
    }
    mustRun(BIN_JVS, "-C", this.main, "snapshot");
  }

  /** How a program ends, and what it says. */
  outcome({ program, path }: WayIn, { args, env, inRemovedFolder = false }: Situation) {
    const before = inRemovedFolder ? '/bin/mkdir ../gone && cd ../gone && /bin/rmdir "$PWD" &&' : "";
    const script = `${before} exec "$@"`;
    return start("/bin/sh", ["-c", script, "sh", program, ...args], { PATH: path, ...env }, this.main);
  }

  /** Holds the lock of the worktree. */
  lock(): Disposable {
    const folder = `${this.main}/../.jvs/runtime/shared/locks`;
    const name = [...Deno.readDirSync(folder)].map(({ name }) => name).find((name) =>
      name.startsWith("worktree-")
    );
    const file = Deno.openSync(`${folder}/${name}`, { read: true, write: true });
    file.lockSync(true);
    return file;
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** Waits until a process has a handler for a signal: before, the signal would only kill it. */
async function untilItCatches(pid: number, signal: number): Promise<void> {
  for (;;) {
    const [, caught = "0"] = /^SigCgt:\s*(\w+)$/m.exec(mustRun("cat", `/proc/${pid}/status`)) ?? [];
    if ((BigInt(`0x${caught}`) >> BigInt(signal - 1) & 1n) === 1n) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function processesIn(folder: string): string[] {
  const found = mustRun("sh", "-c", "ls -l /proc/[0-9]*/cwd 2>/dev/null || true");
  return found.split("\n").filter((line) => line.endsWith(` -> ${folder}`));
}
