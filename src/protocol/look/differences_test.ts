import { assertEquals } from "@std/assert";
import { bytesOf } from "../../model/bytes.ts";
import { toRecord } from "./differences.ts";

Deno.test("toRecord() encodes paths as the payload root hash does", () => {
  const rest = { kind: "renamed", type: "file", aspects: [], size_before: 10, size_after: 10 } as const;
  const old_path = Uint8Array.of(...bytesOf("a:"), 0xff);
  assertEquals(toRecord({ ...rest, path: bytesOf("b%"), old_path }), {
    ...rest,
    path: "b%25",
    old_path: "a%3A%FF",
  });
});
