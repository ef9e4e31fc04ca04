import { assertEquals, assertRejects } from "@std/assert";
import { JvsError } from "../src/model/errors.ts";
import { configSet } from "../src/operation/config_set.ts";
import { restore } from "../src/operation/restore.ts";
import { worktreeCreate } from "../src/operation/worktree_create.ts";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { exists, namesIn } from "./support/files.ts";
import { TestRepository } from "./support/repository.ts";
import { mustRun } from "./support/run.ts";

type Saved = Awaited<ReturnType<typeof TestRepository.saved>>;

/** As long as what is in the first snapshot, so that only its content tells them apart. */
const SECRET = "key\n";

/** Each way by which the content of a snapshot comes into a worktree. */
const WAYS: Record<string, (repository: Saved) => Promise<unknown>> = {
  "restore": (repository) => repository.call(restore, { snapshot: repository.first }),
  "restore of a path": (repository) =>
    repository.call(restore, { snapshot: repository.first, paths: ["a.txt"] }),
  "restore --name": (repository) => repository.call(restore, { snapshot: repository.first, name: "made" }),
  "worktree create --from": (repository) =>
    repository.call(worktreeCreate, { name: "made", from: repository.first }),
  "worktree fork": (repository) =>
    repository.call(worktreeFork, { name: "made", snapshot: repository.first }),
};

for (const [name, bringOut] of Object.entries(WAYS)) {
  Deno.test(`${name} brings nothing from behind a link in the place of a payload, even without a look at its hashes`, async () => {
    using repository = await TestRepository.saved();
    await repository.call(configSet, { key: "restore.verify_limit", value: "0" });
    repository.write("main/a.txt", "two\n");
    await repository.save("second");
    linkToSecrets(repository);
    const error = await assertRejects(() => bringOut(repository), JvsError);
    assertEquals([error.code, repository.read("main/a.txt")], ["E_PATH_ESCAPE", "two\n"]);
    assertEquals(namesIn(repository.main), ["a.txt", "data"]);
    assertEquals(exists(`${repository.path}/worktrees/made`), false);
  });
}

/** Puts a link in the place of the first payload: to a folder that looks like it and holds something else. */
function linkToSecrets({ path, first, outside }: Saved): void {
  const payload = `${path}/.jvs/snapshots/${first}`;
  const secrets = `${outside}/secrets`;
  mustRun("cp", "-a", payload, secrets);
  const [file, mtime] = [`${secrets}/a.txt`, Deno.statSync(`${payload}/a.txt`).mtime ?? 0];
  Deno.chmodSync(file, 0o644);
  Deno.writeTextFileSync(file, SECRET);
  Deno.utimeSync(file, mtime, mtime);
  mustRun("chmod", "-R", "u+w", payload);
  mustRun("rm", "-rf", payload);
  Deno.symlinkSync(secrets, payload);
}
