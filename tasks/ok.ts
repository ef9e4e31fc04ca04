/** `deno task ok`: the gate before each commit. It stops at the first failure and says how to fix it. */
import { setup } from "./setup.ts";

const root = new URL("../", import.meta.url);

/** One check. */
interface Step {
  readonly name: string;
  /** Arguments for Deno. */
  readonly args: readonly string[];
  /** What to do if the check fails. */
  readonly remedy: string;
}

const tests = ["test", "--quiet", "-P=tests"];

/** The checks that are not tests. */
export const CHECKS: readonly Step[] = [
  { name: "format", args: ["fmt", "--check"], remedy: "Run `deno fmt`." },
  { name: "lint", args: ["lint"], remedy: "Fix each place; a suppression needs a reason behind `--`." },
  { name: "types", args: ["check", "."], remedy: "Fix each place." },
  {
    name: "public symbols",
    args: ["doc", "--lint", "mod.ts", "cli.ts"],
    remedy: "Describe each symbol and field.",
  },
  { name: "documentation", args: ["run", "-A", "tasks/docs.ts", "--check"], remedy: "Run `deno task docs`." },
];

const TESTS: readonly Step[] = [
  {
    name: "rules of the source",
    args: [...tests, "tests/import_graph_test.ts", "tests/suppressions_test.ts"],
    remedy: "CONTRIBUTING.md lists the layers and what each may use.",
  },
  {
    name: "unit tests",
    args: [...tests, "src/", "tasks/", "bench/"],
    remedy: "Run the failed one: `deno test -P=tests FILE`.",
  },
];

/** Whether a check passes; if not, prints its output. */
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
