import { assertEquals, assertStringIncludes } from "@std/assert";
import { createStyle } from "./style.ts";
import { renderInfo, renderSettings, renderSettingSet } from "./repository.ts";

Deno.test("renderInfo() says of a disk just what is known of it", () => {
  const disk = (more: { free_bytes?: number; read_only?: boolean }) =>
    renderInfo({
      repository: "/r",
      repo_id: "11111111-1111-4111-8111-111111111111",
      format_version: 2,
      jvs_version: "1.0.0",
      worktree: "main",
      lease: null,
      engine: { name: "copy", reason: "it works everywhere" },
      file_system: { kind: "unknown", id: "1", free_bytes: 0, free_inodes: 0, read_only: false, ...more },
      counts: { snapshots: 1, worktrees: 1, refs: 0, pins: 0, interrupted: 0 },
      shared: false,
      hosts: [],
      abilities: {},
      permissions: { c_library: false, run: "named", network: false },
      hooks: null,
      settings: [],
      problem: null,
    }, { style: createStyle({ color: false, width: 100 }), now: 0, input: {} }).split("\n").map((line) =>
      line.trim().replace(/ +/g, " ")
    ).join("\n");
  assertStringIncludes(disk({ free_bytes: Number.MAX_SAFE_INTEGER }), "\ndisk unknown\n");
  assertStringIncludes(disk({ free_bytes: 1024 }), "\ndisk unknown, 1");
  assertStringIncludes(disk({ read_only: true }), "\ndisk unknown, read-only\n");
});

const view = { style: createStyle({ color: false, width: 100 }), now: 0, input: {} };

Deno.test("renderSettingSet() says the new value, or that it is empty", () => {
  assertEquals(renderSettingSet({ key: "engine", value: "copy" }, view), "Set engine to copy\n");
  assertEquals(renderSettingSet({ key: "signing.key", value: "" }, view), "signing.key is empty now\n");
});

Deno.test("renderSettings() has a heading over each column", () => {
  const setting = { key: "engine", value: "copy", default: "auto", is_default: false, about: "How." };
  assertEquals(
    renderSettings({ settings: [setting], path: "/r/config.jsonc" }, view),
    "setting  value  what it decides\nengine   copy   How.\n\nThey are in /r/config.jsonc\n",
  );
});
