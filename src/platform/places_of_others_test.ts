import { assertEquals, assertStringIncludes } from "@std/assert";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { whoMayReplace } from "./places_of_others.ts";

const STRANGER = 61002;

Deno.test("whoMayReplace() finds folders on the way that others may write, and those that a link leads through", () => {
  using dir = tempDir();
  const path = Deno.realPathSync(dir.path);
  Deno.mkdirSync(`${path}/open/mine`, { recursive: true });
  Deno.mkdirSync(`${path}/closed`);
  const inOpen = `${path}/open/mine/file`;
  assertEquals(whoMayReplace(inOpen), undefined);
  Deno.chmodSync(`${path}/open`, 0o777);
  assertStringIncludes(whoMayReplace(inOpen) ?? "", `other users may write "${path}/open"`);
  Deno.symlinkSync("../open/mine", `${path}/closed/link`);
  assertStringIncludes(whoMayReplace(`${path}/closed/link/file`) ?? "", `"${path}/open"`);
  assertEquals(whoMayReplace(`${path}/closed/none/below`), undefined);
  Deno.chmodSync(`${path}/open`, 0o1777);
  assertEquals(whoMayReplace(inOpen), undefined);
  Deno.symlinkSync("loop", `${path}/closed/loop`);
  assertStringIncludes(whoMayReplace(`${path}/closed/loop/x`) ?? "", "too many links");
});

Deno.test({
  name: "whoMayReplace() finds folders and links of another user",
  ...requires("root"),
  fn() {
    using dir = tempDir();
    const path = Deno.realPathSync(dir.path);
    Deno.mkdirSync(`${path}/theirs/mine`, { recursive: true });
    Deno.mkdirSync(`${path}/mine`);
    Deno.symlinkSync(`${path}/mine`, `${path}/link`);
    mustRun("chown", "-h", `${STRANGER}`, `${path}/link`);
    assertStringIncludes(
      whoMayReplace(`${path}/link/file`) ?? "",
      `the link "${path}/link" belongs to ${STRANGER}`,
    );
    Deno.chownSync(`${path}/theirs`, STRANGER, STRANGER);
    assertStringIncludes(
      whoMayReplace(`${path}/theirs/mine/file`) ?? "",
      `"${path}/theirs" belongs to ${STRANGER}`,
    );
  },
});
