import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { spawnJvs } from "./support/jvs.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";
import { trustHooks } from "./support/trusted_hooks.ts";

const CHECKOUT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

/** A repository with one snapshot and hooks, which the user of all commands trusts; LOG in a hook is a file outside. */
async function hooked(hooks: Record<string, string>) {
  const settings = tempDir();
  const log = `${settings.path}/log`;
  const env = { XDG_CONFIG_HOME: settings.path, PATH: `${CHECKOUT}/bin:${Deno.env.get("PATH")}` };
  const box = await BlackBox.make({ env });
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("first");
  for (const [name, text] of Object.entries(hooks)) {
    await box.json(["config", "set", `hooks.${name}`, text.replaceAll("LOG", log)]);
  }
  await trustHooks(box.main, `${settings.path}/jvs`);
  return {
    box,
    first,
    log,
    settings: settings.path,
    [Symbol.dispose]: () => [box, settings].forEach((each) => each[Symbol.dispose]()),
  };
}

/** A fifo that a hook has open as long as a process of it lives: to read it ends when all have ended. */
function lifeline(folder: string) {
  mustRun("mkfifo", `${folder}/alive`);
  return { open: `exec 9>${folder}/alive`, ended: Deno.readTextFile(`${folder}/alive`) };
}

/** Reads the standard error of a program until it has said this. */
async function untilSaid(child: Deno.ChildProcess, text: string): Promise<void> {
  const reader = child.stderr.getReader();
  const decoder = new TextDecoder();
  for (let said = ""; !said.includes(text);) {
    const { value, done } = await reader.read();
    assert(!done, `it ended without "${text}", and said: ${said}`);
    said += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
}

Deno.test("hooks print to standard error, line by line with their name, and cannot steer the terminal", async () => {
  using scene = await hooked({
    "pre-snapshot": "printf 'to \\033[2Jout\\n'; echo 'to err' >&2",
    "post-snapshot": "echo after",
  });
  const { box } = scene;
  const plain = await box.run(["snapshot", "one"]);
  assertMatch(plain.stdout, /^Created snapshot [^]*copy\n$/);
  const lines = plain.stderr.trimEnd().split("\n");
  assertEquals(lines.toSorted(), [
    "post-snapshot: after",
    "pre-snapshot: to %1B[2Jout",
    "pre-snapshot: to err",
  ]);
  const json = await box.run(["snapshot", "two", "--json"]);
  assertEquals((json.json.hooks as unknown[]).length, 2);
  assertStringIncludes(json.stderr, "post-snapshot: after");
  assertEquals((await box.run(["snapshot", "three", "--quiet"])).stderr, "");
  const events = (await box.run(["snapshot", "four", "--progress=json"])).stderr.trimEnd().split("\n").map((
    line,
  ) => JSON.parse(line));
  assertEquals(
    events.filter(({ event }) => event === "printed").map(({ program, line }) => `${program}: ${line}`)
      .toSorted(),
    [
      "post-snapshot: after",
      "pre-snapshot: to \u001b[2Jout",
      "pre-snapshot: to err",
    ],
  );
});

Deno.test("hooks get a clean environment: of the caller's variables only those of SPEC 14, and no relative folder in PATH", async () => {
  using scene = await hooked({ "pre-restore": "env >LOG" });
  const { box, first, log, settings } = scene;
  const passed = {
    ...{
      HOME: settings,
      USER: "me",
      LOGNAME: "me",
      LANG: "C.UTF-8",
      LC_ALL: "C",
      TERM: "dumb",
      TMPDIR: "/tmp",
    },
    ...{ TZ: "UTC", XDG_RUNTIME_DIR: "/run/me", XDG_CONFIG_HOME: settings, JVS_DENO: Deno.execPath() },
  };
  const notPassed = {
    ...{
      LD_PRELOAD: "libc.so.6",
      LD_LIBRARY_PATH: "/nowhere",
      NODE_OPTIONS: "--no-warnings",
      ENV: "/nowhere",
    },
    ...{
      JVS_REPO: box.path,
      JVS_TRACE: `${settings}/trace`,
      JVS_SIGNING_KEY: `${settings}/key`,
      JVS_THREADS: "2",
    },
    ...{
      JVS_TEST: "x",
      JVS_LOCK_TIMEOUT: "9s",
      SSH_AUTH_SOCK: "/nowhere",
      EDITOR: "ed",
      XDG_DATA_HOME: "/nowhere",
    },
  };
  const PATH = `.:/usr/bin::rel:${Deno.env.get("PATH")}:`;
  const env = { ...notPassed, ...passed, PATH };
  await box.json(["restore", first, "--session", "job"], { env });
  const lines = Deno.readTextFileSync(log).trimEnd().split("\n").map((line) => line.split("="));
  const environment = Object.fromEntries(lines.map(([name, ...value]) => [name, value.join("=")]));
  for (const ofShell of ["_", "PWD", "OLDPWD", "SHLVL"]) delete environment[ofShell];
  const facts = "ACTOR HOOK OPERATION REPO SESSION SNAPSHOT WORKTREE WORKTREE_PATH NOTE".split(" ");
  const names = [...Object.keys(passed), ...facts.map((name) => `JVS_${name}`), "PATH"];
  assertEquals(Object.keys(environment).toSorted(), names.toSorted());
  assertEquals({ ...environment, ...passed }, environment);
  const absolute = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder.startsWith("/"));
  assertEquals(environment.PATH, ["/usr/bin", ...absolute].join(":"));
  assertEquals(environment.JVS_REPO, box.path);
});

Deno.test("hooks may call jvs, before and after the operation, and run no hooks by that", async () => {
  using scene = await hooked({
    "pre-snapshot": 'jvs snapshot -q "in $JVS_HOOK" >>LOG && jvs status -q',
    "post-snapshot":
      'jvs ref create "of-$JVS_OPERATION" "$JVS_SNAPSHOT" -q && jvs config set lock_timeout 31s -q',
    "post-restore": "jvs history --json | grep -c snapshot_id >>LOG; jvs lock acquire -q >>LOG",
    "pre-restore": 'jvs config set hooks.post-snapshot "echo planted" -q',
  });
  const { box, first, log } = scene;
  const session = ["--session", "job"];
  await box.json(["lock", "acquire", ...session]);
  const { snapshot: { snapshot_id } } = await box.json<{ snapshot: { snapshot_id: string } }>([
    "snapshot",
    "asked",
    ...session,
  ]);
  const notes = (await box.history()).map(({ note }) => note);
  assertEquals(notes.toSorted(), ["asked", "first", "in pre-snapshot"]);
  const { refs } = await box.json<{ refs: { ref_name: string; snapshot_id: string }[] }>(["ref", "list"]);
  assertEquals(refs.map(({ ref_name, snapshot_id }) => [ref_name, snapshot_id]), [[
    "of-snapshot",
    snapshot_id,
  ]]);
  await box.json(["restore", first, ...session]);
  assertStringIncludes(Deno.readTextFileSync(log), "\njob\n");
  // The hook before the restore changed the text, which has to be trusted again.
  await box.error("E_UNTRUSTED", ["snapshot", ...session]);
  await box.json(["config", "set", "hooks.post-snapshot", ""]);
  await box.error("E_UNTRUSTED", ["snapshot", ...session]);
});

Deno.test("hooks are refused where jvs has only the narrow permissions, before anything begins", async () => {
  using scene = await hooked({ "post-snapshot": "echo ran >LOG" });
  const { box, settings } = scene;
  const before = (await box.history()).length;
  const args = ["run", "-q", "--no-prompt", "-P=jvs", `${CHECKOUT}/cli.ts`, "snapshot", "--json"];
  const env = { XDG_CONFIG_HOME: settings, PATH: "/usr/bin:/bin", HOME: "/" };
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: box.main, clearEnv: true, env })
    .output();
  const { error, hint } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals([error, (await box.history()).length], ["E_PERMISSION", before]);
  assertStringIncludes(hint, "Start jvs by its launcher");
  const { hooks, permissions } = await box.json<Record<string, { run: string }>>(["info"]);
  assertEquals([hooks as unknown, permissions?.run], ["trusted", "named"]);
});

Deno.test("config set of a hook says that it has to be trusted, and a hook that does not exist is no setting", async () => {
  using box = await BlackBox.make();
  const { stderr, stdout } = await box.run(["config", "set", "hooks.pre-snapshot", "./check.sh"]);
  assertStringIncludes(stdout, "Set hooks.pre-snapshot to ./check.sh");
  assertMatch(stderr, /^warning: Hooks run only for users who trust .*`jvs config trust`/);
  assertEquals((await box.json(["config", "get", "hooks.pre-snapshot"])).value, "./check.sh");
  const { message } = await box.error("E_UNTRUSTED", ["snapshot"]);
  assertStringIncludes(message, '"./check.sh"');
  assertEquals((await box.run(["config", "set", "hooks.pre-snapshot", ""])).stderr, "");
  await box.json(["snapshot"]);
  for (const name of ["hooks.pre-push", "hooks"]) await box.error("E_USAGE", ["config", "set", name, "x"]);
});

Deno.test("hooks may even collect the snapshot that is to be restored: it is not found, and nothing else changes", async () => {
  using scene = await hooked({ "pre-restore": 'jvs gc unpin "$JVS_SNAPSHOT" -q && jvs gc run --yes -q' });
  const { box } = scene;
  await box.json(["worktree", "fork", "old"]);
  const old = { cwd: `${box.path}/worktrees/old` };
  Deno.writeTextFileSync(`${old.cwd}/a.txt`, "old\n");
  const { snapshot: { snapshot_id } } = await box.json<{ snapshot: { snapshot_id: string } }>(
    ["snapshot"],
    old,
  );
  await box.json(["worktree", "remove", "old"]);
  box.write("a.txt", "unsaved\n");
  await box.error("E_NOT_FOUND", ["restore", snapshot_id]);
  assertEquals(box.read("a.txt"), "unsaved\n");
  assertEquals((await box.history()).map(({ note }) => note), ["first"]); // so there was no autosave either
  await box.audit();
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const) {
  Deno.test(`hooks end with a jvs that gets ${signal}: before the operation nothing is begun, after it it is done`, async () => {
    using scene = await hooked({});
    const { box, settings, first } = scene;
    for (const hook of ["pre-snapshot", "post-snapshot", "pre-restore", "post-restore"]) {
      using folder = tempDir();
      const life = lifeline(folder.path);
      const text = `trap '' INT; ${life.open}; sleep 1000 & echo "hook begun"; wait; sleep 1000`;
      await box.json(["config", "set", `hooks.${hook}`, text]);
      await trustHooks(box.main, `${settings}/jvs`);
      box.write("a.txt", `before ${hook}\n`);
      const before = box.records().length;
      const child = await spawnJvs(
        hook.endsWith("snapshot") ? ["snapshot"] : ["restore", first],
        box.commands(),
      );
      await untilSaid(child, "hook begun");
      child.kill(signal);
      const { code } = await child.output();
      const isDone = hook.startsWith("post");
      if (signal !== "SIGKILL") assertEquals([hook, code], [hook, isDone ? 0 : 130]);
      const records = box.records().slice(before).map(({ operation }) => operation);
      const expected = hook.endsWith("snapshot") ? ["snapshot"] : ["snapshot", "restore"]; // the first is an autosave
      assertEquals(records, isDone ? expected : []);
      assertEquals(box.read("a.txt"), hook === "post-restore" ? "one\n" : `before ${hook}\n`);
      assertEquals(await life.ended, "");
      await box.json(["config", "set", `hooks.${hook}`, ""]);
    }
    await box.audit();
  });
}
