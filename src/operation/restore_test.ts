import { assertEquals } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
import { restore } from "./restore.ts";

/** What came after the colon of the sentence. */
const told = (sentence: string) => sentence.replace(/^[^:]*: /, "").replace(/;.*/, "");

Deno.test("restore() tells of folders that come and go where no file tells of them", async () => {
  using repository = await TestRepository.saved();
  Deno.mkdirSync(`${repository.main}/data/empty/inner`, { recursive: true });
  const second = await repository.save();
  const back = await repository.call(restore, { snapshot: repository.first });
  assertEquals(told(back.sentence), "2 empty folders removed");
  const again = await repository.call(restore, { snapshot: second });
  assertEquals(told(again.sentence), "2 empty folders added");
  Deno.removeSync(`${repository.main}/data`, { recursive: true });
  const { sentence, folders_added } = await repository.call(restore, { snapshot: second });
  assertEquals([told(sentence), folders_added], ["1 added, 2 empty folders added", 2]);
  const first = await repository.call(restore, { snapshot: repository.first, paths: ["data/empty/inner"] });
  assertEquals(told(first.sentence), "1 empty folder removed");
});

Deno.test("restore() tells of the files in a folder, not of the folder too", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/new/folder/c.txt", "three\n");
  repository.write("main/new/d.txt", "four\n");
  const back = await repository.call(restore, { snapshot: repository.first });
  assertEquals([told(back.sentence), back.folders_removed], ["2 removed", 0]);
  const again = await repository.call(restore, { snapshot: back.autosave_snapshot_id ?? "" });
  assertEquals([told(again.sentence), again.folders_added], ["2 added", 0]);
});

Deno.test("restore() counts an empty folder that takes the place of a file", async () => {
  using repository = await TestRepository.saved();
  Deno.removeSync(`${repository.main}/a.txt`);
  Deno.mkdirSync(`${repository.main}/a.txt`);
  const second = await repository.save();
  const back = await repository.call(restore, { snapshot: repository.first });
  assertEquals(told(back.sentence), "1 added");
  assertEquals(told((await repository.call(restore, { snapshot: second })).sentence), "1 empty folder added");
});
