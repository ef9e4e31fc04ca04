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
  /** The true ratio is in this range, in 19 of 20 cases. */
  readonly range: readonly [number, number];
  readonly atMost: number | null;
}

/** Milliseconds of one contender. */
interface Timing {
  readonly name: string;
  readonly median: number;
  readonly all: readonly number[];
}

/** If chance could still decide whether a ratio is at most as promised, so many times as many rounds are run. */
const MORE_ROUNDS = 8;

/**
 * Times two commands in turn, as whole processes. The first round does not count. One command takes a third more or less
 * each time, so there are more rounds where the promised ratio is in the range of the measured one.
 */
export async function compare(
  row: string,
  ours: Contender,
  peer: Contender,
  options: { rounds: number; atMost: number | null },
): Promise<Comparison> {
  const times: [number[], number[]] = [[], []];
  const ratios: number[] = [];
  for (let round = -1; round < options.rounds || isOpen(ratios, options); round++) {
    // The order changes, so that the caches are not always warm for the same one.
    const order = round % 2 === 0 ? [0, 1] as const : [1, 0] as const;
    for (const which of order) {
      const taken = await time(which === 0 ? ours : peer, round);
      if (round >= 0) times[which].push(taken);
    }
    if (round >= 0) ratios.push((times[0][round] as number) / (times[1][round] as number));
  }
  return {
    row,
    ours: { name: ours.name, median: median(times[0]), all: times[0] },
    peer: { name: peer.name, median: median(times[1]), all: times[1] },
    ratio: median(ratios),
    range: rangeOf(ratios),
    atMost: options.atMost,
  };
}

/** Whether more rounds could change the judgement. */
function isOpen(
  ratios: readonly number[],
  { rounds, atMost }: { rounds: number; atMost: number | null },
): boolean {
  const [low, high] = rangeOf(ratios);
  return atMost !== null && low <= atMost && atMost < high && ratios.length < rounds * MORE_ROUNDS;
}

/** Where the true median is in 19 of 20 cases: by the sign test, whatever the distribution is. */
function rangeOf(values: readonly number[]): [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const last = sorted.length - 1;
  const low = Math.max(0, Math.floor(last / 2 - 0.98 * Math.sqrt(sorted.length)));
  return [sorted[low] ?? 0, sorted[last - low] ?? 0];
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
