import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { controlPlane } from "../../tests/support/control_plane.ts";
import type { Descriptor } from "../model/records.ts";
import { ProvedDescriptors } from "./proved_descriptors.ts";

Deno.test("ProvedDescriptors reads a descriptor again only when one of its files is another or changed", async () => {
  using plane = controlPlane();
  const file = plane.layout.control.at("a");
  const marker = plane.layout.control.at("b");
  const proved = new ProvedDescriptors();
  let reads = 0;
  const get = () =>
    proved.get(
      "id",
      [file, marker],
      () => Promise.resolve({ note: `${++reads}`, tags: ["t"] } as unknown as Descriptor),
    );
  file.write("1");
  const first = await get();
  assertStrictEquals(await get(), first);
  assertThrows(() => (first.tags as string[]).push("x"), TypeError);
  const { mtime } = Deno.statSync(file.path);
  Deno.writeTextFileSync(file.path, "2"); // in place, with the old size and time
  Deno.utimeSync(file.path, mtime as Date, mtime as Date);
  assertEquals((await get()).note, "2");
  marker.write("");
  assertEquals((await get()).note, "3");
  marker.remove();
  assertEquals((await get()).note, "4");
  proved.forget();
  assertEquals([(await get()).note, (await get()).note], ["5", "5"]);
});
