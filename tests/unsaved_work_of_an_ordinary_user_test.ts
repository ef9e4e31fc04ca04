import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { contentsOf, losingNothing, payloadsOf, type RestoreSays } from "./support/kept_content.ts";
import { USER } from "./support/as_user.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

// The tests look at everything as root; the program under test is refused what an ordinary user is refused.
const asRoot = requires("user", "root");

async function ordinaryBox(): Promise<BlackBox & { readonly first: string }> {
  const box = await BlackBox.make({ user: USER });
  put(box, "plain", "first\n");
  put(box, "folder/a", "first a\n");
  const first = (await box.save("first")).snapshot_id;
  return Object.assign(box, { first });
}

/** Writes a file that belongs to the user, its folders too. */
function put(box: BlackBox, path: string, text: string, mode = 0o644): void {
  box.write(path, text);
  mustRun("chown", "-R", `${USER}:${USER}`, box.main);
  Deno.chmodSync(`${box.main}/${path}`, mode);
}

Deno.test({
  name: "jvs restore leaves a file that it cannot read alone and names it",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    put(box, "folder/secret", "precious\n", 0o000);
    put(box, "plain", "edited\n");
    const result = await losingNothing(box, ["restore", box.first]);
    assertEquals(box.read("folder/secret"), "precious\n");
    assertEquals(box.read("plain"), "first\n");
    assertEquals(result.kept, ["folder/secret"]);
  },
});

Deno.test({
  name: "jvs restore leaves a file alone that no snapshot could read, saved with --skip-unreadable",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    put(box, "folder/secret", "precious\n", 0o000);
    const { snapshot_id } = await box.save("second", "--skip-unreadable");
    await losingNothing(box, ["restore", box.first]);
    assertEquals(box.read("folder/secret"), "precious\n");
    await losingNothing(box, ["restore", snapshot_id]);
    assertEquals(box.read("folder/secret"), "precious\n");
  },
});

Deno.test({
  name: "jvs restore saves a file that was unreadable when the head was made and can be read now",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    put(box, "secret", "precious\n", 0o000);
    await box.save("second", "--skip-unreadable");
    Deno.chmodSync(`${box.main}/secret`, 0o644);
    const { autosave_snapshot_id } = await losingNothing(box, ["restore", box.first]);
    assertEquals(payloadsOf(box.control).get(autosave_snapshot_id ?? "")?.get("secret"), "precious\n");
  },
});

Deno.test({
  name: "jvs restore leaves a file that it cannot read alone where the snapshot has another content",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    put(box, "plain", "precious\n", 0o000);
    const result = await losingNothing(box, ["restore", box.first]);
    assertEquals(box.read("plain"), "precious\n");
    assertEquals(result.left_alone, ["plain"]);
  },
});

Deno.test({
  name: "jvs restore refuses, before any change, when something unreadable is in the way",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    Deno.removeSync(`${box.main}/plain`);
    put(box, "plain/secret", "precious\n", 0o000);
    put(box, "folder/a", "edited\n");
    const before = contentsOf(box.main);
    const { message, hint } = await box.error("E_UNSAVED_CHANGES", ["restore", box.first]);
    assertStringIncludes(message, "plain/secret");
    assertStringIncludes(hint, "readable");
    assertEquals(contentsOf(box.main), before);
    Deno.chmodSync(`${box.main}/plain`, 0o000);
    await box.error("E_UNSAVED_CHANGES", ["restore", box.first]);
    assertEquals(contentsOf(box.main), before);
    Deno.chmodSync(`${box.main}/plain`, 0o755);
    await box.audit();
  },
});

Deno.test({
  name: "jvs restore leaves a folder that it cannot look into alone",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    put(box, "closed/inside", "precious\n");
    Deno.chmodSync(`${box.main}/closed`, 0o000);
    Deno.chmodSync(`${box.main}/folder`, 0o300);
    put(box, "plain", "edited\n");
    await losingNothing(box, ["restore", box.first]);
    assertEquals(box.read("closed/inside"), "precious\n");
    assertEquals(box.read("folder/a"), "first a\n");
  },
});

Deno.test({
  name: "jvs restore brings back a folder that its owner may not look into",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    put(box, "outer/closed/inside", "precious\n");
    Deno.chmodSync(`${box.main}/outer/closed`, 0o600);
    using config = tempDir();
    Deno.mkdirSync(`${config.path}/jvs`);
    const trusted = JSON.stringify({ trusted_repositories: [box.path] });
    Deno.writeTextFileSync(`${config.path}/jvs/config.jsonc`, trusted);
    // Only root can save what is in it.
    await box.json(["snapshot"], { user: 0, env: { XDG_CONFIG_HOME: config.path } });
    const before = contentsOf(box.main);
    Deno.removeSync(`${box.main}/outer`, { recursive: true });
    await box.json(["restore", "HEAD", "--discard"]);
    assertEquals(contentsOf(box.main), before);
    assertEquals((Deno.statSync(`${box.main}/outer/closed`).mode ?? 0) & 0o777, 0o600);
  },
});

Deno.test({
  name: "jvs restore fails and changes nothing where another user's folder cannot be moved",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    put(box, "theirs/file", "precious\n");
    put(box, "shared", "precious too\n");
    for (const path of ["theirs/file", "theirs", "shared"]) Deno.chownSync(`${box.main}/${path}`, 0, 0);
    const before = contentsOf(box.main);
    const { message } = await box.error("E_PERMISSION", ["restore", box.first]);
    assertStringIncludes(message, "theirs");
    assertEquals(contentsOf(box.main), before);
    await box.audit();
  },
});

Deno.test({
  name: "jvs restore works in folders that may not be written, and saves what is in them",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    put(box, "folder/a", "edited\n", 0o444);
    put(box, "locked/deep/file", "precious\n", 0o400);
    for (const folder of ["locked/deep", "locked", "folder"]) Deno.chmodSync(`${box.main}/${folder}`, 0o555);
    const { autosave_snapshot_id } = await losingNothing(box, ["restore", box.first]);
    assertEquals([...contentsOf(box.main).keys()].sort(), ["folder/a", "plain"]);
    await losingNothing(box, ["restore", autosave_snapshot_id ?? ""]);
    assertEquals(box.read("locked/deep/file"), "precious\n");
    assertEquals((Deno.statSync(`${box.main}/locked/deep`).mode ?? 0) & 0o777, 0o555);
  },
});

Deno.test({
  name: "jvs worktree remove --force refuses a worktree with something that it cannot save",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    await box.json(["worktree", "fork", "other"]);
    const worktree = `${box.path}/worktrees/other`;
    Deno.writeTextFileSync(`${worktree}/secret`, "precious\n");
    Deno.chmodSync(`${worktree}/secret`, 0o000);
    Deno.chownSync(`${worktree}/secret`, USER, USER);
    const { message } = await box.error("E_UNSAVED_CHANGES", ["worktree", "remove", "other", "--force"]);
    assertStringIncludes(message, "secret");
    assertEquals(Deno.readTextFileSync(`${worktree}/secret`), "precious\n");
    await box.audit();
  },
});

Deno.test({
  name: "jvs snapshot refuses unreadable files, names the way out, and loses nothing",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    for (let i = 0; i < 25; i++) put(box, `secret-${i}`, `precious ${i}\n`, 0o000);
    const { message, hint, details } = await box.error("E_PERMISSION", ["snapshot", "second"]);
    assertStringIncludes(message, "secret-0");
    assertStringIncludes(message, "5 more");
    assertStringIncludes(hint, ".jvsignore");
    assertStringIncludes(hint, "--skip-unreadable");
    assertEquals(details.count, 25);
    assertEquals(payloadsOf(box.control).size, 1);
    put(box, ".jvsignore", "secret-*\n");
    const { degradations } = await box.save("with rules");
    assertEquals(degradations.counts, {});
    assertNotEquals(contentsOf(box.main).get("secret-0"), undefined);
    await box.audit();
  },
});

Deno.test({
  name: "jvs restore says what it could not read and so did not save, and a preview tells the same",
  ...asRoot,
  fn: async () => {
    using box = await ordinaryBox();
    put(box, "second", "second\n");
    await box.save("second");
    put(box, "plain", "precious\n", 0o000);
    put(box, "folder/a", "edited\n");
    const preview = await box.json<RestoreSays>(["restore", box.first, "--preview"]);
    const result = await losingNothing(box, ["restore", box.first]);
    for (const key of ["changed", "added", "removed", "kept", "left_alone"] as const) {
      assertEquals(preview[key], result[key], key);
    }
    assertEquals(result.left_alone, ["plain"]);
    assertEquals([result.changed, result.removed], [1, 1]);
    assertStringIncludes(result.sentence, "but for 1 that cannot be read");
    assertEquals(box.read("plain"), "precious\n");
  },
});
