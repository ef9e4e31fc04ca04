import type { BlackBox } from "../support/black_box.ts";
import { type Json, type JvsRun } from "../support/jvs.ts";

/** One system call that fails: which, how, and the how-many-th of its kind it is. */
export interface Fault {
  readonly call: string;
  readonly error: string;
  readonly when: number;
}

/** How a command with a fault in it went. */
export interface FaultyRun {
  readonly run: JvsRun;
  /** The call that failed, as strace shows it; nothing if it failed for Deno and not for us, or was not reached. */
  readonly failed: string | undefined;
}

/** What can befall a call: a broken device, a full disk or quota, missing rights, too many open files. */
const ERRORS: Record<string, readonly string[]> = {
  openat: ["EIO", "ENOSPC", "EACCES", "EMFILE"],
  read: ["EIO"],
  pread64: ["EIO"],
  write: ["EIO", "ENOSPC", "EDQUOT"],
  pwrite64: ["EIO", "ENOSPC", "EDQUOT"],
  statx: ["EIO", "EACCES"],
  getdents64: ["EIO"],
  rename: ["EIO", "ENOSPC", "EACCES"],
  renameat: ["EIO", "ENOSPC", "EACCES"],
  renameat2: ["EIO", "ENOSPC", "EDQUOT", "EACCES"],
  linkat: ["EIO", "ENOSPC", "EDQUOT"],
  link: ["EIO", "ENOSPC"],
  mkdir: ["EIO", "ENOSPC", "EACCES"],
  mkdirat: ["EIO", "ENOSPC", "EDQUOT", "EACCES"],
  unlink: ["EIO", "EACCES"],
  unlinkat: ["EIO", "EACCES"],
  fsync: ["EIO", "ENOSPC", "EDQUOT"],
  fdatasync: ["EIO", "ENOSPC"],
  syncfs: ["EIO", "ENOSPC"],
  fchmod: ["EIO", "EACCES"],
  fchmodat: ["EIO", "EACCES"],
  chmod: ["EIO", "EACCES"],
  fchownat: ["EIO", "EACCES"],
  utimensat: ["EIO", "EACCES"],
  copy_file_range: ["EIO", "ENOSPC"],
  ftruncate: ["EIO", "ENOSPC"],
  symlinkat: ["EIO", "ENOSPC"],
  flock: ["EIO"],
};

/** What can befall the start of a program, such as a hook: too many open files or processes. */
const STARTING: Record<string, readonly string[]> = {
  pipe2: ["EMFILE"],
  socketpair: ["EMFILE"],
  clone: ["EAGAIN"],
  pidfd_open: ["EMFILE"],
};

/** Runs a command below strace, with a fault in it if one is given; strace's own lines go into a file. */
async function runTraced(
  box: BlackBox,
  args: readonly string[],
  fault?: Fault,
): Promise<{ run: JvsRun; lines: string[] }> {
  const log = `${box.outside}/trace-${crypto.randomUUID()}`;
  const injection = fault === undefined
    ? []
    : ["-e", `inject=${fault.call}:error=${fault.error}:when=${fault.when}`];
  const all = [...Object.keys(ERRORS), ...Object.keys(STARTING)];
  const calls = fault === undefined ? all.map((call) => `?${call}`).join(",") : fault.call;
  const under = [
    "strace",
    "-f",
    "-y",
    "--seccomp-bpf",
    "-s",
    "0",
    "-o",
    log,
    "-e",
    `trace=${calls}`,
    ...injection,
  ];
  const run = await box.run([...args, "--json"], { under });
  const lines = Deno.readTextFileSync(log).split("\n");
  Deno.removeSync(log);
  return { run, lines };
}

/**
 * Every place where a command can meet a fault: the calls on the repository's files that it makes when all goes well.
 * strace counts calls thread by thread, and all that are ours are made by the first thread. With `starts` the calls too by which it starts
 * programs: those after the first look into the repository, because before it Deno starts itself.
 */
export async function placesOf(
  box: BlackBox,
  args: readonly string[],
  { starts = false }: { starts?: boolean } = {},
): Promise<{ run: JvsRun; places: Omit<Fault, "error">[] }> {
  const { run, lines } = await runTraced(box, args);
  const counts = new Map<string, number>();
  const places: Omit<Fault, "error">[] = [];
  const begun = lines.findIndex((line) => line.includes(box.control));
  for (const [index, line] of lines.entries()) {
    const [, call] = /^\d+ +(\w+)\(/.exec(line) ?? [];
    if (call === undefined || !isOfFirstThread(lines, line)) continue;
    const when = (counts.get(call) ?? 0) + 1;
    counts.set(call, when);
    const isStart = starts && index > begun && call in STARTING;
    if (isStart || isOurs(box, line)) places.push({ call, when });
  }
  return { run, places };
}

/**
 * Runs a command with a fault in it. strace makes the call fail in each thread that comes so far, and Deno's own, which
 * wake each other by a `write`, may panic: that says nothing of us, but that a program which dies there loses nothing.
 */
export async function runFaulty(box: BlackBox, args: readonly string[], fault: Fault): Promise<FaultyRun> {
  const { run, lines } = await runTraced(box, args, fault);
  const injected = lines.filter((line) => line.includes("(INJECTED)"));
  const struckDeno = injected.some((line) => !isOfFirstThread(lines, line));
  if (struckDeno && run.stderr.includes("Deno has panicked")) return { run, failed: undefined };
  const isStart = (line: string) => fault.call in STARTING && isOfFirstThread(lines, line);
  return { run, failed: injected.find((line) => isStart(line) || isOurs(box, line)) };
}

function isOfFirstThread(lines: readonly string[], line: string): boolean {
  const threadOf = (each = "") => each.split(" ")[0];
  return threadOf(line) === threadOf(lines[0]);
}

/** Deno reads the program's own files too, from the working folder: those are not meant. */
function isOurs({ path }: BlackBox, line: string): boolean {
  return line.replace(/AT_FDCWD<[^>]*>/, "").includes(path);
}

/** So many faults, as evenly over the kinds of calls as there are, and at random places among each kind's. */
export function sampleFaults(
  places: readonly Omit<Fault, "error">[],
  count: number,
  random: () => number,
): Fault[] {
  const byCall = Map.groupBy(places, ({ call }) => call);
  const calls = shuffled([...byCall.keys()], random);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  return Array.from({ length: count }, (_, index) => {
    const call = calls[index % calls.length] as string;
    return { ...pick(byCall.get(call) ?? []), error: pick(ERRORS[call] ?? STARTING[call] ?? ["EIO"]) };
  });
}

/** Numbers below 1, always the same for one seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list.map((each) => ({ each, key: random() })).sort((a, b) => a.key - b.key).map(({ each }) => each);
}

/** What is wrong with the way a command told of its failure; nothing when all is as it must be. SPEC 11. */
export function badlyTold({ code, stdout, stderr }: JvsRun): string | undefined {
  if (code === 0) return undefined;
  let told: Json;
  try {
    told = JSON.parse(stdout);
  } catch {
    return "no JSON";
  }
  const { error, message, hint } = told;
  if (typeof error !== "string" || !/^E_[A-Z_]+$/.test(error)) return "no class";
  if (error === "E_INTERNAL") return "a mistake in jvs";
  if (typeof message !== "string" || !/^[A-Z]\w+ .*\w/s.test(message)) return "no sentence";
  if (typeof hint !== "string" || hint === "") return "no way out";
  if (/^\s+at .*:\d+/m.test(stderr)) return "a stack";
  return undefined;
}
