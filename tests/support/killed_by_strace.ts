import type { BlackBox } from "./black_box.ts";
import { tempDir } from "./temp_dir.ts";

/**
 * System calls that change a file system or make changes durable. strace ignores calls that this machine does not have.
 * Calls that fill a file of JVS are left out, because half a file is worth no more than none.
 */
const CHANGING =
  "?rename,?renameat,renameat2,?mkdir,mkdirat,?unlink,unlinkat,?rmdir,?link,linkat,?symlink,symlinkat," +
  "?mknod,mknodat,?chmod,fchmod,fchmodat,?chown,fchown,?lchown,fchownat,utimensat,setxattr,lsetxattr,fsetxattr," +
  "removexattr,lremovexattr,fremovexattr,fsync,syncfs";

/** A moment of a command: the beginning of its `when`-th call of a system call. */
export interface KillPoint {
  readonly call: string;
  readonly when: number;
}

/**
 * Calls by which JVS begins and awaits a program, such as a hook. Shells make none of these, so a kill there is never theirs.
 */
export const AROUND_PROGRAMS = "?pidfd_open,?recvfrom,?epoll_ctl";

/**
 * All moments at which a command is about to change a file system, in order, if it is not killed; with `also` the moments of these calls
 * too.
 */
export async function killPoints(
  box: BlackBox,
  args: readonly string[],
  also?: string,
): Promise<KillPoint[]> {
  using folder = tempDir();
  const log = `${folder.path}/log`;
  const traced = also === undefined ? CHANGING : `${CHANGING},${also}`;
  const under = ["strace", "-f", "-qq", "-o", log, "-e", `trace=${traced}`, "-e", "signal=none"];
  await box.json(args, { under });
  const calls = [...Deno.readTextFileSync(log).matchAll(/^(\d+) +(\w+)\(/gm)];
  // Some threads belong to Deno. The thread with the most calls is that of JVS.
  const threads = Map.groupBy(calls, ([, thread]) => thread);
  const [own = []] = [...threads.values()].sort((a, b) => b.length - a.length);
  const seen = new Map<string, number>();
  return own.map(([, , call = ""]) => {
    const when = (seen.get(call) ?? 0) + 1;
    seen.set(call, when);
    return { call, when };
  });
}

/**
 * Runs a command and kills it when a thread begins that call for the `when`-th time; the call does not happen. Returns
 * false if the command ended before.
 */
export async function killedAt(box: BlackBox, args: readonly string[], at: KillPoint): Promise<boolean> {
  const inject = `inject=${at.call}:signal=KILL:when=${at.when}`; // strace counts each call and each thread by itself
  const under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${at.call}`, "-e", inject];
  const { signal, code } = await box.run(args, { under });
  return signal === "SIGKILL" || code === 137;
}

/** `count` items of a list, one from each of `count` equal parts. */
export function sampled<T>(count: number, from: readonly T[], random: () => number): T[] {
  return Array.from({ length: count }, (_, i) => from[Math.floor((i + random()) * from.length / count)] as T);
}
