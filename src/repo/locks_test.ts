import { assertEquals, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { createRepository } from "./create.ts";
import { openStore } from "./store.ts";

Deno.test("Locks exclude the same worktree and nothing else, and name the holder", async () => {
  using folder = tempDir();
  const { layout, locks } = createRepository(`${folder.path}/repo`, { main: { path: "main" } });
  const other = openStore(layout.root).locks;
  {
    using _a = await locks.worktree("a", "snapshot");
    using _b = await other.worktree("b", "snapshot", { timeoutMs: 0 });
    using _repository = await other.repository("gc", { timeoutMs: 0 });
    using _short = await other.short("a");
    const error = await assertRejects(
      () => other.worktree("a", "restore", { timeoutMs: 20 }),
      JvsError,
      "snapshot (process",
    );
    assertEquals(error.code, "E_BUSY");
    assertEquals((error.details["holder"] as { pid: number }).pid, Deno.pid);
  }
  using _again = await other.worktree("a", "restore", { timeoutMs: 0 });
  assertEquals(layout.locks.names().filter((name) => name.includes("worktree")).length, 2);
});

Deno.test("Locks waiting for a holder tell who it is and end when the signal says so", async () => {
  using folder = tempDir();
  const { locks } = createRepository(`${folder.path}/repo`, { main: { path: "main" } });
  using _held = await locks.repository("gc run");
  const stop = new AbortController();
  const waited: (string | undefined)[] = [];
  const onWait = (holder: { operation: string } | undefined) => {
    waited.push(holder?.operation);
    stop.abort();
  };
  const error = await assertRejects(
    () => locks.repository("rename", { signal: stop.signal, onWait }),
    JvsError,
  );
  assertEquals([error.code, waited], ["E_INTERRUPTED", ["gc run"]]);
});
