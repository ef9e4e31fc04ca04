import { assertEquals } from "@std/assert";
import { newStagingName, stagingInRoot } from "./staging_name.ts";

Deno.test("stagingInRoot() believes no other name than one that JVS gives", () => {
  const name = newStagingName();
  assertEquals(stagingInRoot({ staging_in_root: name }), name);
  for (const other of ["data", ".jvs-staging-", ".jvs-staging-data", `${name}/..`, `../${name}`]) {
    assertEquals(stagingInRoot({ staging_in_root: other }), undefined, other);
  }
  assertEquals(stagingInRoot({}), undefined);
});
