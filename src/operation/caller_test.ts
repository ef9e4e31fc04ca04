import { assertEquals } from "@std/assert";
import { asJvsError } from "./caller.ts";

Deno.test("asJvsError() finds a class for what the system throws", () => {
  const code = (error: unknown, signal?: AbortSignal) => asJvsError(error, signal).code;
  assertEquals(code(new Deno.errors.PermissionDenied("x")), "E_PERMISSION");
  assertEquals(code(new Deno.errors.NotCapable("x")), "E_PERMISSION");
  assertEquals(code(Object.assign(new Error("full"), { code: "ENOSPC" })), "E_NO_SPACE");
  assertEquals(code(Object.assign(new Error("bad"), { code: "EIO" })), "E_IO");
  assertEquals(code(new TypeError("x")), "E_INTERNAL");
  assertEquals(code("a text"), "E_INTERNAL");
  assertEquals(code(new DOMException("aborted", "AbortError"), AbortSignal.abort()), "E_INTERRUPTED");
});
