import { assertEquals, assertMatch } from "@std/assert";
import { adopt } from "../src/operation/adopt.ts";
import { configSet } from "../src/operation/config_set.ts";
import { keyCreate } from "../src/operation/key_create.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { createKey } from "../src/repo/signing_key.ts";
import { callIn } from "./support/context.ts";
import { namesIn } from "./support/files.ts";
import { Signed } from "./support/signed_repository.ts";
import { refused } from "./support/signed_verdicts.ts";
import { tempDir } from "./support/temp_dir.ts";

Deno.test("key create makes no key in a folder that is part of a repository", async () => {
  using folder = tempDir();
  const home = `${folder.path}/config`;
  Deno.mkdirSync(home);
  Deno.writeTextFileSync(`${home}/a.txt`, "one\n");
  const { repository } = await callIn(home, adopt, { folder: home });
  Deno.symlinkSync(home, `${folder.path}/link`);
  const beside = `${folder.path}/beside`;
  const places = [
    `${home}/jvs`,
    `${home}/not/there/jvs`,
    `${folder.path}/link/jvs`,
    `${repository}/.jvs/jvs`,
  ];
  for (const userConfig of places) {
    const { hint, message } = await refused(
      "E_PERMISSION",
      () => callIn(folder.path, keyCreate, { name: "anna" }, { userConfig }),
    );
    assertMatch(message, /Cannot make a key: .* is in the repository .*, which must have no private key/);
    assertMatch(hint, /XDG_CONFIG_HOME/);
  }
  assertEquals(namesIn(home).includes("jvs"), false);
  await callIn(home, keyCreate, { name: "anna" }, { userConfig: beside });
});

Deno.test("a snapshot is not signed with a key whose file is in the repository", async () => {
  using folder = tempDir();
  const home = `${folder.path}/config`;
  const userConfig = `${home}/jvs`;
  await callIn(folder.path, keyCreate, { name: "anna" }, { userConfig }); // then it becomes a worktree
  await callIn(home, adopt, { folder: home });
  await callIn(home, configSet, { key: "signing.key", value: "anna" }, { userConfig });
  const save = (signingKey?: string) => callIn(home, snapshot, {}, { userConfig, signingKey });
  const { hint, message } = await refused("E_PERMISSION", () => save());
  assertMatch(message, /Cannot save: ".*anna\.key" is in the repository/);
  assertMatch(hint, /JVS_SIGNING_KEY/);
  Deno.symlinkSync(home, `${folder.path}/link`);
  await refused("E_PERMISSION", () => save(`${folder.path}/link/jvs/keys/anna.key`));
  Deno.renameSync(`${userConfig}/keys/anna.key`, `${folder.path}/anna.key`);
  await save(`${folder.path}/anna.key`);
});

Deno.test("a snapshot is not signed with a key in any worktree or in .jvs, and with one beside them it is", async () => {
  using repository = await Signed.make();
  for (const place of ["main", ".jvs"]) {
    const folder = `${repository.path}/${place}`;
    await createKey(folder, "own");
    await refused("E_PERMISSION", () => repository.save("", { signingKey: `${folder}/keys/own.key` }));
  }
  await createKey(repository.path, "own");
  await repository.save("", { signingKey: `${repository.path}/keys/own.key` });
});
