import { assertEquals } from "@std/assert";
import { DIR, FILE } from "../../model/entry.ts";
import { NONE } from "../../tree/table.ts";
import { entry, tableOf } from "../../../tests/support/random_tables.ts";
import { inOrder } from "./order.ts";

Deno.test("inOrder() lets what goes go first where a file system may take its name for one that comes", () => {
  const root = entry("", { type: DIR });
  const now = tableOf([root, entry("Same", { type: FILE }), entry("gone", { type: FILE })]);
  const then = tableOf([root, entry("new", { type: FILE }), entry("same", { type: FILE })]);
  const create = (index: number) => ({ kind: "create", now: NONE, then: index }) as const;
  const remove = (index: number) => ({ kind: "remove", now: index, then: NONE }) as const;
  const units = [create(1), create(2), remove(1), remove(2)];
  assertEquals(inOrder(units, now, then), [remove(1), create(1), create(2), remove(2)]);
  const others = [create(1), remove(1), remove(2)];
  assertEquals(inOrder(others, now, then), others);
});
