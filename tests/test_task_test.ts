import { assertEquals } from "@std/assert";
import { countReport } from "../tasks/test.ts";

Deno.test("countReport() adds up what a report of Deno says", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="deno test" tests="6" failures="1" errors="1" time="0.025">
      <testsuite name="./a_test.ts" tests="5" disabled="1" errors="1" failures="1"><testcase/></testsuite>
      <testsuite name="./b_test.ts" tests="1" disabled="0" errors="0" failures="0">
    </testsuites>`;
  assertEquals(countReport(xml), { passed: 3, failed: 2, skipped: 1 });
  assertEquals(countReport(""), { passed: 0, failed: 0, skipped: 0 });
});
