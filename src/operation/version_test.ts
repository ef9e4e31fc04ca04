import { assertEquals } from "@std/assert";
import { placeOf } from "./version.ts";

Deno.test("placeOf() tells the ways in from each other", () => {
  const places: [url: string, executable: string | undefined, installed: string, program: string][] = [
    ["file:///home/ana/my%20jvs/src/operation/version.ts", undefined, "checkout", "/home/ana/my jvs"],
    ["file:///usr/lib/node_modules/jvs/jvs.js", undefined, "npm", "/usr/lib/node_modules/jvs/jvs.js"],
    ["file:///venv/jvs/_program/jvs.js", undefined, "pypi", "/venv/jvs/_program/jvs.js"],
    [
      "https://jsr.io/@jvs/jvs/0.1.0/src/operation/version.ts",
      undefined,
      "jsr",
      "https://jsr.io/@jvs/jvs/0.1.0",
    ],
    ["file:///tmp/deno-compile-jvs/jvs.js", "/usr/local/bin/jvs", "executable", "/usr/local/bin/jvs"],
    ["file:///opt/jvs/jvs.js", undefined, "bundle", "/opt/jvs/jvs.js"],
  ];
  for (const [url, executable, installed, program] of places) {
    assertEquals(placeOf(url, executable), { installed, program });
  }
});
