import { assert, assertEquals } from "@std/assert";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { type Aside, runAside } from "./program_aside.ts";

const ENV = { PATH: "/usr/bin:/bin" };
const MINUTE = 60_000;

async function run(command: string, options: Partial<Aside> = {}) {
  const lines: string[] = [];
  const signal = new AbortController().signal;
  const end = await runAside(command, {
    cwd: "/",
    env: ENV,
    timeoutMs: MINUTE,
    signal,
    lines: (texts) => void lines.push(...texts),
    ...options,
  });
  return { ...end, lines };
}

/** A fifo that a program opens for writing as long as it lives: when all have ended, reading it ends. */
function lifeline(folder: string) {
  const path = `${folder}/alive`;
  assert(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
  const reading = Deno.readTextFile(path);
  return { path, ended: () => reading };
}

Deno.test("runAside() gives the code, each line of both outputs, and what was behind the last line end", async () => {
  const { lines, ...end } = await run("printf 'a\\r\\nb\\rc\\n\\nd' ; printf 'e\\nf' >&2; exit 3");
  assertEquals(end, { code: 3, signal: null, stopped: null });
  assertEquals(lines.toSorted(), ["", "a", "b", "c", "d", "e", "f"]);
});

Deno.test("runAside() gives only the variables and the folder that are named, and no input", async () => {
  using dir = tempDir();
  Deno.env.set("JVS_TEST_SECRET", "x");
  const { lines } = await run("env | sort | grep -v '^_=\\|^PWD=\\|^SHLVL='; pwd -P; cat; tty <&1", {
    cwd: dir.path,
    env: { ...ENV, A: "1\n2" },
  });
  Deno.env.delete("JVS_TEST_SECRET");
  assertEquals(lines, ["2", "A=1", "PATH=/usr/bin:/bin", Deno.realPathSync(dir.path), "not a tty"]);
});

Deno.test("runAside() says which signal ended a program that ended itself", async () => {
  const { signal, stopped } = await run("kill -9 $$");
  assertEquals([signal, stopped], ["SIGKILL", null]);
});

Deno.test("runAside() ends what hangs, and all that it started, when its time is over", async () => {
  using dir = tempDir();
  const { path, ended } = lifeline(dir.path);
  const { stopped, lines } = await run(
    `exec 9>${path}; trap 'echo told; exit 0' TERM; sleep 1000 & sh -c 'trap "" TERM; sleep 1000' & echo begun; wait`,
    { timeoutMs: 500 },
  );
  assertEquals([stopped, lines], ["timeout", ["begun", "told"]]);
  assertEquals(await ended(), "");
});

Deno.test("runAside() ends in its time what prints without end, also where each piece takes long to pass on", async () => {
  let passedOn = 0;
  const { stopped } = await run("yes", {
    timeoutMs: 300,
    lines: () => {
      passedOn++;
      for (const until = performance.now() + 20; performance.now() < until;);
    },
  });
  assertEquals(stopped, "timeout");
  assert(passedOn < 60, `${passedOn} pieces of output were passed on, of which 15 fit into the time`);
});

Deno.test("runAside() passes on together what was printed together", async () => {
  let [passedOn, count] = [0, 0];
  await run("yes | head -n 200000", {
    lines: (texts) => {
      passedOn++;
      count += texts.length;
    },
  });
  assertEquals(count, 200_000);
  assert(passedOn < 20_000, `${count} lines came in ${passedOn} pieces`);
});

Deno.test("runAside() ends by SIGKILL what does not obey SIGTERM", async () => {
  const { signal, stopped } = await run("trap '' TERM; while :; do sleep 1000; done", { timeoutMs: 100 });
  assertEquals([signal, stopped], ["SIGKILL", "timeout"]);
});

Deno.test("runAside() ends what a program left in the background, and does not wait for it", async () => {
  using dir = tempDir();
  const { path, ended } = lifeline(dir.path);
  const left = `trap 'echo told >${dir.path}/told' TERM; echo >${dir.path}/left; while :; do sleep 1; done`;
  const command =
    `exec 9>${path}; (${left}) & while [ ! -e ${dir.path}/left ]; do sleep 0.05; done; echo gone`;
  const { code, stopped, lines } = await run(command);
  assertEquals([code, stopped, lines], [0, null, ["gone"]]);
  assertEquals(await ended(), "");
  // It was killed before the operation goes on, and not by the keeper some time later, who tells it first.
  assertEquals([...Deno.readDirSync(dir.path)].map(({ name }) => name).toSorted(), ["alive", "left"]);
});

Deno.test("runAside() does not wait for a daemon that keeps its output open", async () => {
  using dir = tempDir();
  const { code, lines } = await run(
    `setsid sh -c 'echo $$ >${dir.path}/pid; echo on; exec sleep 1000' & wait $!`,
    {
      timeoutMs: 1000,
    },
  );
  const daemon = Number(Deno.readTextFileSync(`${dir.path}/pid`));
  Deno.kill(daemon, "SIGKILL"); // it has a session of its own, and lives on
  assertEquals([code, lines], [143, ["on"]]);
});

Deno.test("runAside() does not wait for a daemon that prints for ever, and tells how the program itself ended", async () => {
  using dir = tempDir();
  const command = `setsid sh -c 'echo $$ >${dir.path}/pid; while :; do echo on; sleep 0.1; done' & ` +
    `while ! [ -s ${dir.path}/pid ]; do sleep 0.01; done`;
  const { code, stopped } = await run(command, { timeoutMs: 2000 });
  Deno.kill(Number(Deno.readTextFileSync(`${dir.path}/pid`)), "SIGKILL");
  assertEquals([code, stopped], [0, null]);
});

Deno.test("runAside() stops for an interruption, also for one that was there before", async () => {
  for (const before of [true, false]) {
    const controller = new AbortController();
    if (before) controller.abort();
    const running = run("echo begun; sleep 1000", {
      signal: controller.signal,
      lines: () => controller.abort(),
    });
    assertEquals((await running).stopped, "interrupt", `${before}`);
  }
});

Deno.test("runAside() passes a very long line on in pieces, and stops a program whose output has no place", async () => {
  const { lines } = await run("head -c 1000000 /dev/zero | tr '\\0' x");
  assertEquals(lines.join("").length, 1_000_000);
  assert(lines.every((line) => line.length < 5000));
  assert(lines.length > 100);
  const refused = await run("yes", {
    lines: () => {
      throw new Error("no room");
    },
  }).catch((error) => error.message);
  assertEquals(refused, "no room");
});

Deno.test("runAside() leaves nothing behind where JVS itself is killed", async () => {
  using dir = tempDir();
  const { path, ended } = lifeline(dir.path);
  const module = new URL("./program_aside.ts", import.meta.url).href;
  const command = `exec 9>${path}; trap "" TERM; sleep 1000 & echo begun; while :; do sleep 1000; done`;
  const script = `import { runAside } from ${JSON.stringify(module)};
    await runAside(${JSON.stringify(command)}, { cwd: "/", env: ${JSON.stringify(ENV)}, timeoutMs: undefined,
      signal: new AbortController().signal, lines: () => Deno.kill(Deno.pid, "SIGKILL") });`;
  Deno.writeTextFileSync(`${dir.path}/killed.ts`, script);
  const args = ["run", "-A", "--no-config", `${dir.path}/killed.ts`];
  const { signal } = await new Deno.Command(Deno.execPath(), { args }).output();
  assertEquals(signal, "SIGKILL");
  assertEquals(await ended(), "");
});
