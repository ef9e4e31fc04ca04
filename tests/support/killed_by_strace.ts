import type { BlackBox } from "./black_box.ts";
import { tempDir } from "./temp_dir.ts";

/** System calls that change a file system or make changes last; those that this machine does not have are passed over. */
const CHANGING =
  "?rename,?renameat,renameat2,?mkdir,mkdirat,?unlink,unlinkat,?rmdir,?link,linkat,?symlink,symlinkat," +
  "?mknod,mknodat,?chmod,fchmod,fchmodat,?chown,fchown,?lchown,fchownat,utimensat,setxattr,lsetxattr,fsetxattr," +
  "removexattr,lremovexattr,fremovexattr,copy_file_range,?ftruncate,flock,fsync,fdatasync,syncfs";

/** How many such calls the main thread of a command makes when nobody kills it. */
export async function countCalls(box: BlackBox, args: readonly string[]): Promise<number> {
  using folder = tempDir();
  const log = `${folder.path}/log`;
  const under = ["strace", "-f", "-qq", "-o", log, "-e", `trace=${CHANGING}`, "-e", "signal=none"];
  await box.json(args, { under });
  const lines = Deno.readTextFileSync(log).split("\n").filter((line) => line.includes("("));
  const main = lines[0]?.split(" ")[0];
  return lines.filter((line) => line.startsWith(`${main} `)).length;
}

/**
 * Runs a command and kills it as its main thread begins the n-th call that changes the file system: that call is not made.
 * False when it came to its end before.
 */
export async function killedAtCall(box: BlackBox, args: readonly string[], n: number): Promise<boolean> {
  const inject = `inject=${CHANGING}:signal=KILL:when=${n}`;
  const under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${CHANGING}`, "-e", inject];
  const { signal, code } = await box.run(args, { under });
  return signal === "SIGKILL" || code === 137;
}

/** Numbers from 1 to `most`, one from each of `count` equal parts, so that all of a command is covered. */
export function sampled(count: number, most: number, random: () => number): number[] {
  return Array.from({ length: count }, (_, i) => 1 + Math.floor((i + random()) * most / count));
}
