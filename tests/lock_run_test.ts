import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { spawnJvs } from "./support/jvs.ts";
import { leaseFile, leaseOn, raiseToken } from "./support/leases.ts";
import { requires } from "./support/requires.ts";
import { mustRun, python } from "./support/run.ts";
import { until } from "./support/until.ts";

const CHECKOUT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const PATH = `${CHECKOUT}/bin:${Deno.env.get("PATH")}`;

async function make(): Promise<BlackBox> {
  const box = await BlackBox.make({ env: { PATH } });
  box.write("a.txt", "one\n");
  return box;
}

/** Starts a command by a lease, and returns when it says `begun`. */
async function started(box: BlackBox, script: string, ...flags: string[]) {
  const child = await spawnJvs(["lock", "run", ...flags, "--", "sh", "-c", script], box.commands());
  await untilSaid(child, "begun\n");
  return child;
}

async function untilSaid(child: Deno.ChildProcess, text: string): Promise<void> {
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  for (let said = ""; !said.includes(text);) {
    const { value, done } = await reader.read();
    assert(!done, `it ended without "${text}", and said: ${said}`);
    said += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
}

async function endOf(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function isFree(box: BlackBox): Promise<boolean> {
  return (await box.json(["lock", "status"])).lease === null;
}

Deno.test("lock run gives the command the worktree, its own input and outputs, and the exit code of jvs", async () => {
  using box = await make();
  const script = 'cat; echo "err" >&2; jvs snapshot -q by-me >/dev/null; ' +
    "JVS_SESSION= jvs snapshot 2>/dev/null || echo refused; exit 42";
  const run = await box.run(["lock", "run", "--", "sh", "-c", script], { stdin: "in\0put\n" });
  assertEquals([run.code, run.stdout, run.stderr], [42, "in\0put\nrefused\n", "err\n"]);
  const made = (await box.history()).map(({ note, fencing_token }) => [note, fencing_token]);
  assertEquals(made, [["by-me", 1]]);
  assert(await isFree(box));
  const operations = box.records().slice(-3).map(({ operation }) => operation);
  assertEquals(operations, ["lock acquire", "snapshot", "lock release"]);
  await box.audit();
});

Deno.test("lock run takes every word behind -- for the command, and runs it where the user is", async () => {
  using box = await make();
  const words = ["--json", "-q", "--", "", "a b", "lock"];
  const { stdout } = await box.run(["lock", "run", "--", "printf", "%s|", ...words]);
  assertEquals(stdout, "--json|-q|--||a b|lock|");
  Deno.mkdirSync(`${box.main}/deep`);
  const deep = await box.run(["-C", "deep", "lock", "run", "pwd"]);
  assertEquals(deep.stdout, `${Deno.realPathSync(box.main)}/deep\n`);
});

Deno.test("lock run ends as its command: by a signal, and where there is no such program", async () => {
  using box = await make();
  for (const [script, code] of [["kill -9 $$", 137], ["kill -TERM $$", 143], ["exit 255", 255]] as const) {
    assertEquals((await box.run(["lock", "run", "--", "sh", "-c", script])).code, code, script);
  }
  const none = await box.run(["lock", "run", "--", "nosuchprogram"]);
  assertEquals(none.code, 127);
  assertEquals(none.stderr, "jvs: nosuchprogram: not found\n");
  for (const words of [[], ["--", ""]]) assertEquals((await box.run(["lock", "run", ...words])).code, 2);
  assert(await isFree(box));
});

Deno.test("lock run --json has its result alone on standard output", async () => {
  using box = await make();
  const run = await box.run(["lock", "run", "--json", "--", "sh", "-c", "echo out; kill -9 $$"]);
  const { code, command, released, signal, worktree } = run.json;
  assertEquals({ code, signal, released, worktree }, {
    code: 137,
    signal: "SIGKILL",
    released: true,
    worktree: "main",
  });
  assertEquals([command, run.stderr, run.code], [["sh", "-c", "echo out; kill -9 $$"], "out\n", 137]);
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  Deno.test(`lock run passes ${signal} on, every time, and gives the lease back when the command has ended`, async () => {
    using box = await make();
    const script = `n=0; trap 'n=$((n + 1)); echo "got $n"' ${signal.slice(3)}; echo begun; ` +
      "while [ $n -lt 2 ]; do sleep 0.05; done; exit 9";
    const child = await started(box, script);
    child.kill(signal);
    await untilSaid(child, "got 1\n"); // else the kernel would take two for one
    child.kill(signal);
    const { code, stdout, stderr } = await endOf(child);
    assertEquals([code, stdout, stderr], [9, "got 2\n", ""]);
    assert(await isFree(box));
  });
}

/** Runs a command on a terminal, and presses Ctrl-C there five times, each when the one before has arrived. */
const AT_A_TERMINAL = `import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said = b""
def until(text, count=1):
    global said
    while said.count(text) < count:
        said += os.read(fd, 4096)
until(b"begun")
for count in range(1, 6):
    os.write(fd, b"\\x03")
    until(b"got", count)
open("end", "w").close()
until(b"ended")
_, status = os.waitpid(pid, 0)
print(said.count(b"got"), status >> 8)
`;

const COUNTS_INTERRUPTS = `import os, signal, time
signal.signal(signal.SIGINT, lambda *_: print("got", flush=True))
print("begun", flush=True)
while not os.path.exists("end"):
    time.sleep(0.01)
print("ended", flush=True)
`;

Deno.test({
  name: "lock run leaves Ctrl-C to the terminal, which gives it to the command once",
  ...requires("python3"),
  async fn() {
    using box = await make();
    const words = ["lock", "run", "--", python(), "-c", COUNTS_INTERRUPTS];
    const args = ["60", python(), "-c", AT_A_TERMINAL, `${CHECKOUT}/bin/jvs`, ...words];
    const options = { args, env: { PATH, HOME: box.outside }, cwd: box.main };
    const { stdout } = await new Deno.Command("timeout", options).output();
    assertEquals(new TextDecoder().decode(stdout), "5 0\n");
    assert(await isFree(box));
  },
});

Deno.test("lock run renews the lease as long as the command runs", async () => {
  using box = await make();
  const child = await started(box, "echo begun; exec sleep 1000", "--lease-ms", "1000");
  const { lease_expires_at } = leaseOn(box);
  while (Date.parse(leaseOn(box).last_renewed_at) < Date.parse(lease_expires_at) + 1000) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await box.error("E_LOCK_CONFLICT", ["snapshot"]);
  child.kill("SIGTERM");
  assertEquals((await endOf(child)).code, 143);
});

Deno.test("lock run ends a command that lost the lease, and says so", async () => {
  const ways: [error: string, lose: (box: BlackBox) => unknown][] = [
    ["E_LOCK_EXPIRED", (box) => box.json(["lock", "release", "--session", "job"])],
    ["E_LOCK_EXPIRED", (box) => Deno.removeSync(leaseFile(box))],
    ["E_FENCING_MISMATCH", (box) => raiseToken(box)],
  ];
  for (const [error, lose] of ways) {
    using box = await make();
    const script = "trap 'echo told; exit 0' TERM; echo begun; while :; do sleep 0.1; done";
    const child = await started(box, script, "--lease-ms", "1000", "--session", "job");
    await lose(box);
    const { code, stdout, stderr } = await endOf(child);
    assertEquals([code, stdout], [1, "told\n"]);
    const [said] = stderr.split("\n");
    assertMatch(said ?? "", /^error: Cannot keep the lease for "sh", so it was ended: /);
    assertStringIncludes(said ?? "", `(${error})`);
  }
});

Deno.test("lock run says that the lease was lost while the command ended", async () => {
  using box = await make();
  const { code, stderr } = await box.run(["lock", "run", "--", "jvs", "lock", "release"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "so it ended by itself meanwhile: ");
});

Deno.test("lock run that is stopped beyond its lease ends its command when it goes on", async () => {
  using box = await make();
  const flags = ["--lease-ms", "1000", "--session", "job"];
  const child = await started(box, "echo begun; exec sleep 1000", ...flags);
  child.kill("SIGSTOP");
  const { lease_expires_at } = leaseOn(box);
  while (Date.now() < Date.parse(lease_expires_at)) await new Promise((resolve) => setTimeout(resolve, 20));
  let [hasEnded, isRevived] = [false, false];
  child.status.then(() => hasEnded = true);
  child.kill("SIGCONT");
  await until(() => hasEnded || (isRevived = leaseOn(box).lease_expires_at !== lease_expires_at));
  if (isRevived) child.kill("SIGTERM"); // which it passes on, else its command would stay
  const { code, stderr } = await endOf(child);
  assert(!isRevived, "a lease that ran out was renewed, so the command went on");
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /its lease ran out at .*E_LOCK_EXPIRED/);
});

Deno.test("lock run keeps a lease that its session had before, and stays away from one of another", async () => {
  using box = await make();
  await box.json(["lock", "acquire", "--session", "job"]);
  assertEquals((await box.run(["lock", "run", "--session", "job", "--", "true"])).code, 0);
  assertEquals(await isFree(box), false);
  const { code, stderr, stdout } = await box.run(["lock", "run", "--", "sh", "-c", "echo ran"]);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "E_LOCK_CONFLICT");
  await box.json(["lock", "release", "--session", "job"]);
  // Nor does it give back what the command acquired for its session.
  const kept = await box.run(["lock", "run", "--", "jvs", "lock", "acquire", "-q"]);
  assertEquals([kept.code, await isFree(box)], [0, false]);
});

Deno.test("lock run gives the command the variables that the user has, and not those for Deno", async () => {
  using box = await make();
  const mine = {
    NODE_OPTIONS: "--trace-warnings",
    root: "my root",
    name: "my name",
    HOME: "/proc/nowhere",
    DENO_DIR: `${box.outside}/cache`,
  };
  const script =
    'echo "$NODE_OPTIONS|$root|$name|$HOME|$DENO_DIR"; env | grep -c "GIVEN\\|DENO_NO\\|NO_COLOR"';
  const shown = `${Object.values(mine).join("|")}\n0\n`;
  const command = ["lock", "run", "--", "sh", "-c", script];
  const env = { PATH, ...mine };
  assertEquals((await box.run(command, { env })).stdout, shown);
  assertEquals((await box.run(["lock", "run", "--", "jvs", ...command], { env })).stdout, shown);
  const none = await box.run(["lock", "run", "--", "sh", "-c", 'echo "${DENO_DIR-none} ${OTEL_DENO-none}"']);
  assertEquals(none.stdout, "none none\n");
});

Deno.test("lock run is refused with the narrow permissions, before it takes the lease", async () => {
  using box = await make();
  const words = ["lock", "run", "--json", "--", "true"];
  const args = ["run", "-q", "--no-prompt", "-P=jvs", `${CHECKOUT}/cli.ts`, ...words];
  const options = { args, cwd: box.main, clearEnv: true, env: { PATH: "/usr/bin:/bin", HOME: "/" } };
  const { stdout } = await new Deno.Command(Deno.execPath(), options).output();
  const { error, hint } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(error, "E_PERMISSION");
  assertStringIncludes(hint, "launcher");
  assertEquals(box.records().some(({ operation }) => operation === "lock acquire"), false);
});

Deno.test("lock run whose jvs is killed leaves a lease that runs out, and the repository sound", async () => {
  using box = await make();
  const child = await started(
    box,
    "echo begun; exec sleep 1000",
    "--lease-ms",
    "1000",
    "--session",
    "job",
  );
  const command = Number(mustRun("pgrep", "-P", String(child.pid)).trim());
  child.kill("SIGKILL");
  await child.status;
  Deno.kill(command, "SIGKILL"); // it goes on without a lease until somebody ends it
  await endOf(child);
  for (let isTaken = false; !isTaken;) {
    const { code, json } = await box.run(["lock", "acquire", "--json"]);
    isTaken = code === 0;
    if (!isTaken) assertEquals(json.error, "E_LOCK_CONFLICT");
  }
  await box.error("E_LOCK_CONFLICT", ["snapshot", "--session", "job"]);
  await box.audit();
});
