/** What users would take instead of JVS, on the same tree. */
import { reachableJuicefs } from "../tests/support/juicefs.ts";
import { python, run as runNow } from "../tests/support/run.ts";
import { removeTree, run } from "./process.ts";
import type { Contender } from "./scene.ts";

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  return runNow("sh", "-c", `command -v ${program}`).code === 0;
}

/** `cp -a` with these flags, into a new folder each time. */
export function copyOf(tree: string, folder: string, ...flags: string[]): Contender {
  const copy = `${folder}/copy`;
  return {
    name: ["cp", ...flags].join(" "),
    command: ["cp", ...flags, tree, copy],
    cwd: folder,
    before: () => removeTree(copy),
  };
}

/** A copy by reflinks. */
export function reflinkCopyOf(tree: string, folder: string): Contender {
  return copyOf(tree, folder, "-a", "--reflink=always");
}

/**
 * A copy by hard links, of a twin of the tree: each link changes the ctime of its file, so whoever looks at the tree itself
 * afterwards must take each file for changed.
 */
export async function linkCopyOf(tree: string, folder: string): Promise<Contender> {
  const twin = `${folder}/twin`;
  await run("cp", ["-a", tree, twin], folder);
  return copyOf(twin, folder, "-al");
}

/** `git status` of a tree that is all in its index; the repository is elsewhere. */
export async function gitStatusOf(tree: string, folder: string): Promise<Contender> {
  const git = [`--git-dir=${folder}/git`, "--work-tree=."];
  await run("git", [...git, "init", "-q"], tree);
  await run("git", [...git, "add", "-A"], tree);
  return { name: "git status", command: ["git", ...git, "status"], cwd: tree };
}

/** restic, into a repository on the same disk: the first backup, or a further one. */
export async function resticOf(
  tree: string,
  folder: string,
  { first }: { first: boolean },
): Promise<Contender> {
  const store = `${folder}/restic`;
  const env = {
    RESTIC_PASSWORD: "bench",
    RESTIC_REPOSITORY: store,
    RESTIC_CACHE_DIR: `${folder}/restic-cache`,
  };
  const begin = async () => {
    for (const each of [store, env.RESTIC_CACHE_DIR]) await removeTree(each);
    await run("restic", ["init", "-q"], folder, env);
  };
  await begin();
  const command = ["restic", "backup", "-q", "."];
  if (!first) await run("restic", command.slice(1), tree, env);
  return { name: "restic backup", command, cwd: tree, env, ...(first ? { before: begin } : {}) };
}

/** rsync with hard links to the copy before: what is unchanged is shared. */
export async function rsyncOf(tree: string, folder: string): Promise<Contender> {
  const [last, next] = [`${folder}/rsync-last`, `${folder}/rsync-next`];
  await run("rsync", ["-a", `${tree}/`, `${next}/`], folder);
  return {
    name: "rsync --link-dest",
    command: ["rsync", "-a", `--link-dest=${last}`, `${tree}/`, `${next}/`],
    cwd: folder,
    before: async () => {
      await removeTree(last);
      Deno.renameSync(next, last);
    },
  };
}

/** What is there beside a snapshot of a changed tree: those tools that are installed. */
export async function backupsOf(
  tree: string,
  folder: string,
  options: { first: boolean },
): Promise<Contender[]> {
  const restic = isInstalled("restic") ? [await resticOf(tree, folder, options)] : [];
  const rsync = isInstalled("rsync") && !options.first ? [await rsyncOf(tree, folder)] : [];
  return [...restic, ...rsync];
}

/** `juicefs clone -p` of a tree. */
export function juicefsCloneOf(tree: string, folder: string, servers: readonly number[]): Contender {
  const [program, copy] = [reachableJuicefs(), `${folder}/copy`];
  return {
    name: "juicefs clone -p",
    command: [program, "clone", "-p", tree, copy],
    cwd: folder,
    servers,
    before: () => removeVolumeTree(copy),
  };
}

/** Deletes a tree on a volume by one call. */
export async function removeVolumeTree(path: string): Promise<void> {
  const isThere = await Deno.lstat(path).then(() => true, () => false);
  if (isThere) await run(reachableJuicefs(), ["rmr", path], "/");
}

/** One scan of a tree as JVS does it, without the start of a program. */
export function scanOf(tree: string, servers: readonly number[] = []): Contender {
  const script = new URL("programs/scan.ts", import.meta.url).pathname;
  const config = new URL("../deno.json", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "-q", "-A", "-c", config, script, tree];
  return { name: "a scan", command, cwd: tree, timesItself: true, servers };
}

/** SHA-256 of all files on all cores. */
export function hashOf(tree: string): Contender {
  const script = new URL("programs/hash_all.py", import.meta.url).pathname;
  return { name: "SHA-256 on all cores", command: [python(), script, tree], cwd: tree };
}
