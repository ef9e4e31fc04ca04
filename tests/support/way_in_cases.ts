import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { asUser, USER } from "./as_user.ts";
import { requires } from "./requires.ts";
import { mustRun } from "./run.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

/** A package is one minified program, and more than that size says that something else got into it. */
const LARGEST_PACKAGE = 400_000;

/** Fails for a package that is larger than its program explains. */
export function assertSmall(file: string): void {
  const { size } = Deno.statSync(file);
  assert(size < LARGEST_PACKAGE, `${file} has ${size} bytes`);
}

/** A way to start JVS that a user installed: a program, and the PATH it gets, on which there is no Deno. */
export interface WayIn {
  readonly program: string;
  readonly path: string;
}

/** What the start of a program depends on. */
interface Situation {
  readonly args: readonly string[];
  /** The exit code. */
  readonly code: number;
  readonly env?: Record<string, string>;
  /** The line of bash that starts the program, which is "$@". */
  readonly line?: string;
}

const IN_REMOVED_FOLDER = '/bin/mkdir ../gone && cd ../gone && /bin/rmdir "$PWD" && exec "$@"';

/** Each of them would change what Deno does, the first by a file in the current folder. */
const FOREIGN_VARIABLES = {
  NODE_OPTIONS: "--require ./planted.cjs",
  NODE_CHANNEL_FD: "5",
  DENO_V8_FLAGS: "--no-such-flag",
  DENO_PERMISSION_BROKER_PATH: "/proc/nowhere",
};

const SITUATIONS = {
  "a result": { args: ["path"], code: 0 },
  "help": { args: ["help", "snapshot"], code: 0 },
  "a command that does not exist": { args: ["snapshoot"], code: 2 },
  "a flag that does not exist": { args: ["snapshot", "--two words", "", "*"], code: 2 },
  "an argument that is no UTF-8": { args: ["status"], code: 2, line: `exec "$@" $'\\377'` },
  "a snapshot that does not exist": { args: ["show", "1700000000000-00000000"], code: 1 },
  "no repository": { args: ["-C", "/", "status"], code: 1 },
  "a folder that does not exist": { args: ["-C", "/proc/nowhere", "status"], code: 2 },
  "a current folder that was removed": { args: ["status"], code: 1, line: IN_REMOVED_FOLDER },
  "another folder than one that was removed": { args: ["-C/", "status"], code: 1, line: IN_REMOVED_FOLDER },
  "a HOME that does not exist": { args: ["path"], code: 0, env: { HOME: "/proc/nowhere" } },
  "a HOME that is no folder": { args: ["path"], code: 0, env: { HOME: "/dev/null" } },
  "a HOME that may not be written": { args: ["path"], code: 0, env: { HOME: "/proc" } },
  "no HOME": { args: ["path"], code: 0 },
  "a JVS_DENO that names nothing": { args: ["path"], code: 1, env: { JVS_DENO: "/proc/nowhere/deno" } },
  "a JVS_DENO that is a folder": { args: ["path"], code: 1, env: { JVS_DENO: "/proc" } },
  "a JVS_DENO that is another program": { args: ["path"], code: 1, env: { JVS_DENO: "/bin/true" } },
  "a JVS_DENO that is a word of the shell": { args: ["path"], code: 1, env: { JVS_DENO: "cd" } },
  "variables that Node or Deno would obey": { args: ["path"], code: 0, env: FOREIGN_VARIABLES },
  "a command by a lease, which gets the variables back": {
    args: ["-C", ".", "lock", "-q", "run", "--", "/bin/sh", "-c", 'echo "$NODE_OPTIONS $HOME"; exit 7'],
    code: 7,
    env: { ...FOREIGN_VARIABLES, HOME: "/proc/nowhere" },
  },
  "no standard input": { args: ["path"], code: 0, line: 'exec "$@" <&-' },
  "no standard output": { args: ["path"], code: 0, line: 'exec "$@" >&-' },
  "no standard error": { args: ["snapshoot"], code: 2, line: 'exec "$@" 2>&-' },
  "a full standard output": { args: ["path"], code: 1, line: 'exec "$@" >/dev/full' },
  "a reader of the output that has ended": {
    args: ["history"],
    code: 0,
    line: 'exec 3> >(:); wait $!; exec "$@" >&3',
  },
} satisfies Record<string, Situation>;

/** Tests that a way in ends as the launcher of the checkout does, with the same words, whatever the situation is. */
export function testWayIn(
  name: string,
  options: { ignore: boolean },
  wayIn: () => Promise<WayIn>,
  { except = [] }: { except?: readonly (keyof typeof SITUATIONS)[] } = {},
): void {
  Deno.test({
    name: `${name} says and answers what bin/jvs does in each situation`,
    ...options,
    async fn() {
      const way = await wayIn();
      using scene = new Scene();
      for (const [title, situation] of Object.entries<Situation>(SITUATIONS)) {
        if ((except as readonly string[]).includes(title)) continue;
        const expected = scene.outcome(CHECKOUT, situation);
        assertEquals(expected.code, situation.code, title);
        assertEquals(scene.outcome(way, situation), expected, title);
      }
    },
  });

  testSignals(name, options, wayIn);

  Deno.test({
    name: `${name} starts for a user who may not write its folder`,
    ignore: requires("user").ignore || options.ignore,
    async fn() {
      const { program, path } = await wayIn();
      using home = tempDir({ owner: USER });
      const [command, ...args] = asUser(USER, program, ["version"]);
      const { code, stdout, stderr } = start(command, args, { PATH: `${path}:/usr/bin`, HOME: home.path });
      assertEquals([code, stdout.slice(0, 6), stderr], [0, "jvs 0.", ""]);
    },
  });
}

/** Tests that each signal to end reaches the program, which then ends as interrupted. */
export function testSignals(name: string, options: { ignore: boolean }, wayIn: () => Promise<WayIn>): void {
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    Deno.test({
      name: `${name} passes ${signal} on, ends with it, and leaves no process behind`,
      ...options,
      async fn() {
        const { program, path } = await wayIn();
        using scene = new Scene();
        const lock = scene.lock();
        const child = new Deno.Command(program, {
          args: ["snapshot", "--lock-timeout", "1m"],
          cwd: scene.main,
          clearEnv: true,
          env: { PATH: path },
          stdout: "null",
          stderr: "piped",
        }).spawn();
        await untilOpened(scene.main);
        child.kill(signal);
        const { code } = await child.status;
        // Only its own process knew the folder: one that is left would have it as its current folder.
        const left = processesIn(scene.main);
        lock[Symbol.dispose](); // what is left can end
        const said = await new Response(child.stderr).text();
        assertEquals([code, said.includes("E_INTERRUPTED"), left], [130, true, []], said);
      },
    });
  }
}

/** Does what the README begins with, by a program and the arguments that start JVS, without a Deno on PATH. */
export function giveTour({ program, path }: WayIn, ...before: string[]): void {
  using work = tempDir();
  Deno.writeTextFileSync(`${work.path}/deno.json`, HOSTILE_CONFIG);
  const jvs = (cwd: string, ...args: string[]) => {
    const env = { PATH: path, HOME: "/dev/null" };
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

/** A program that no system starts, as a program for glibc is where there is only musl. */
export const OF_ANOTHER_SYSTEM = "#!/proc/nowhere/ld-linux.so\n";

const BIN_JVS = new URL("../../bin/jvs", import.meta.url).pathname;

/** The way in of this checkout, which is the pattern of the others. */
export const CHECKOUT: WayIn = { program: BIN_JVS, path: Deno.env.get("PATH") ?? "" };

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
    Deno.writeTextFileSync(`${this.main}/deno.py`, "print('taken over')");
    Deno.writeTextFileSync(`${this.main}/planted.cjs`, "console.log('taken over');");
    for (const name of ["deno", "node", "python3"]) {
      Deno.writeTextFileSync(`${this.main}/${name}`, "#!/bin/sh\necho taken over\n", { mode: 0o755 });
    }
    mustRun(BIN_JVS, "-C", this.main, "snapshot");
  }

  /** How a program ends, and what it says. */
  outcome({ program, path }: WayIn, { args, env, line = 'exec "$@"' }: Situation) {
    return start("/bin/bash", ["-c", line, "bash", program, ...args], { PATH: path, ...env }, this.main);
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

/** Waits until a process has opened the repository of a worktree, which it does after it began to listen to signals. */
async function untilOpened(main: string): Promise<void> {
  const opened = ` -> ${Deno.realPathSync(`${main}/../.jvs/snapshots`)}`;
  await until(() => mustRun("sh", "-c", "ls -l /proc/[0-9]*/fd 2>/dev/null || true").includes(opened));
}

function processesIn(folder: string): string[] {
  const found = mustRun("sh", "-c", "ls -l /proc/[0-9]*/cwd 2>/dev/null || true");
  return found.split("\n").filter((line) => line.endsWith(` -> ${folder}`));
}
