/** A folder for one test, for `using`. */
export interface TempDir extends Disposable {
  /** The real path, without symbolic links. */
  readonly path: string;
}

/** How to make a temporary folder. */
export interface TempDirOptions {
  /** The owner and group; by default those of the caller. Only root may choose others. */
  owner?: number;
  /** The parent folder; by default JVS_TEST_TMP or the temporary folder of the system. */
  parent?: string;
}

/** A new empty folder that each user may read. The folder and its content are removed at the end of the block. */
export function tempDir(options: TempDirOptions = {}): TempDir {
  const dir = options.parent ?? (Deno.env.get("JVS_TEST_TMP") || openPlace());
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "jvs-", ...(dir ? { dir } : {}) }));
  Deno.chmodSync(path, 0o755); // other users run programs in it
  if (options.owner !== undefined) Deno.chownSync(path, options.owner, options.owner);
  return { path, [Symbol.dispose]: () => removeTree(path) };
}

/** A folder that other users can enter; undefined if the temporary folder of the system is one. */
function openPlace(): string | undefined {
  let above = Deno.env.get("TMPDIR") ?? "";
  for (; above !== ""; above = above.slice(0, above.lastIndexOf("/"))) {
    if (((Deno.statSync(above).mode ?? 1) & 1) === 0) return "/tmp";
  }
}

/** Removes a folder with its content, also folders without write bits. It need not exist. */
export function removeTree(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    // Without root, a folder must be writable before its content can be removed.
    new Deno.Command("chmod", { args: ["-R", "u+rwX", path], stderr: "null" }).outputSync();
    // Payloads can be read-only subvolumes; their roots have this inode.
    const writable = ["btrfs", "property", "set", "-ts", "{}", "ro", "false"];
    const args = [path, "-type", "d", "-inum", "256", "-exec", ...writable, ";"];
    new Deno.Command("find", { args, stderr: "null" }).outputSync();
    Deno.removeSync(path, { recursive: true });
  }
}

/** Disposes of something after all tests of the present file. */
export function atEndOfFile(end: () => void): void {
  globalThis.addEventListener("unload", end, { once: true });
}
