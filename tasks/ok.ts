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

const STEPS: Step[] = [
  { name: "format", args: ["fmt", "--check"], remedy: "Run `deno fmt`." },
  { name: "lint", args: ["lint"], remedy: "Change what is named; a suppression needs a reason behind `--`." },
  { name: "types", args: ["check", "."], remedy: "Change what is named." },
  {
    name: "rules of the source",
    args: [...tests, "tests/import_graph_test.ts", "tests/suppressions_test.ts"],
    remedy: "CONTRIBUTING.md has the layers and what each may use.",
  },
  { name: "documentation", args: ["run", "-A", "tasks/docs.ts", "--check"], remedy: "Run `deno task docs`." },
  {
    name: "unit tests",
    args: [...tests, "src/"],
    remedy: "Run the one that fails: `deno test -P=tests FILE`.",
  },
];

async function gate(): Promise<boolean> {
  await setup();
  for (const { name, args, remedy } of STEPS) {
    if (name === "documentation" && !await exists("tasks/docs.ts")) continue; // nothing is made from the code yet
    const started = performance.now();
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: root })
      .output();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${name.padEnd(20)} ${code === 0 ? "ok" : "FAILED"} (${seconds} s)  deno ${args.join(" ")}`);
    if (code === 0) continue;
    for (const output of [stdout, stderr]) await Deno.stdout.write(output);
    console.log(`\nNot ok: ${name}. ${remedy}`);
    return false;
  }
  console.log("ok");
  return true;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path, root)).then(() => true, () => false);
}

if (import.meta.main) Deno.exit(await gate() ? 0 : 1);
