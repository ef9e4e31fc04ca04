import { assertEquals } from "@std/assert";
import { TestRepository } from "../../tests/support/repository.ts";
import { status } from "./status.ts";

Deno.test("status() gives every path that is not saved, however many there are", async () => {
  using repository = await TestRepository.saved();
  for (let i = 0; i < 150; i++) repository.write(`main/new/${i}`, "x");
  const { differences, changes } = await repository.call(status);
  assertEquals([differences.length, changes.added], [151, 151]);
});
