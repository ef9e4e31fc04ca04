import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { unmount } from "../support/disk_image.ts";
import { exists, namesIn } from "../support/files.ts";
import {
  killVolume,
  makeVolume,
  metadataOf,
  mountVolume,
  reachableJuicefs,
  serversOf,
  signalVolume,
} from "../support/juicefs.ts";
import { type JsonError, spawnJvs } from "../support/jvs.ts";
import { requires } from "../support/requires.ts";
import { mustRun, run } from "../support/run.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

/* What goes wrong with a JuiceFS volume that is not the fault of the engine: each is a clear error, and nothing is left over. */

const NEEDED = requires("root", "ffi", "juicefs");

/** A repository on a volume whose mount can fail. */
class TroubledVolume implements AsyncDisposable {
  readonly disk: string;

  private constructor(private readonly folder: Disposable & { readonly path: string }) {
    this.disk = `${folder.path}/disk`;
  }

  static make(): TroubledVolume {
    const folder = tempDir();
    makeVolume(folder.path);
    Deno.mkdirSync(`${folder.path}/programs`);
    const volume = new TroubledVolume(folder);
    volume.mount();
    return volume;
  }

  /** A folder that is first on the PATH of commands. */
  get programs(): string {
    return `${this.folder.path}/programs`;
  }

  mount(...options: string[]): void {
    mountVolume(metadataOf(this.folder.path), this.disk, { cache: `${this.folder.path}/cache`, options });
  }

  unmount(): void {
    unmount(this.disk);
  }

  /** A repository in which a snapshot was saved. */
  async repository(): Promise<BlackBox> {
    const PATH = `${this.programs}:${reachableJuicefs().replace(/\/[^/]*$/, "")}:/usr/bin:/bin`;
    const box = await BlackBox.make({ parent: this.disk, env: { PATH } });
    for (let i = 0; i < 50; i++) box.write(`file-${i}`, `${i}`);
    await box.json(["snapshot", "one"]);
    return box;
  }

  /** Limits the files in a folder of the volume, counted anew. Mounted again, because a mount learns of it late. */
  limit(folder: string, files: number): void {
    this.unmount();
    const quota = (...args: string[]) =>
      mustRun("juicefs", "quota", ...args, metadataOf(this.folder.path), "--path", folder);
    quota("set", "--inodes", String(files));
    quota("check", "--repair");
    this.mount();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.unmount();
    this.folder[Symbol.dispose]();
    return Promise.resolve();
  }
}

async function isWhole(box: BlackBox, snapshots: number): Promise<void> {
  assertEquals((await box.json(["doctor", "--strict"])).findings, []);
  assertEquals(
    namesIn(`${box.control}/snapshots`).filter((name) => !name.endsWith(".READY")).length,
    snapshots,
  );
}

Deno.test(
  "a used up quota of a JuiceFS folder fails a snapshot, and leaves nothing over",
  NEEDED,
  async () => {
    await using volume = TroubledVolume.make();
    const box = await volume.repository();
    const folder = box.outside.slice(volume.disk.length);
    const entries = mustRun("find", box.outside).trim().split("\n").length;
    volume.limit(folder, entries + 25);
    box.write("file-1", "changed");
    const error = await box.error("E_NO_SPACE", ["snapshot", "two"]);
    assertStringIncludes(error.message, "the quota is used up");
    assertStringIncludes(error.hint, "Free space");
    volume.limit(folder, entries + 1000);
    await isWhole(box, 1);
    await box.json(["snapshot", "two"]);
    await isWhole(box, 2);
  },
);

Deno.test(
  "a JuiceFS mount whose program is gone is named, and found whole when it is back",
  NEEDED,
  async () => {
    await using volume = TroubledVolume.make();
    const box = await volume.repository();
    killVolume(volume.disk);
    for (const command of [["status"], ["snapshot", "two"]]) {
      const error = await box.error("E_IO", [...command, "-C", box.main], { cwd: "/" });
      assertMatch(error.message, /the program that serves its file system is not running/);
      assertStringIncludes(error.hint, "mount it again");
    }
    volume.unmount();
    volume.mount();
    await isWhole(box, 1);
  },
);

Deno.test("a JuiceFS mount inside a worktree that hangs is named when the time is over", NEEDED, async () => {
  await using volume = TroubledVolume.make();
  using box = await BlackBox.make();
  box.write("a", "one");
  const inside = `${box.main}/data/mount`;
  Deno.mkdirSync(inside, { recursive: true });
  mustRun("mount", "--bind", volume.disk, inside);
  try {
    signalVolume(volume.disk, "STOP");
    const env = { JVS_MOUNT_TIMEOUT: "1" };
    for (const command of [["status"], ["snapshot", "two"]]) {
      const { message } = await box.error("E_IO", command, { env });
      assertEquals(
        message,
        `Cannot reach "${inside}": its file system (fuse.juicefs) has not answered for 1 s`,
      );
    }
    // What the scan does not come to is not asked.
    Deno.writeTextFileSync(`${box.main}/.jvsignore`, "data\n");
    await box.json(["status"], { env });
  } finally {
    signalVolume(volume.disk, "CONT");
    unmount(inside);
  }
});

Deno.test("a JuiceFS mount that hangs is named when the time is over, and at Ctrl-C", NEEDED, async () => {
  await using volume = TroubledVolume.make();
  const box = await volume.repository();
  signalVolume(volume.disk, "STOP");
  try {
    for (const command of [["status"], ["snapshot", "two"], ["init", "other"]]) {
      const error = await box.error("E_IO", [...command, "-C", box.main], {
        cwd: "/",
        env: { JVS_MOUNT_TIMEOUT: "1" },
      });
      assertEquals(
        error.message,
        `Cannot reach "${volume.disk}": its file system (fuse.juicefs) has not answered for 1 s`,
      );
    }
    const link = `${volume.programs}/link`;
    Deno.symlinkSync(box.main, link);
    const env = { JVS_MOUNT_TIMEOUT: "1" };
    assertMatch(
      (await box.error("E_IO", ["status", "--repo", link], { cwd: "/", env })).message,
      /^Cannot reach/,
    );
    assertEquals((await interrupted(box)).error, "E_INTERRUPTED");
  } finally {
    signalVolume(volume.disk, "CONT");
  }
  await isWhole(box, 1);
});

Deno.test(
  "a JuiceFS mount that hangs while its program clones is named, and nothing of the clone stays",
  NEEDED,
  async () => {
    await using volume = TroubledVolume.make();
    const box = await volume.repository();
    const ended = `${volume.programs}/ended`;
    const stop = `kill -STOP ${serversOf(volume.disk).join(" ")}`;
    const script = `#!/bin/sh\n${stop}\n${reachableJuicefs()} "$@"\ntouch ${ended}\n`;
    Deno.writeTextFileSync(`${volume.programs}/juicefs`, script, { mode: 0o755 });
    const child = await spawnJvs(["snapshot", "two", "--json", "-C", box.main], {
      cwd: "/",
      env: { ...box.commands().env, JVS_MOUNT_TIMEOUT: "1" },
    });
    try {
      await child.stdin.close();
      const { message } = JSON.parse(await firstOf(child.stdout));
      assertStringIncludes(message, `Cannot reach "${volume.disk}"`);
    } finally {
      // Its lock is a file of the mount: before that answers, the kernel ends no process that has one open.
      signalVolume(volume.disk, "CONT");
    }
    await child.stderr.cancel();
    assertEquals((await child.status).code, 1);
    await until(() => exists(ended));
    Deno.removeSync(`${volume.programs}/juicefs`);
    await box.json(["snapshot", "two"]); // it removes what was begun
    await isWhole(box, 2);
  },
);

/** What a program prints first. */
async function firstOf(output: ReadableStream<Uint8Array>): Promise<string> {
  const reader = output.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

/** What a command says that is interrupted while it waits. */
async function interrupted(box: BlackBox): Promise<JsonError> {
  const child = await spawnJvs(["status", "--json", "-C", box.main], { cwd: "/" });
  await child.stdin.close();
  await until(() => isAsking(child.pid));
  child.kill("SIGINT");
  const { code, stdout } = await child.output();
  assertEquals(code, 130);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Whether a thread of a process waits for an answer of FUSE. */
function isAsking(pid: number): boolean {
  return run("sh", "-c", `cat /proc/${pid}/task/*/wchan`).stdout.includes("request_wait_answer");
}

Deno.test("a FIFO with the name of a JuiceFS mount's own file is not waited for", NEEDED, async () => {
  await using volume = TroubledVolume.make();
  volume.unmount();
  volume.mount("--prefix-internal"); // then the other names are anybody's
  mustRun("mkfifo", `${volume.disk}/.stats`);
  const box = await volume.repository();
  box.write("file-1", "changed");
  await box.json(["snapshot", "two"]);
  await isWhole(box, 2);
});

Deno.test("a JuiceFS mount with --readdir-cache saves, restores and forks as any", NEEDED, async () => {
  await using volume = TroubledVolume.make();
  volume.unmount();
  volume.mount("--readdir-cache");
  const box = await volume.repository();
  box.write("file-1", "changed");
  box.write("new/deep", "new");
  await box.json(["snapshot", "two"]);
  await box.json(["restore", "HEAD~1"]);
  assertEquals(namesIn(box.main).includes("new"), false);
  await box.json(["restore", "HEAD"]);
  assertEquals((await box.json(["status"])).clean, true);
  await box.audit();
});
