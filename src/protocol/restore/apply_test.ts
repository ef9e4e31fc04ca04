import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { JvsError } from "../../model/errors.ts";
import { SystemError } from "../../platform/system_error.ts";
import { refusedChange } from "./apply.ts";

Deno.test("refusedChange() names the path that the user knows, and a way out", () => {
  for (const staging of ["/r/.jvs/runtime/shared/staging/1-2", "/r/main/.jvs-staging-1-2"]) {
    const error = refusedChange(new SystemError("rename", `${staging}/new/d/x`, "EPERM"), "main");
    assertInstanceOf(error, JvsError);
    assertEquals(error.code, "E_PERMISSION");
    assertEquals(error.message, 'Cannot change "d/x" in worktree "main": the system does not permit it');
    assertEquals(error.hint.includes("lsattr"), true);
  }
});

Deno.test("refusedChange() leaves every other error as it is", () => {
  for (
    const error of [
      new Error("another"),
      new SystemError("rename", "/r/main/d/x", "EPERM"),
      new SystemError("open", "/r/.jvs/runtime/shared/staging/1-2/new/d/x", "EPERM"),
      new SystemError("rename", "/r/.jvs/runtime/shared/staging/1-2/new/d/x", "ENOSPC"),
    ]
  ) assertStrictEquals(refusedChange(error, "main"), error);
});
