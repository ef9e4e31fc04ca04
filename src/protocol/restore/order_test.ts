import { assertEquals } from "@std/assert";
import { DIR, FILE } from "../../model/entry.ts";
import { NONE } from "../../tree/table.ts";
import { sharedDisk } from "../../../tests/support/disk_image.ts";
import { entry, tableOf } from "../../../tests/support/random_tables.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { requires } from "../../../tests/support/requires.ts";
import { restore } from "../../operation/restore.ts";
import { inOrder } from "./order.ts";

Deno.test("inOrder() lets what goes go first where a file system may take its name for one that comes", () => {
  const root = entry("", { type: DIR });
  const now = tableOf([
    root,
    entry("Same", { type: FILE }),
    entry("gone", { type: FILE }),
  ]);
  const then = tableOf([
    root,
    entry("new", { type: FILE }),
    entry("same", { type: FILE }),
  ]);
  const create = (index: number) => ({ kind: "create", now: NONE, then: index }) as const;
  const remove = (index: number) => ({ kind: "remove", now: index, then: NONE }) as const;
  const units = [create(1), create(2), remove(1), remove(2)];
  assertEquals(inOrder(units, now, then), [
    remove(1),
    create(1),
    create(2),
    remove(2),
  ]);
  const others = [create(1), remove(1), remove(2)];
  assertEquals(inOrder(others, now, then), others);
});

Deno.test({
  name:
    "restore() brings back names that differ only in case where they are two, also a folder's and a file's",
  ...requires("ffi", "ext4"),
  async fn() {
    using disk = await sharedDisk("ext4");
    using repository = await TestRepository.make(disk.path);
    const trees = [
      { "Dir/x": "1", "Dir/y": "2", "readme": "3" },
      { "dir": "4", "README": "5" },
      {
        "dir/a": "6",
        "DIR/a": "7",
        "DIR/A": "8",
        "Readme": "9",
        "readme": "10",
      },
      { "DIR": "11", "Dir/a": "12" },
    ];
    const ids: string[] = [];
    for (const tree of trees) {
      for (const { name } of Deno.readDirSync(repository.main)) {
        Deno.removeSync(`${repository.main}/${name}`, { recursive: true });
      }
      for (const [path, text] of Object.entries(tree)) {
        repository.write(`main/${path}`, text);
      }
      ids.push(await repository.save());
    }
    for (const to of [0, 1, 2, 3, 1, 3, 0, 2, 0]) {
      await repository.call(restore, { snapshot: ids[to] ?? "" });
      assertEquals(contentsBelow(repository.main), trees[to]);
    }
  },
});

/** The text of each file below a folder, by its path there. */
function contentsBelow(folder: string, prefix = ""): Record<string, string> {
  return Object.assign(
    {},
    ...[...Deno.readDirSync(folder)].map(({ name, isDirectory }) => {
      const [path, below] = [`${folder}/${name}`, `${prefix}${name}`];
      return isDirectory ? contentsBelow(path, `${below}/`) : { [below]: Deno.readTextFileSync(path) };
    }),
  );
}
