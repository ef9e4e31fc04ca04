/** A command to time; `before` runs first and is not timed. */
export interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly before?: (round: number) => void | Promise<void>;
  /** Whether the time of the processor counts: for commands of milliseconds, which other programs disturb most. */
  readonly countsCpu?: boolean;
}

/** The times of two contenders that ran in turn. */
export interface Comparison {
  readonly row: string;
  readonly ours: Timing;
  readonly peer: Timing;
  /** The median of the ratios of all rounds. Only this number can be compared between machines. */
  readonly ratio: number;
  readonly atMost: number | null;
}

/** Milliseconds of one contender. */
interface Timing {
  readonly name: string;
  readonly median: number;
  readonly all: readonly number[];
}

/** Times two commands in turn, as whole processes. The first round does not count. */
export async function compare(
  row: string,
  ours: Contender,
  peer: Contender,
  options: { rounds: number; atMost: number | null },
): Promise<Comparison> {
  const times: [number[], number[]] = [[], []];
  for (let round = -1; round < options.rounds; round++) {
    // The order changes, so that the caches are not always warm for the same one.
    const order = round % 2 === 0 ? [0, 1] as const : [1, 0] as const;
    for (const which of order) {
      const taken = await time(which === 0 ? ours : peer, round);
      if (round >= 0) times[which].push(taken);
    }
  }
  const ratios = times[0].map((taken, round) => taken / (times[1][round] as number));
  return {
    row,
    ours: { name: ours.name, median: median(times[0]), all: times[0] },
    peer: { name: peer.name, median: median(times[1]), all: times[1] },
    ratio: median(ratios),
    atMost: options.atMost,
  };
}

async function time(contender: Contender, round: number): Promise<number> {
  await contender.before?.(round);
  const { countsCpu = false, cwd, name } = contender;
  const [program = "", ...args] = countsCpu ? [...CPU_TIME, ...contender.command] : contender.command;
  const command = new Deno.Command(program, { args, cwd, stdout: "null", stderr: "piped" });
  const began = performance.now();
  const output = await command.output();
  const taken = performance.now() - began;
  const said = new TextDecoder().decode(output.stderr);
  if (!output.success) throw new Error(`${name} failed: ${said}`);
  return countsCpu ? cpuMs(said) : taken;
}

/** Runs a command, and then writes the seconds of its user and system time as the last line of standard error. */
const CPU_TIME = ["bash", "-c", 'TIMEFORMAT="%3U %3S"; time "$@"', "bash"];

function cpuMs(stderr: string): number {
  const [user = NaN, system = NaN] = (stderr.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
  return 1000 * (user + system);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
