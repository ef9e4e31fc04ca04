import { assertEquals, assertRejects } from "@std/assert";
import { indexOf, tableOf } from "../../tests/support/tree_cases.ts";
import { bytesOf } from "../model/bytes.ts";
import { LOST, SYMLINK } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { payloadRootHash } from "./root_hash.ts";
import { loadSha256 } from "./sha256.ts";
import { type TreeTable } from "./table.ts";
import { at } from "./columns.ts";

/** The worked example of SPEC 4. */
async function example(): Promise<TreeTable> {
  const Sha256 = await loadSha256();
  const table = tableOf("a/", "a.txt", "a/b:c", "link");
  const set = (path: string, mode: number, content: string) => {
    const index = indexOf(table, path);
    table.mode[index] = mode;
    table.size[index] = content.length;
    table.setHash(index, Sha256.once(bytesOf(content)));
  };
  set("a.txt", 0o644, "");
  set("a/b:c", 0o640, "hi\n");
  set("link", 0o777, "a.txt");
  table.type[indexOf(table, "link")] = SYMLINK;
  return table;
}

Deno.test("payloadRootHash() gives the hash of SPEC 4's example", async () => {
  const expected = "984fceb383a3e68a4ba25b43d9d7fc881c44f25f70786b71c208711c1e8bfa17";
  assertEquals(await payloadRootHash(await example()), expected);
});

Deno.test("payloadRootHash() refuses a tree with a file that was not hashed", async () => {
  const table = await example();
  table.hashed[indexOf(table, "a.txt")] = 0;
  await assertRejects(() => payloadRootHash(table), JvsError, "a.txt");
});

Deno.test("payloadRootHash() is that of what the payload holds, without what could not be read", async () => {
  const table = await example();
  const whole = await payloadRootHash(table);
  const withUnread = tableOf("a/", "a.txt", "a/b:c", "closed", "link");
  const unread = indexOf(withUnread, "closed");
  for (const name of ["a.txt", "a/b:c", "link"]) {
    const [from, to] = [indexOf(table, name), indexOf(withUnread, name)];
    withUnread.type[to] = at(table.type, from);
    withUnread.mode[to] = at(table.mode, from);
    withUnread.size[to] = at(table.size, from);
    withUnread.setHash(to, table.contentHash(from) as Uint8Array);
  }
  withUnread.lost[unread] = LOST.type;
  assertEquals(await payloadRootHash(withUnread), whole);
});
