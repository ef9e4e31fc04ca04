import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { callIn } from "../../tests/support/context.ts";
import { killedAt } from "../../tests/support/kill_point.ts";
import { exists, namesIn } from "../../tests/support/files.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { JvsError } from "../model/errors.ts";
import { createStyle } from "../surface/cli/render/style.ts";
import { textOf } from "../surface/cli/render/text_of.ts";
import { configTrust } from "./config_trust.ts";
import { status } from "./status.ts";

const STRANGER = 61001;
const SCRIPT = "./check &&\n\trm -rf \u001b[8m \u202e x";

/** A repository of another user, which has nothing to read yet. */
function strangers(parent: string): string {
  const root = `${parent}/theirs`;
  Deno.mkdirSync(`${root}/.jvs`, { recursive: true });
  Deno.mkdirSync(`${root}/main`);
  for (const name of ["format_version", "repo_id", "config.jsonc"]) mustRun("mkfifo", `${root}/.jvs/${name}`);
  mustRun("chown", "-R", `${STRANGER}`, `${root}/.jvs`);
  return root;
}

Deno.test("configTrust() shows no hook that was emptied, and its hash still covers it", async () => {
  using repository = await TestRepository.make();
  using home = tempDir();
  const call = (input = {}) => repository.call(configTrust, input, { userConfig: `${home.path}/jvs` });
  const write = (hooks: Record<string, string>) =>
    repository.write(".jvs/config.jsonc", JSON.stringify({ hooks }));
  write({ "pre-snapshot": "./check", "post-restore": "" });
  const trusted = await call();
  const view = { style: createStyle({ color: false, width: 80 }), now: 0, input: {} };
  const shown = await textOf("config trust", trusted, view);
  assertEquals([shown.includes("pre-snapshot"), shown.includes("post-restore")], [true, false]);
  write({ "pre-snapshot": "./check" });
  assertEquals((await call({ preview: true })).done, "preview");
  write({ "post-restore": "" });
  const none = await call();
  assertEquals([none.done, none.programs], ["unchanged", null]);
  assertStringIncludes(await textOf("config trust", none, view), "name no programs");
});

Deno.test("configTrust() shows the whole text of the programs, trusts it, and leaves no trace in the repository", async () => {
  using repository = await TestRepository.make();
  using home = tempDir();
  const userConfig = `${home.path}/jvs`;
  const call = (input = {}) => repository.call(configTrust, input, { userConfig });
  assertEquals([(await call()).done, exists(userConfig)], ["unchanged", false]);
  repository.write(".jvs/config.jsonc", JSON.stringify({ hooks: { "pre-snapshot": SCRIPT, timeout: 30 } }));
  const preview = await call({ preview: true });
  assertEquals([preview.done, preview.programs], ["preview", { "pre-snapshot": SCRIPT, timeout: 30 }]);
  assertEquals(exists(userConfig), false);
  const view = { style: createStyle({ color: false, width: 80 }), now: 0, input: {} };
  const shown = await textOf("config trust", preview, view);
  for (const part of ['"./check &&\\n"\n', '"\\trm -rf \\u001b[8m \\u202e x"', "timeout       30"]) {
    assertStringIncludes(shown, part);
  }
  const { done, programs_hash, trusted_programs } = await call();
  assertEquals([done, trusted_programs[0]?.programs, trusted_programs[0]?.path], [
    "trusted",
    programs_hash,
    repository.path,
  ]);
  assertEquals([(await call()).done, (await call({ preview: true })).done], ["unchanged", "unchanged"]);
  assertEquals((await repository.audit()).map(({ operation }) => operation), ["init"]);
  repository.write(".jvs/config.jsonc", JSON.stringify({ hooks: { "pre-snapshot": `${SCRIPT} ` } }));
  assertEquals((await call({ preview: true })).done, "preview");
  const listed = await call({ list: true });
  assertEquals([listed.repository, listed.trusted_programs], [null, trusted_programs]);
  assertEquals([(await call({ remove: "." })).done, (await call({ remove: "." })).done], [
    "removed",
    "unchanged",
  ]);
  assertEquals(namesIn(userConfig), [".lock"]);
});

Deno.test("configTrust() killed at any moment trusted it or did not, and the next one goes on", async () => {
  using repository = await TestRepository.make();
  repository.write(".jvs/config.jsonc", '{ "hooks": { "pre-snapshot": "x" } }');
  for (const remove of [undefined, "."]) {
    for (let n = 1, killed = true; killed; n++) {
      using home = tempDir();
      const settings = { userConfig: `${home.path}/new/jvs` };
      const call = (input = {}) => repository.call(configTrust, input, settings);
      if (remove !== undefined) await call();
      killed = await killedAt(n, () => call(remove === undefined ? {} : { remove }));
      const { trusted_programs } = await call({ list: true });
      if (!killed) assertEquals(trusted_programs.length, remove === undefined ? 1 : 0);
      await call();
      assertEquals((await call({ list: true })).trusted_programs.length, 1, `killed at ${n}`);
      if (killed && remove === undefined) {
        assertEquals(namesIn(settings.userConfig).length, 2, "something is left");
      }
    }
  }
});

Deno.test("configTrust() takes back what it lists by path or id, also when the repository is gone", async () => {
  using home = tempDir();
  const settings = { userConfig: home.path };
  for (const by of ["path", "repo_id"] as const) {
    using repository = await TestRepository.make();
    repository.write(".jvs/config.jsonc", '{ "hooks": { "pre-snapshot": "x" } }');
    const { trusted_programs: [entry] } = await repository.call(configTrust, {}, settings);
    Deno.renameSync(repository.path, `${repository.path}-moved`);
    const remove = entry?.[by] ?? "";
    const { done, trusted_programs } = await callIn(home.path, configTrust, { remove }, settings);
    assertEquals([done, trusted_programs], ["removed", []], by);
  }
});

Deno.test(
  "configTrust() names the owner of another user's repository before anything in it is read",
  requires("root"),
  async () => {
    using there = tempDir();
    using home = tempDir();
    const root = strangers(there.path);
    const settings = { userConfig: home.path };
    const refused = await assertRejects(() => callIn(`${root}/main`, status, {}, settings), JvsError);
    assertEquals(refused.code, "E_UNTRUSTED");
    const call = (input: Record<string, unknown>) => callIn(`${root}/main`, configTrust, input, settings);
    const preview = await call({ repository: ".", preview: true });
    assertEquals([preview.done, preview.owner, preview.needs_trust], ["preview", {
      uid: STRANGER,
      name: `${STRANGER}`,
    }, true]);
    assertEquals(namesIn(home.path), []);
    const trusted = [{ path: root, owner: STRANGER }];
    for (const done of ["trusted", "unchanged"] as const) {
      const result = await call({ repository: root });
      assertEquals([result.done, result.trusted_repositories], [done, trusted]);
    }
    // It is opened now, so that what is wrong in it is told.
    assertEquals(
      (await assertRejects(() => callIn(`${root}/main`, status, {}, settings), JvsError)).code,
      "E_PERMISSION",
    );
    mustRun("chown", `${STRANGER + 1}`, `${root}/.jvs`); // the trust was in an owner
    assertEquals(
      (await assertRejects(() => callIn(`${root}/main`, status, {}, settings), JvsError)).code,
      "E_UNTRUSTED",
    );
    assertEquals([(await call({ remove: "." })).done, (await call({ list: true })).trusted_repositories], [
      "removed",
      [],
    ]);
  },
);

Deno.test("configTrust() notes no trust that is not needed, and refuses what it cannot mean", async () => {
  using repository = await TestRepository.make();
  using home = tempDir();
  const settings = { userConfig: home.path };
  const { done, needs_trust, trusted_repositories } = await repository.call(
    configTrust,
    { repository: "." },
    settings,
  );
  assertEquals([done, needs_trust, trusted_repositories, namesIn(home.path)], ["unchanged", false, [], []]);
  const error = async (input: Record<string, unknown>, more = {}) => {
    return (await assertRejects(
      () => callIn(home.path, configTrust, input, { ...settings, ...more }),
      JvsError,
    )).code;
  };
  assertEquals(await error({ repository: "." }), "E_NOT_A_REPOSITORY");
  assertEquals(await error({ repository: "none" }), "E_NOT_A_REPOSITORY");
  assertEquals(await error({}), "E_NOT_A_REPOSITORY");
  assertEquals(await error({ list: true, remove: "." }), "E_USAGE");
  assertEquals(await error({ list: true, preview: true }), "E_USAGE");
  assertEquals(await error({ list: true }, { userConfig: undefined }), "E_USAGE");
});

Deno.test("configTrust() takes a copy that lost the mark of JVS, for who answers for it", async () => {
  using repository = await TestRepository.make();
  using home = tempDir();
  const settings = { userConfig: home.path };
  Deno.removeSync(`${repository.path}/.jvs/origin`);
  assertEquals(
    (await assertRejects(() => repository.call(status, {}, settings), JvsError)).code,
    "E_UNTRUSTED",
  );
  assertEquals((await repository.call(configTrust, { repository: "." }, settings)).done, "trusted");
  await repository.call(status, {}, settings);
});
