import { assertEquals, assertThrows } from "@std/assert";
import { JvsError } from "../../model/errors.ts";
import { codeOf, damageFound, problemFound } from "./finding.ts";

Deno.test("codeOf() throws an error on that is no finding", () => {
  const busy = new JvsError("E_BUSY", "Cannot wait");
  assertEquals(assertThrows(() => codeOf(busy)), busy);
  assertEquals(assertThrows(() => problemFound(busy)), busy);
  assertEquals(codeOf(new JvsError("E_IO", "Cannot read")), "E_IO");
});

Deno.test("problemFound() names the hint as the way out, for a damaged record a copy, or what the caller knows", () => {
  const said = (error: JvsError, way?: string) => problemFound(error, way).message;
  assertEquals(said(new JvsError("E_IO", "Cannot read", { hint: "Try again." })), "Cannot read. Try again.");
  const damaged = new JvsError("E_DESCRIPTOR_CORRUPT", "Cannot read");
  assertEquals(said(damaged), "Cannot read. Bring it back from a copy of the repository.");
  assertEquals(said(damaged, "Make it again."), "Cannot read. Make it again.");
});

Deno.test("damageFound() throws what is no finding, with its class", () => {
  const { code, message } = assertThrows(() => damageFound("1", "E_BUSY", "In use"), JvsError);
  assertEquals([code, message], ["E_INTERNAL", "Cannot check snapshot 1: In use (E_BUSY)"]);
});
