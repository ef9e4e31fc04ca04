import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { bytesOf, textOf } from "../../model/bytes.ts";
import { isJvsError } from "../../model/errors.ts";
import { configSet } from "../../operation/config_set.ts";
import { LinuxFolder } from "../../platform/linux_folder.ts";
import { SystemError } from "../../platform/system_error.ts";
import { requires } from "../../../tests/support/requires.ts";
import { namesIn } from "../../../tests/support/files.ts";
import { mustRun } from "../../../tests/support/run.ts";
import { restore } from "../../operation/restore.ts";
import { snapshot } from "../../operation/snapshot.ts";
import { fullAudit } from "../../../tests/support/full_audit.ts";
import { payloadsOf } from "../../../tests/support/kept_content.ts";
import { aroundRename, interceptWhen } from "../../../tests/support/kill_point.ts";
import { TestRepository } from "../../../tests/support/repository.ts";

/** Writes a file whose modification time is always the same: only its ctime, and its content, tell of a second write. */
function writeTimeless(path: string, text: string): void {
  Deno.writeTextFileSync(path, text);
  Deno.utimeSync(path, 1e9, 1e9);
}

/** The first snapshot has `same`, `f` and the folder `then`; the second `same`, another `f`, `gone` and the folder `now`. */
async function savedTwice(): Promise<TestRepository & { readonly first: string }> {
  const made = await TestRepository.make();
  const write = (path: string, text: string) => {
    made.write(`main/${path}`, text);
    writeTimeless(`${made.main}/${path}`, text);
  };
  write("same", "equal");
  write("f", "first");
  write("then/inner", "first");
  const first = await made.save("first");
  Deno.removeSync(`${made.main}/then`, { recursive: true });
  for (const path of ["f", "gone", "now/inner"]) write(path, "other");
  await made.save("second");
  return Object.assign(made, { first });
}

/** The contents that snapshots have at a path. */
function savedAt(repository: TestRepository, path: string): (string | undefined)[] {
  return [...payloadsOf(`${repository.path}/.jvs`).values()].map((payload) => payload.get(path));
}

for (const [renamed, path] of [["f", "f"], ["gone", "gone"], ["now", "now/inner"]] as const) {
  Deno.test(`restore saves what is written to ${path}, of the same size and time, right before its rename`, async () => {
    using repository = await savedTwice();
    const before = () => writeTimeless(`${repository.main}/${path}`, "later");
    const { second_autosave_id } = await aroundRename(
      renamed,
      { before },
      () => repository.call(restore, { snapshot: repository.first }),
    );
    assertNotEquals(second_autosave_id, null);
    assertEquals(savedAt(repository, path).filter((content) => content === "later").length, 1);
  });
}

Deno.test("restore saves what is written, of the same size and time, through a descriptor right after the rename", async () => {
  using repository = await savedTwice();
  using file = Deno.openSync(`${repository.main}/f`, { write: true });
  const after = () => {
    file.writeSync(bytesOf("later"));
    file.utimeSync(1e9, 1e9);
  };
  await aroundRename("f", { after }, () => repository.call(restore, { snapshot: repository.first }));
  assertEquals(savedAt(repository, "f").filter((content) => content === "later").length, 1);
});

Deno.test("restore saves no second time what a snapshot holds when nothing is written", async () => {
  using repository = await savedTwice();
  writeTimeless(`${repository.main}/gone`, "mine!");
  const { autosave_snapshot_id, second_autosave_id } = await repository.call(
    restore,
    { snapshot: repository.first },
  );
  assertNotEquals(autosave_snapshot_id, null);
  assertEquals(second_autosave_id, null);
});

for (const known of ["saved before", "given up"]) {
  Deno.test(`restore saves with --discard what is written under way to what is ${known}, and nothing else`, async () => {
    using repository = await savedTwice();
    if (known === "given up") {
      for (const path of ["f", "gone"]) writeTimeless(`${repository.main}/${path}`, "never mind");
    }
    const later = known === "given up" ? "much later" : "later";
    const before = () => writeTimeless(`${repository.main}/gone`, later);
    const { second_autosave_id } = await aroundRename(
      "f",
      { before },
      () => repository.call(restore, { snapshot: repository.first, discard: true }),
    );
    const late = payloadsOf(`${repository.path}/.jvs`).get(second_autosave_id ?? "");
    assertEquals([...late ?? []], [["gone", later]]);
  });
}

for (const [renamed, path] of [["f", "f"], ["then", "then/inner"], ["f", "same"]] as const) {
  Deno.test(`restore does not take what is written to ${path} right after a rename for what it restored`, async () => {
    using repository = await savedTwice();
    const file = `${repository.main}/${path}`;
    const after = () => {
      writeTimeless(file, "later");
      // Older by then than a tick of any clock, so that what is remembered of it is believed.
      while (Date.now() - (Deno.statSync(file).ctime?.getTime() ?? 0) < 30);
    };
    await aroundRename(renamed, { after }, () => repository.call(restore, { snapshot: repository.first }));
    await repository.call(snapshot, { note: "third", branch: true });
    assertEquals(savedAt(repository, path).filter((content) => content === "later").length, 1);
    await fullAudit(repository.path);
  });
}

/** Makes a folder a mount point: what is in it can be renamed nowhere else, so staging is in it, and cannot be kept. */
function mountedOnItself(folder: string): Disposable {
  mustRun("mount", "--bind", folder, folder);
  return { [Symbol.dispose]: () => void mustRun("umount", folder) };
}

for (const ending of ["ends well", "fails after its commit mark, and is finished"]) {
  Deno.test({
    name: `restore that ${ending} saves what is written late, before it deletes what cannot be kept`,
    ...requires("root"),
    fn: async () => {
      using repository = await savedTwice();
      using _mount = mountedOnItself(repository.main);
      using file = Deno.openSync(`${repository.main}/f`, { write: true });
      let told = false;
      const movesHead = ([, , to]: readonly unknown[]) =>
        to instanceof Uint8Array && textOf(to) === "config.json";
      const back = interceptWhen(LinuxFolder.prototype, "rename", movesHead, () => {
        if (told) return;
        told = true;
        file.writeSync(bytesOf("later"));
        file.utimeSync(1e9, 1e9);
        if (ending !== "ends well") throw new SystemError("replace", "config.json", "EIO");
      });
      try {
        await repository.call(restore, { snapshot: repository.first });
      } catch (error) {
        if (!isJvsError(error) || ending === "ends well") throw error;
        assertStringIncludes(error.message, "done and recorded");
      } finally {
        back();
      }
      assertEquals([told, repository.read("main/f")], [true, "first"]);
      assertEquals(savedAt(repository, "f").filter((content) => content === "later").length, 1);
      assertEquals(namesIn(repository.main).filter((name) => name.startsWith(".jvs")), []);
      await fullAudit(repository.path);
    },
  });
}

Deno.test("restore believes times only where reading what it replaced would be too much", async () => {
  using repository = await savedTwice();
  await repository.call(configSet, { key: "restore.verify_limit", value: "0" });
  const opened: string[] = [];
  const notes = ([name, how]: readonly unknown[]) => {
    if (how === "read" && name instanceof Uint8Array) opened.push(textOf(name));
    return false;
  };
  const back = interceptWhen(LinuxFolder.prototype, "openFile", notes, () => {});
  const before = () => {
    opened.length = 0;
    writeTimeless(`${repository.main}/gone`, "later");
  };
  try {
    await aroundRename("f", { before }, () => repository.call(restore, { snapshot: repository.first }));
  } finally {
    back();
  }
  assertEquals(opened.includes("f"), false, `${opened}`);
  assertEquals(savedAt(repository, "gone").filter((content) => content === "later").length, 1);
});
