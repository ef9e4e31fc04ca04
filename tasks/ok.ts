/** `deno task ok`: the one gate before a commit. Stops at the first thing that is wrong and says how to mend it. */
import { setup } from "./setup.ts";

const root = new URL("../", import.meta.url);

/** One thing that must hold. */
interface Step {
  readonly name: string;
  /** Arguments for Deno. */
  readonly args: readonly string[];
  /** What to do if it does not hold. */
  readonly remedy: string;
}

const tests = ["test", "--quiet", "-P=tests"];

/** What is no test, and must hold as well. */
export const CHECKS: readonly Step[] = [
  { name: "format", args: ["fmt", "--check"], remedy: "Run `deno fmt`." },
  { name: "lint", args: ["lint"], remedy: "Change what is named; a suppression needs a reason behind `--`." },
  { name: "types", args: ["check", "."], remedy: "Change what is named." },
  { name: "documentation", args: ["run", "-A", "tasks/docs.ts", "--check"], remedy: "Run `deno task docs`." },
];

const TESTS: readonly Step[] = [
  {
    name: "rules of the source",
    args: [...tests, "tests/import_graph_test.ts", "tests/suppressions_test.ts"],
    remedy: "CONTRIBUTING.md has the layers and what each may use.",
  },
  {
    name: "unit tests",
    args: [...tests, "src/"],
    remedy: "Run the one that fails: `deno test -P=tests FILE`.",
  },
];

/** Whether a step holds; what it printed is shown if it does not. */
export async function holds({ name, args, remedy }: Step): Promise<boolean> {
  const started = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: root })
    .output();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${name.padEnd(20)} ${code === 0 ? "ok" : "FAILED"} (${seconds} s)  deno ${args.join(" ")}`);
  if (code === 0) return true;
  for (const output of [stdout, stderr]) await Deno.stdout.write(output);
  console.log(`\nNot ok: ${name}. ${remedy}`);
  return false;
}

async function gate(): Promise<boolean> {
  await setup();
  for (const step of [...CHECKS, ...TESTS]) if (!await holds(step)) return false;
  console.log("ok");
  return true;
}

if (import.meta.main) Deno.exit(await gate() ? 0 : 1);
