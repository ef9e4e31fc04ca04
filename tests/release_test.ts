import { assertStringIncludes } from "@std/assert";
import { CHECKOUT } from "../tasks/bundle.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

Deno.test({
  name: "a release builds each package, gives the tour by each, and writes checksums that hold",
  ...requires("npm", "pip"),
  fn() {
    const said = mustRun(Deno.execPath(), "run", "-A", `${CHECKOUT}/tasks/release.ts`, "--dry-run");
    assertStringIncludes(said, "Built and tried version ");
    const checked = mustRun("sh", "-c", `cd '${CHECKOUT}/dist/release' && sha256sum --check SHA256SUMS`);
    for (const name of [".tgz: OK", ".whl: OK"]) assertStringIncludes(checked, name);
  },
});
