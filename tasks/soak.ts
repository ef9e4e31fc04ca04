/**
 * `deno task soak [--minutes N] [--seed S] [--dir DIR]`: edits a repository by chance while commands work in it, several at once, and are killed,
 * and looks after each round whether every content is still in a worktree or in a snapshot. Ten minutes by default, in a temporary folder or in
 * DIR, which chooses the file system. On a failure the repository stays, and the seed and the last commands are printed.
 */
import { parseArgs } from "node:util";
import { Soak, SoakCounts } from "../tests/faults/soak/soak.ts";

/** Each repository lives for so many rounds: to look through all of it takes the longer the more there is. */
const ROUNDS = 100;
const LAST = 20;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: `${Math.floor(Math.random() * 2 ** 31)}` },
    dir: { type: "string" },
  },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error("Use: deno task soak [--minutes N] [--seed S] [--dir DIR]");
  Deno.exit(2);
}
const folder = Deno.makeTempDirSync({
  prefix: "jvs-soak-",
  ...(values.dir === undefined ? {} : { dir: values.dir }),
});
const end = Date.now() + minutes * 60_000;
const counts = new SoakCounts();
const told: string[] = [];
console.log(`Soaking for ${minutes} minutes in ${folder}, seed ${seed}.`);
try {
  for (let n = 0; Date.now() < end; n++) {
    const soak = await Soak.begin(folder, { seed: seed + n, counts, tell: (line) => void told.push(line) });
    for (let round = 0; round < ROUNDS && Date.now() < end; round++) await soak.round();
    await soak.audit();
    Deno.removeSync(soak.repository, { recursive: true });
    console.log(shown());
  }
  Deno.removeSync(folder, { recursive: true });
} catch (error) {
  console.error(`${told.slice(-LAST).join("\n")}\n${error instanceof Error ? error.message : error}`);
  console.log(`${shown()}. Something was lost or broke: the repository stays in ${folder}.`);
  Deno.exitCode = 1;
}

function shown(): string {
  return Object.entries(counts).map(([what, n]) => `${what} ${n}`).join(", ");
}
