/** What the user asked for. */
export interface Options {
  readonly rounds: number;
  /** Only rows whose name contains this. */
  readonly only: string;
  readonly small: boolean;
  readonly million: boolean;
  readonly write: boolean;
  readonly check: boolean;
  readonly "write-baseline": boolean;
  readonly json?: string;
  readonly compare?: string;
  readonly "compare-to"?: string;
}

const SWITCHES = ["small", "million", "write", "check", "write-baseline"] as const;
const VALUES = ["rounds", "only", "json", "compare", "compare-to"] as const;

/** How the command is called. */
export const USAGE = `deno task bench [flags]
  --million          rows of 1,000,000 files too; they take an hour and 40 GB
  --small            small trees instead, in a minute or two
  --only TEXT        only rows whose name contains TEXT
  --rounds N         how many rounds count, 5 by default
  --write            update docs/performance.md, its picture and bench/results.json
  --json FILE        write the results
  --compare FILE     say what got slower since those results
  --compare-to REV   time JVS beside itself as it was in a revision
  --check            with small trees: fail where a ratio is 1.5 times that of bench/baseline.json
  --write-baseline   with small trees: write bench/baseline.json`;

/** Reads the arguments of the command: \`--name value\` or \`--name=value\`. */
export function readOptions(args: readonly string[]): Options {
  const given = new Map<string, string>();
  const words = args.flatMap((arg) => {
    const cut = arg.indexOf("=");
    return arg.startsWith("--") && cut > 0 ? [arg.slice(0, cut), arg.slice(cut + 1)] : [arg];
  });
  for (let at = 0; at < words.length; at++) {
    const name = words[at]?.replace(/^--/, "") ?? "";
    if (isOne(SWITCHES, name)) given.set(name, "true");
    else if (isOne(VALUES, name) && at + 1 < words.length) given.set(name, words[++at] ?? "");
    else throw new Error(`Cannot read "${words[at]}": the flags are\n${USAGE}`);
  }
  return optionsFrom(given);
}

function optionsFrom(given: ReadonlyMap<string, string>): Options {
  const rounds = Number(given.get("rounds") ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds needs a number from 1 upwards");
  const ofBaseline = given.has("check") || given.has("write-baseline");
  const texts = (["json", "compare", "compare-to"] as const).filter((name) => given.has(name));
  return {
    rounds,
    only: given.get("only") ?? "",
    small: given.has("small") || ofBaseline,
    million: given.has("million"),
    write: given.has("write"),
    check: given.has("check"),
    "write-baseline": given.has("write-baseline"),
    ...Object.fromEntries(texts.map((name) => [name, given.get(name)])),
  };
}

function isOne<Name extends string>(names: readonly Name[], word: string): word is Name {
  return (names as readonly string[]).includes(word);
}
