/** A folder for one test, for `using`. */
export interface TempDir extends Disposable {
  /** Its real path, without symbolic links in it. */
  readonly path: string;
}

/** How a temporary folder is made. */
export interface TempDirOptions {
  /** Its owner and group; the caller's by default. Only root may name another. */
  owner?: number;
  /** Where it is made; JVS_TEST_TMP or the system's place for temporary files by default. */
  parent?: string;
}

/** A new empty folder that anybody may look into; it and all that is in it go when the block ends. */
export function tempDir(options: TempDirOptions = {}): TempDir {
  const dir = options.parent ?? (Deno.env.get("JVS_TEST_TMP") || openPlace());
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "jvs-", ...(dir ? { dir } : {}) }));
  Deno.chmodSync(path, 0o755); // other users run programs in it
  if (options.owner !== undefined) Deno.chownSync(path, options.owner, options.owner);
  return { path, [Symbol.dispose]: () => removeTree(path) };
}

/** Where other users can go; nothing where the system's place for temporary files is one. */
function openPlace(): string | undefined {
  let above = Deno.env.get("TMPDIR") ?? "";
  for (; above !== ""; above = above.slice(0, above.lastIndexOf("/"))) {
    if (((Deno.statSync(above).mode ?? 1) & 1) === 0) return "/tmp";
  }
}

/** Removes a folder with all in it, folders without write bits included; it need not exist. */
export function removeTree(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    // Without root, a folder's content can only be removed when the folder may be written.
    new Deno.Command("chmod", { args: ["-R", "u+rwX", path], stderr: "null" }).outputSync();
    Deno.removeSync(path, { recursive: true });
  }
}

/** Ends something when all tests of the file that is running have ended. */
export function atEndOfFile(end: () => void): void {
  globalThis.addEventListener("unload", end, { once: true });
}
