import { assertEquals } from "@std/assert";
import { bytesOf, textOf } from "../model/bytes.ts";
import type { Listing } from "../platform/platform.ts";
import { type NameRange, NameStack } from "./name_stack.ts";

Deno.test("NameStack sorts each folder's names by their bytes and keeps folders apart", () => {
  const stack = new NameStack();
  const outer = stack.push(listing("b", "a.txt", "a", "é", "aa", "B"));
  const many = Array.from({ length: 5000 }, (_, i) => `name-${(i * 7919) % 5000}`);
  const inner = stack.push(listing(...many));
  assertEquals(names(stack, inner), many.toSorted());
  stack.pop(inner);
  const empty = stack.push(listing());
  assertEquals(names(stack, empty), []);
  stack.pop(empty);
  const again = stack.push(listing("z", "y"));
  assertEquals(names(stack, again), ["y", "z"]);
  assertEquals(names(stack, outer), ["B", "a", "a.txt", "aa", "b", "é"]);
});

Deno.test("NameStack.has() finds exactly the names of one folder", () => {
  const stack = new NameStack();
  const outer = stack.push(listing("a", "c", "e"));
  const inner = stack.push(listing("b"));
  for (const name of ["a", "c", "e"]) assertEquals(stack.has(outer, bytesOf(name)), true);
  for (const name of ["", "b", "ab", "f"]) assertEquals(stack.has(outer, bytesOf(name)), false);
  assertEquals([stack.has(inner, bytesOf("b")), stack.has(inner, bytesOf("a"))], [true, false]);
});

function listing(...all: string[]): Listing {
  const buffer = new Uint8Array(64); // one view that is filled again, as a listing may do
  return {
    count: all.length,
    name(index: number): Uint8Array {
      const name = bytesOf(all[index] ?? "");
      buffer.set(name);
      return buffer.subarray(0, name.length);
    },
  };
}

function names(stack: NameStack, range: NameRange): string[] {
  return Array.from({ length: range.to - range.from }, (_, i) => textOf(stack.name(range.from + i)));
}
