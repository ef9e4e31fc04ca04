import { assertEquals } from "@std/assert";
import type { EngineKind } from "../engine/contract.ts";
import { ENGINES } from "../engine/engines.ts";
import { callIn } from "../../tests/support/context.ts";
import { useEngine } from "../../tests/support/use_engine.ts";
import { requires } from "../../tests/support/requires.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { init } from "./init.ts";
import { LinuxFolder } from "../platform/linux_folder.ts";
import { textOf } from "../model/bytes.ts";
import { restore } from "./restore.ts";
import { snapshot } from "./snapshot.ts";

type RestoreResult = Awaited<ReturnType<typeof restore.run>>;

/** Counts how often the lock of a worktree is tried. */
class LockTries implements Disposable {
  private readonly openFile = LinuxFolder.prototype.openFile;
  count = 0;

  constructor() {
    // deno-lint-ignore no-this-alias -- the function below has the folder as its own
    const tries = this;
    LinuxFolder.prototype.openFile = function (name, ...rest) {
      if (/^worktree-.*lock$/.test(textOf(name))) tries.count++;
      return tries.openFile.call(this, name, ...rest);
    };
  }

  [Symbol.dispose](): void {
    LinuxFolder.prototype.openFile = this.openFile;
  }
}

Deno.test(
  "restore HEAD means the newest snapshot when its turn comes, not when it began to wait",
  requires("ffi"),
  async () => {
    using folder = tempDir();
    const { repository } = await callIn(folder.path, init, { name: "project" });
    const main = `${repository}/main`;
    Deno.writeTextFileSync(`${main}/a`, "one");
    await callIn(main, snapshot);
    Deno.writeTextFileSync(`${main}/a`, "two");
    using locks = new LockTries();
    let waiting: Promise<RestoreResult> | undefined;
    const copy = ENGINES.find(({ name }) => name === "copy") as EngineKind;
    const engine: EngineKind = {
      ...copy,
      make: (platform) => ({
        ...copy.make(platform),
        async clone(request) {
          const before = locks.count;
          waiting ??= callIn(main, restore, { snapshot: "HEAD", discard: true });
          while (locks.count === before) await new Promise((resolve) => setTimeout(resolve, 1));
          return await copy.make(platform).clone(request);
        },
      }),
    };
    const { snapshot: second } = await (async () => {
      using _engine = useEngine(engine);
      return await callIn(main, snapshot, {}, { engine: "auto" });
    })();
    const { detached, head_snapshot_id } = await (waiting as unknown as Promise<RestoreResult>);
    assertEquals([detached, head_snapshot_id], [false, second.snapshot_id]);
    assertEquals(Deno.readTextFileSync(`${main}/a`), "two");
  },
);
