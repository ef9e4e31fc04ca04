import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hooked, refused } from "../../../tests/support/hooked_repository.ts";
import { trustHooks } from "../../../tests/support/trusted_hooks.ts";
import { JvsError } from "../../model/errors.ts";
import { configSet } from "../../operation/config_set.ts";
import { history } from "../../operation/history.ts";
import { info } from "../../operation/info.ts";
import { restore } from "../../operation/restore.ts";
import { snapshot } from "../../operation/snapshot.ts";

const EACH = {
  "pre-snapshot":
    'echo "$JVS_HOOK $JVS_OPERATION $JVS_WORKTREE [$JVS_SNAPSHOT] $JVS_NOTE $JVS_SESSION" >>LOG; pwd >>LOG',
  "post-snapshot": 'echo "$JVS_HOOK $JVS_SNAPSHOT" >>LOG',
  "pre-restore": 'echo "$JVS_HOOK $JVS_SNAPSHOT $JVS_WORKTREE_PATH $JVS_REPO" >>LOG',
  "post-restore": 'echo "$JVS_HOOK $JVS_SNAPSHOT $JVS_NOTE" >>LOG; cat a.txt >>LOG',
};

Deno.test("Hooks run in the worktree before and after what the user asks for, and know what it is", async () => {
  using box = await hooked(EACH);
  const { repository, context, logged } = box;
  repository.write("main/a.txt", "two\n");
  const session = { session: "job" };
  const made = await repository.call(snapshot, { note: "my note" }, context(session));
  const id = made.snapshot.snapshot_id;
  const folder = Deno.realPathSync(repository.main);
  assertEquals(logged(), ["pre-snapshot snapshot main [] my note job", folder, `post-snapshot ${id}`]);
  assertEquals(made.hooks.map(({ hook, code }) => [hook, code]), [["pre-snapshot", 0], ["post-snapshot", 0]]);
  Deno.removeSync(box.log);

  repository.write("main/a.txt", "unsaved\n"); // an autosave runs no hooks
  const restored = await repository.call(restore, { snapshot: repository.first }, context());
  assert(restored.autosave_snapshot_id !== null);
  assertEquals(logged(), [
    `pre-restore ${repository.first} ${repository.main} ${repository.path}`,
    `post-restore ${repository.first} first`,
    "one",
  ]);
});

Deno.test("Hooks do not run for a preview, a new worktree, or a snapshot that is not needed", async () => {
  using box = await hooked(EACH);
  const { repository, context, logged } = box;
  await repository.call(restore, { snapshot: repository.first, preview: true }, context());
  await repository.call(restore, { snapshot: repository.first, name: "beside" }, context());
  assertEquals(logged(), []);
  const none = await repository.call(snapshot, { if_changed: true }, context());
  assertEquals([none.created, none.hooks.map(({ hook }) => hook)], [false, ["pre-snapshot"]]);
});

Deno.test("Hooks that fail before an operation prevent it, and nothing is begun", async () => {
  const ways: [command: string, message: RegExp, stopped: string | null][] = [
    ["echo why not; exit 3", /the hook pre-\w+ ended with code 3: why not$/, null],
    ["kill -9 $$", /was ended by SIGKILL$/, null],
    ["sleep 1000", /did not end in time$/, "timeout"],
    ["nosuchprogram", /ended with code 127: .*nosuchprogram: not found$/, null],
  ];
  for (const [command, message, stopped] of ways) {
    using box = await hooked({ "pre-snapshot": command, "pre-restore": command, "timeout": "300ms" });
    const { repository, context } = box;
    repository.write("main/a.txt", "unsaved\n");
    const before = [await repository.audit(), repository.read("main/a.txt")];
    for (
      const run of [
        () => repository.call(snapshot, {}, context()),
        () => repository.call(restore, { snapshot: repository.first }, context()),
      ]
    ) {
      const error = await refused(run(), "E_HOOK_FAILED");
      assertMatch(error.message, message);
      assertEquals(error.details.stopped, stopped);
      assertStringIncludes(error.hint, "Nothing was begun.");
    }
    assertEquals([await repository.audit(), repository.read("main/a.txt")], before);
    const { snapshots } = await repository.call(history, { all: true });
    assertEquals(snapshots.length, 1);
  }
});

Deno.test("Hooks may run as long as they like where the time limit is 0", async () => {
  using box = await hooked({ "pre-snapshot": "sleep 0.2; echo done", "timeout": "0" });
  const { hooks } = await box.repository.call(snapshot, {}, box.context());
  assertEquals(hooks, [{ hook: "pre-snapshot", code: 0, signal: null, stopped: null }]);
  assertEquals(box.reporter.lines, ["pre-snapshot: done"]);
});

Deno.test("Hooks that fail after an operation are a warning: it is done", async () => {
  using box = await hooked({ "post-snapshot": "exit 1", "post-restore": "sleep 1000", "timeout": "300ms" });
  const { repository, context, reporter } = box;
  const made = await repository.call(snapshot, {}, context());
  assertEquals([made.created, made.hooks[0]?.code], [true, 1]);
  assertStringIncludes(
    reporter.told.join(),
    "The snapshot is done; but then the hook post-snapshot ended with code 1.",
  );
  const restored = await repository.call(restore, { snapshot: repository.first }, context());
  assertEquals([restored.head_snapshot_id, restored.hooks[0]?.stopped], [repository.first, "timeout"]);
  assertStringIncludes(
    reporter.told.join(),
    "The restore is done; but then the hook post-restore did not end in time.",
  );
});

Deno.test("Hooks after an operation do not run where it failed", async () => {
  const after = { "post-snapshot": "echo $JVS_HOOK >>LOG", "post-restore": "echo $JVS_HOOK >>LOG" };
  using box = await hooked({ ...after, "pre-restore": "true" });
  const { repository, context, logged } = box;
  repository.write("main/a.txt", "two\n");
  const quiet = context({ hook: "pre-snapshot" }); // no hooks run inside of one
  await repository.call(snapshot, {}, quiet);
  await repository.call(restore, { snapshot: repository.first }, quiet);
  await refused(repository.call(snapshot, {}, context()), "E_DETACHED");
  await repository.call(configSet, { key: "locking", value: "required" });
  await refused(repository.call(restore, { snapshot: "HEAD" }, context()), "E_LOCK_NOT_HELD");
  assertEquals(logged(), []);
});

Deno.test("Hooks that the system cannot start are hooks that fail: before the operation nothing is begun, after it it is done", async () => {
  using box = await hooked({ "pre-restore": "echo ran >>LOG", "post-snapshot": "echo ran >>LOG" });
  const { repository, context, logged, reporter } = box;
  // The system starts no program with a variable of this size.
  const full = () => context({ hookEnvironment: () => ({ LANG: "x".repeat(1 << 20) }) });
  const before = await repository.audit();
  const error = await refused(
    repository.call(restore, { snapshot: repository.first }, full()),
    "E_HOOK_FAILED",
  );
  assertMatch(error.message, /^Cannot restore: the hook pre-restore could not be started: .*too long/i);
  assertMatch(error.hint, /^Nothing was begun\. /);
  assertEquals(error.details.hook, "pre-restore");
  assertEquals(await repository.audit(), before);

  const { created, hooks } = await repository.call(snapshot, {}, full());
  assertEquals([created, hooks, logged()], [true, [], []]);
  assertMatch(
    reporter.told.join(),
    /The snapshot is done; but then the hook post-snapshot could not be started: /,
  );
  assertEquals((await repository.audit()).length, before.length + 1);
});

Deno.test("Hooks run only where the user trusts exactly their text, and are not passed over", async () => {
  using box = await hooked({ "pre-snapshot": "echo ran >>LOG", "post-restore": "echo 'b\u001b[31m'" }, {
    trusted: false,
  });
  const { repository, context, logged, userConfig } = box;
  const untrusted = async () => {
    const error = await refused(repository.call(snapshot, {}, context()), "E_UNTRUSTED");
    assertStringIncludes(error.message, 'hooks.pre-snapshot is "echo ran');
    assertStringIncludes(error.hint, "`jvs config trust`");
    assertStringIncludes(error.hint, "`jvs config set hooks.pre-snapshot ''`");
    return await refused(repository.call(restore, { snapshot: repository.first }, context()), "E_UNTRUSTED");
  };
  assertStringIncludes((await untrusted()).message, String.raw`"echo 'b\u001b[31m'"`);
  await refused(repository.call(snapshot, {}, context({ userConfig: undefined })), "E_UNTRUSTED");
  assertEquals((await repository.call(info, {}, context())).hooks, "untrusted");
  assertEquals(logged(), []);

  await trustHooks(repository.main, userConfig);
  assertEquals((await repository.call(info, {}, context())).hooks, "trusted");
  await repository.call(snapshot, {}, context());
  assertEquals(logged(), ["ran"]);
  // Another text, another hook or another time limit has to be trusted again.
  for (const [key, value] of [["hooks.pre-snapshot", "echo ran  >>LOG"], ["hooks.timeout", "1h"]] as const) {
    await trustHooks(repository.main, userConfig);
    await repository.call(configSet, { key, value });
    await refused(repository.call(snapshot, {}, context()), "E_UNTRUSTED");
  }
  await trustHooks(repository.main, userConfig);
  Deno.chmodSync(`${userConfig}/trusted_programs.json`, 0o666); // then it is any user's word
  await refused(repository.call(snapshot, {}, context()), "E_UNTRUSTED");
});

Deno.test("Hooks of one operation do not concern another one", async () => {
  using box = await hooked({ "pre-restore": "exit 1" }, { trusted: false });
  await box.repository.call(snapshot, {}, box.context());
});

Deno.test("Hooks run as their text was when the operation began", async () => {
  using box = await hooked({
    "pre-snapshot": `printf '{ "hooks": { "post-snapshot": "echo planted >>LOG" } }' >../.jvs/config.jsonc`,
    "post-snapshot": "echo meant >>LOG",
  });
  const { repository, context, logged } = box;
  await repository.call(snapshot, {}, context());
  assertEquals(logged(), ["meant"]);
  await refused(repository.call(snapshot, {}, context()), "E_UNTRUSTED");
});

Deno.test("Hooks that end by an interruption say so before an operation, and after it the operation is done", async () => {
  using box = await hooked({
    "pre-snapshot": "echo begun; sleep 1000",
    "post-restore": "echo begun; sleep 1000",
  });
  const { repository, context, reporter } = box;
  const interrupted = () => {
    const controller = new AbortController();
    const error = new JvsError("E_INTERRUPTED", "Interrupted by SIGINT");
    return { signal: controller.signal, reporter: { ...reporter, printed: () => controller.abort(error) } };
  };
  await refused(repository.call(snapshot, {}, context(interrupted())), "E_INTERRUPTED");
  const { head_snapshot_id } = await repository.call(restore, { snapshot: "HEAD" }, context(interrupted()));
  assertEquals(head_snapshot_id, repository.first);
  assertStringIncludes(reporter.told.join(), "the hook post-restore was interrupted");
});

Deno.test("Hooks are in the audit record of what they belong to: those before it, with the hash of what was trusted", async () => {
  using box = await hooked({ "pre-snapshot": "true", "post-snapshot": "true", "pre-restore": "true" });
  const { repository, context } = box;
  await repository.call(snapshot, {}, context());
  repository.write("main/a.txt", "unsaved\n");
  await repository.call(restore, { snapshot: repository.first }, context());
  const records = (await repository.audit()).slice(-3).map((
    { operation, details },
  ) => [operation, details.kind, details.hooks]);
  const programs = JSON.parse(Deno.readTextFileSync(`${box.userConfig}/trusted_programs.json`));
  const { store } = await repository.open();
  const hash = programs.repositories[store.repoId].programs;
  assertEquals(records, [
    ["snapshot", "manual", { programs: hash, before: ["pre-snapshot"] }],
    ["snapshot", "autosave", undefined],
    ["restore", undefined, { programs: hash, before: ["pre-restore"] }],
  ]);
});

Deno.test("Hooks get a clean environment: what the caller gives, and facts", async () => {
  using box = await hooked({ "pre-snapshot": "env | sort >>LOG" });
  const { repository, context, logged } = box;
  const hookEnvironment = () => ({ PATH: "/usr/bin:/bin", LANG: "C", JVS_HOOK: "forged" });
  await repository.call(snapshot, { note: "a\0b" }, context({ hookEnvironment }));
  const names = logged().filter((line) => !/^(_|PWD|OLDPWD|SHLVL)=/.test(line));
  assertEquals(names, [
    "JVS_ACTOR=tester@here",
    "JVS_HOOK=pre-snapshot",
    "JVS_NOTE=ab",
    "JVS_OPERATION=snapshot",
    `JVS_REPO=${repository.path}`,
    "JVS_WORKTREE=main",
    `JVS_WORKTREE_PATH=${repository.main}`,
    "LANG=C",
    "PATH=/usr/bin:/bin",
  ]);
});

Deno.test("Hooks do not run inside of hooks", async () => {
  using box = await hooked({ "pre-snapshot": "exit 1" });
  await box.repository.call(snapshot, {}, box.context({ hook: "post-restore" }));
});
