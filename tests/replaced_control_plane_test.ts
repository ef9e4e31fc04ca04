import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { spawnJvs } from "./support/jvs.ts";
import { requires } from "./support/requires.ts";
import { mustRun, run } from "./support/run.ts";

Deno.test({
  name:
    "a restore that waits while .jvs is replaced keeps unsaved work where the repository is now, or changes nothing",
  ...requires("ffi"),
  async fn() {
    using box = await BlackBox.make();
    box.write("a", "one");
    const { snapshot_id } = await box.save();
    box.write("a", "two");
    await box.save();
    box.write("a", "precious");
    const locks = `${box.control}/runtime/shared/locks`;
    const [name = ""] = [...Deno.readDirSync(locks)].map(({ name }) => name).filter((name) =>
      /^worktree-/.test(name)
    );
    const file = Deno.openSync(`${locks}/${name}`, { read: true, write: true });
    file.lockSync(true);

    const opened = nextOpening(locks, name);
    const child = await spawnJvs(["restore", snapshot_id], box.commands());
    await opened;
    mustRun("cp", "-a", box.control, `${box.path}/copy`);
    Deno.renameSync(box.control, `${box.outside}/former`);
    Deno.renameSync(`${box.path}/copy`, box.control);
    file.close();
    await child.stdin.close();
    await child.output();

    Deno.removeSync(`${box.outside}/former`, { recursive: true });
    const isHere = box.read("a") === "precious";
    assert(isHere || run("grep", "-rlx", "precious", `${box.control}/snapshots`).code === 0);
    await box.audit();
  },
});

Deno.test("worktree fork --live refuses a bad name before it waits for a lock", async () => {
  using box = await BlackBox.make();
  await box.save();
  const locks = `${box.control}/runtime/shared/locks`;
  const held = [...Deno.readDirSync(locks)].map(({ name }) =>
    Deno.openSync(`${locks}/${name}`, { read: true, write: true })
  );
  for (const file of held) file.lockSync(true);
  try {
    const { message } = await box.error("E_PATH_ESCAPE", [
      "worktree",
      "fork",
      "a/b",
      "--live",
      "--lock-timeout",
      "0s",
    ]);
    assertEquals(message.includes("a/b"), true);
  } finally {
    for (const file of held) file.close();
  }
});

/** Waits until a file in a folder is opened. (What waits for a lock has its file open for a moment only, again and again.) */
async function nextOpening(folder: string, name: string): Promise<void> {
  for await (const { kind, paths } of Deno.watchFs(folder)) {
    if (kind === "access" && paths.some((path) => path.endsWith(`/${name}`))) return;
  }
}
