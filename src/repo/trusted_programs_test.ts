import {
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { exists } from "../../tests/support/files.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { JvsError } from "../model/errors.ts";
import { UserFolder } from "../platform/user_folder.ts";
import { openStore } from "./store.ts";
import {
  allTrustedPrograms,
  distrustPrograms,
  requireTrustedPrograms,
  TRUSTED_PROGRAMS,
  trustedProgramsHash,
  trustPrograms,
} from "./trusted_programs.ts";

const HOOKS = { "pre-snapshot": "./check", timeout: "30s" };

async function refusal(root: string, userConfig: string | undefined, hooks: Record<string, unknown> = HOOKS) {
  const require = () => requireTrustedPrograms({ store: openStore(root), userConfig }, hooks);
  const error = await assertRejects(require, JvsError);
  assertEquals([error.code, error.details.repository], ["E_UNTRUSTED", root]);
  assertStringIncludes(error.hint, "jvs config trust");
  return error.message;
}

async function trust(
  root: string,
  userConfig: string,
  hooks: Record<string, unknown> = HOOKS,
): Promise<boolean> {
  return await trustPrograms(userConfig, openStore(root), await trustedProgramsHash(hooks));
}

Deno.test("trustedProgramsHash() is the same for the same settings, and another for any other", async () => {
  const hash = await trustedProgramsHash(HOOKS);
  assertEquals(hash, await trustedProgramsHash({ timeout: "30s", "pre-snapshot": "./check" }));
  const others = [{ ...HOOKS, "pre-snapshot": "./check " }, { ...HOOKS, more: null }, { timeout: "30s" }, {}];
  for (const other of others) assertNotEquals(await trustedProgramsHash(other), hash);
  for (const wrong of ["\ud800", Infinity]) {
    const error = await assertRejects(() => trustedProgramsHash({ wrong }), JvsError);
    assertEquals(error.code, "E_USAGE");
  }
});

Deno.test("requireTrustedPrograms() takes exactly the text that was trusted, and asks again after any change", async () => {
  using repository = await TestRepository.make();
  using home = tempDir();
  const { path } = repository;
  assertStringIncludes(await refusal(path, undefined), "you have not trusted them");
  assertStringIncludes(await refusal(path, home.path), "you have not trusted them");
  assertEquals([await trust(path, home.path), await trust(path, home.path)], [true, false]);
  await requireTrustedPrograms({ store: openStore(path), userConfig: home.path }, HOOKS);
  assertStringIncludes(
    await refusal(path, home.path, { ...HOOKS, timeout: "31s" }),
    "not what you trusted on 20",
  );
  using other = tempDir();
  await refusal(path, other.path); // another user's settings say nothing
  assertEquals(await distrustPrograms(home.path, () => true), true);
  assertEquals([exists(`${home.path}/${TRUSTED_PROGRAMS}`), allTrustedPrograms(home.path)], [false, {}]);
  await refusal(path, home.path);
});

Deno.test("requireTrustedPrograms() takes no copy of a repository, and none that took its place", async () => {
  using repository = await TestRepository.make();
  using home = tempDir();
  const { outside, path } = repository;
  await trust(path, home.path);
  mustRun("cp", "-a", path, `${outside}/copy`);
  assertEquals(openStore(`${outside}/copy`).repoId, openStore(path).repoId);
  assertStringIncludes(await refusal(`${outside}/copy`, home.path), `"${path}", and this is another folder`);
  Deno.renameSync(path, `${outside}/aside`);
  await refusal(`${outside}/aside`, home.path); // moved: its relative programs are others now
  Deno.renameSync(`${outside}/copy`, path);
  await refusal(path, home.path);
  Deno.renameSync(path, `${outside}/copy`);
  Deno.renameSync(`${outside}/aside`, path);
  await requireTrustedPrograms({ store: openStore(path), userConfig: home.path }, HOOKS);
});

Deno.test("requireTrustedPrograms() does not believe a file that others may write, or that is damaged", async () => {
  using repository = await TestRepository.make();
  using home = tempDir();
  await trust(repository.path, home.path);
  const file = `${home.path}/${TRUSTED_PROGRAMS}`;
  Deno.chmodSync(file, 0o622);
  assertStringIncludes(await refusal(repository.path, home.path), "other users may write");
  Deno.chmodSync(file, 0o600);
  Deno.chmodSync(home.path, 0o777);
  assertStringIncludes(await refusal(repository.path, home.path), "other users may write");
  assertThrows(() => allTrustedPrograms(home.path), JvsError, "other users may write");
  Deno.chmodSync(home.path, 0o700);
  Deno.writeTextFileSync(file, '{ "version": 2, "repositories": {} }');
  const require = () =>
    requireTrustedPrograms({ store: openStore(repository.path), userConfig: home.path }, HOOKS);
  const error = await assertRejects(require, JvsError, "line 1, column 14: version must be 1");
  assertStringIncludes(error.hint, "move the file away");
});

Deno.test("trustPrograms() waits for another process that changes what is trusted, and goes on from what that left", async () => {
  using repository = await TestRepository.make();
  using other = await TestRepository.make();
  using home = tempDir();
  await trust(other.path, home.path);
  using folder = UserFolder.open(home.path);
  const lock = await folder.lock("a test");
  const waiting = trust(repository.path, home.path);
  folder.remove(TRUSTED_PROGRAMS);
  lock[Symbol.dispose]();
  await waiting;
  assertEquals(Object.keys(allTrustedPrograms(home.path)), [openStore(repository.path).repoId]);
});

Deno.test("trustPrograms() loses nothing when many come at once, and the file goes with the last", async () => {
  using home = tempDir();
  const made = await Promise.all(Array.from({ length: 8 }, () => TestRepository.make()));
  using all = new DisposableStack();
  for (const each of made) all.use(each);
  await Promise.all(made.map(({ path }) => trust(path, home.path)));
  assertEquals(Object.keys(allTrustedPrograms(home.path)).length, made.length);
  await Promise.all(made.map((each) => distrustPrograms(home.path, (_, path) => path === each.path)));
  assertEquals(exists(`${home.path}/${TRUSTED_PROGRAMS}`), false);
});
