import { assertEquals } from "@std/assert";
import { requires } from "../../../tests/support/requires.ts";
import { TestRepository } from "../../../tests/support/repository.ts";
import { watched } from "../../../tests/support/tree_cases.ts";
import { SystemError } from "../../platform/system_error.ts";
import { verifyPayload } from "./verify_payload.ts";

/** What is found damaged where something happens to the payload when a file in it is opened. */
async function foundWhile(opening: string, happens: (payload: string) => void): Promise<unknown[]> {
  using repository = await TestRepository.make();
  for (const name of ["d/f1", "d/f2", "d/f3"]) repository.write(`main/${name}`, name);
  const id = await repository.save();
  const context = await repository.open();
  const { snapshots } = context.store;
  const manifest = await snapshots.manifest(id);
  using payload = snapshots.openPayload(id);
  let happened = false;
  const seen = watched(payload, (call, name) => {
    if (call !== "openFile" || name !== opening || happened) return;
    happened = true;
    happens(`${repository.path}/.jvs/snapshots/${id}`);
  });
  const { damaged, rootHash } = await verifyPayload(context, {
    id: "",
    payload: seen,
    manifest,
    abilities: { keepsModes: false, sharesFiles: true },
  });
  return [...damaged.map(({ path, problem }) => `${problem} ${path}`), rootHash];
}

Deno.test({
  name: "verifyPayload() names what is exchanged for something else while it reads",
  ...requires("ffi"),
  async fn() {
    const content = ["content d/f3", null];
    const exchange = (other: (path: string) => void) => (payload: string) => {
      Deno.removeSync(`${payload}/d/f3`);
      other(`${payload}/d/f3`);
    };
    assertEquals(await foundWhile("f3", exchange((path) => Deno.mkdirSync(path))), content);
    assertEquals(await foundWhile("f3", exchange((path) => Deno.symlinkSync("f1", path))), content);
    assertEquals(await foundWhile("f3", exchange((path) => Deno.writeTextFileSync(path, "longer"))), content);
    assertEquals(await foundWhile("f3", exchange(() => {})), content);
  },
});

Deno.test({
  name: "verifyPayload() names what the disk does not give",
  ...requires("ffi"),
  async fn() {
    const found = await foundWhile("f3", () => {
      throw new SystemError("read", "f3", "EIO");
    });
    assertEquals(found, ["unreadable d/f3", null]);
  },
});
