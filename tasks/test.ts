/**
 * `deno task test [--setup] [--bench] [PATH...]`: runs all tests of this repository, or those of the paths, and says which
 * tests it skipped and why, and how often it killed, failed and cut. With `--setup` or CI=true it installs system packages. With CI=true it also runs and counts the
 * checks of `deno task ok` that are not tests, and with `--bench` whether JVS became too slow. The last line is `N passed,
 * N failed`.
 */
import { REQUIREMENTS } from "../tests/support/probes.ts";
import { listed } from "../tests/support/requires.ts";
import { sumOfTried } from "../tests/support/tried.ts";
import { unmount } from "../tests/support/disk_image.ts";
import { run } from "../tests/support/run.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { makeTestProgram } from "../tests/support/test_program.ts";
import { installCommand, installMissing, missingHere } from "./_system_packages.ts";
import { CHECKS, holds } from "./ok.ts";
import { setup } from "./setup.ts";

const root = new URL("../", import.meta.url);

/** A run of CI that takes longer has a test that hangs: ended here, it says which. */
const LONGEST_CI_RUN_MS = 60 * 60_000;

/** Tests that run together. */
interface Group {
  readonly name: string;
  readonly args: readonly string[];
}

/** How many tests passed, failed and were skipped. */
interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** So many groups run at a time. Each is a process that waits half of its time, for programs and disks: three keep two cores busy. */
const LANES = 3;

/** In the order in which they begin: what takes longest first, so that no lane is left with it at the end. */
const ALL: { name: string; folder: string; parts?: readonly string[]; half?: 0 | 1 }[] = [
  { name: "tests, first half", folder: "tests", half: 0 },
  { name: "tests, second half", folder: "tests", half: 1 },
  { name: "tests of faults", folder: "tests", parts: ["faults"] },
  { name: "tests of disks", folder: "tests", parts: ["filesystems", "support"] },
  { name: "conformance", folder: "conformance" },
  { name: "unit tests", folder: "src" },
  { name: "tests of the benchmarks", folder: "bench" },
  { name: "tests of the tasks", folder: "tasks" },
];

async function main(): Promise<number> {
  const paths = Deno.args.filter((argument) => !["--setup", "--bench"].includes(argument));
  await setup();
  const isCi = Deno.env.get("CI") === "true";
  let missing = missingHere();
  if (isCi || Deno.args.includes("--setup")) {
    await installMissing(missing);
    missing = missingHere();
  }
  using folder = tempDir();
  const total: Counts = { passed: 0, failed: unknownRequirements(), skipped: 0 };
  // The tests get the interrupt too. This program stays alive to clean up after them.
  Deno.addSignalListener("SIGINT", () => total.failed++);
  const groups = paths.length > 0 ? [{ name: paths.join(" "), args: paths }] : await allGroups();
  if (isCi && paths.length === 0) add(total, await runChecks());
  await makeTestProgram(programIn(folder.path));
  await inLanes(groups, async (group, isShown) => add(total, await runGroup(group, folder.path, isShown)));
  total.failed += unmountLeftOvers(folder.path);
  if (Deno.args.includes("--bench")) add(total, await runBench()); // last, because the tests would disturb it
  await tellSkips(`${folder.path}/skips`, installCommand(missing));
  await tellTried(`${folder.path}/tried`);
  return report(total);
}

/** The groups of all tests. Each file is in one of them. */
export async function allGroups(): Promise<Group[]> {
  const groups: Group[] = [];
  for (const { name, folder, half, parts = [] } of ALL) {
    if (!await exists(folder) || !await hasTests(folder)) continue;
    if (half !== undefined) {
      groups.push({ name, args: testsBeside(folder).filter((_, n) => n % 2 === half) });
      continue;
    }
    const inOtherGroups = ALL.flatMap((other) => other.folder === folder ? other.parts ?? [] : []);
    const args = parts.length > 0
      ? parts.map((part) => `${folder}/${part}/`)
      : [`${folder}/`, ...inOtherGroups.map((part) => `--ignore=${folder}/${part}`)];
    groups.push({ name, args });
  }
  if (await exists("mod.ts")) {
    groups.push({ name: "examples of the library", args: ["--doc", "mod.ts", "README.md"] });
  }
  return groups;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path, root)).then(() => true, () => false);
}

async function hasTests(folder: string): Promise<boolean> {
  for await (const entry of Deno.readDir(new URL(`${folder}/`, root))) {
    if (entry.isDirectory ? await hasTests(`${folder}/${entry.name}`) : entry.name.endsWith("_test.ts")) {
      return true;
    }
  }
  return false;
}

/** The files of tests right in a folder: those that take long are spread over them. */
function testsBeside(folder: string): string[] {
  const names = [...Deno.readDirSync(new URL(`${folder}/`, root))].map(({ name }) => name);
  return names.filter((name) => name.endsWith("_test.ts")).sort().map((name) => `${folder}/${name}`);
}

/** Runs the checks that are not tests; each counts as one test. */
async function runChecks(): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const check of CHECKS) counts[await holds(check) ? "passed" : "failed"]++;
  return counts;
}

/** Compares the speed with that of the baseline, which counts as one test. */
async function runBench(): Promise<Counts> {
  console.log("\n== benchmarks ==");
  const args = ["run", "-A", "bench/main.ts", "--check"];
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: root, stdin: "null" }).spawn()
    .status;
  return { passed: success ? 1 : 0, failed: success ? 0 : 1, skipped: 0 };
}

/** Runs all groups, some at a time. The first lane shows what it does. */
async function inLanes(
  groups: readonly Group[],
  run: (group: Group, isShown: boolean) => Promise<void>,
): Promise<void> {
  const waiting = [...groups];
  const lane = async (isShown: boolean) => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) await run(group, isShown);
  };
  await Promise.all(Array.from({ length: LANES }, (_, n) => lane(n === 0)));
}

/**
 * Runs one group and counts from the report that Deno writes. One lane shows its output at once, the others at the end
 * of the group, so that the outputs do not mix.
 */
async function runGroup({ name, args }: Group, folder: string, isShown: boolean): Promise<Counts> {
  const title = `\n== ${name} ==`;
  if (isShown) console.log(title);
  const report = `${folder}/${name.replaceAll(/\W/g, "_").slice(0, 40)}.xml`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--quiet", "-P=tests", `--junit-path=${report}`, ...args],
    cwd: root,
    env: {
      JVS_TEST_TMP: folder,
      JVS_TEST_PROGRAM: programIn(folder),
      JVS_TEST_SKIPS: `${folder}/skips`,
      JVS_TEST_TRIED: `${folder}/tried`,
      ...(Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" }),
    },
    stdin: "null",
    stdout: isShown ? "inherit" : "piped",
    stderr: isShown ? "inherit" : "piped",
  }).spawn();
  const endedInTime = interruptedWhereItHangs(child);
  const { code } = isShown ? await child.status : await collected(child, title);
  endedInTime();
  const counts = countReport(await Deno.readTextFile(report).catch(() => ""));
  await Deno.remove(report).catch(() => {}); // without a type check there is no report
  if (code !== 0 && counts.failed === 0) counts.failed = 1; // a file that cannot be loaded is in no report
  return counts;
}

/** The folder of the program that most tests start. */
function programIn(folder: string): string {
  return `${folder}/program`;
}

/** Interrupts tests that hang, which makes them name the pending one. The function says that they ended. */
function interruptedWhereItHangs(child: Deno.ChildProcess): () => void {
  if (Deno.env.get("CI") !== "true") return () => {};
  const timer = setTimeout(() => child.kill("SIGINT"), LONGEST_CI_RUN_MS - performance.now());
  return () => clearTimeout(timer);
}

async function collected(child: Deno.ChildProcess, title: string): Promise<Deno.CommandStatus> {
  const { stdout, stderr, ...status } = await child.output();
  const decoder = new TextDecoder();
  console.log(`${title}\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
  return status;
}

/** Adds up the suites of a JUnit report. */
export function countReport(xml: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [suite] of xml.matchAll(/<testsuite .*?>/g)) {
    const number = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const failed = number("failures") + number("errors");
    add(counts, {
      passed: number("tests") - failed - number("disabled"),
      failed,
      skipped: number("disabled"),
    });
  }
  return counts;
}

function add(total: Counts, more: Counts): void {
  total.passed += more.passed;
  total.failed += more.failed;
  total.skipped += more.skipped;
}

/** Counts unknown words in JVS_TEST_REQUIRE: a misspelt word would require nothing. */
function unknownRequirements(): number {
  const known: readonly string[] = REQUIREMENTS;
  const unknown = listed("JVS_TEST_REQUIRE").filter((word) => !known.includes(word));
  for (const word of unknown) {
    console.error(`JVS_TEST_REQUIRE names ${word}, but only these words are known: ${known.join(", ")}.`);
  }
  return unknown.length;
}

/** Unmounts what tests left mounted, and counts it as failures. */
function unmountLeftOvers(folder: string): number {
  const mounted = run("findmnt", "-rno", "TARGET").stdout.split("\n").filter((path) =>
    path.startsWith(`${folder}/`)
  );
  for (const path of mounted.reverse()) {
    console.error(`A test left ${path} mounted.`);
    unmount(path);
  }
  return mounted.length;
}

async function tellSkips(file: string, command: string | undefined): Promise<void> {
  const reasons = new Set(
    (await Deno.readTextFile(file).catch(() => "")).split("\n").filter((line) => line !== ""),
  );
  if (reasons.size === 0) return;
  console.log("\nSome tests were skipped, because this machine lacks what they need:");
  for (const reason of reasons) console.log(`  ${reason.replace("\t", ": ")}`);
  if (command !== undefined) {
    console.log(`Install what is missing with this command, or run this one with --setup:\n  ${command}`);
  }
}

async function tellTried(file: string): Promise<void> {
  const sums = sumOfTried(await Deno.readTextFile(file).catch(() => ""));
  if (sums !== "") console.log(`\nTried: ${sums}.`);
}

function report({ passed, failed, skipped }: Counts): number {
  if (passed === 0) console.error("\nNo test was run.");
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main();
  } catch (error) {
    console.error(error);
    Deno.exitCode = report({ passed: 0, failed: 1, skipped: 0 });
  }
}
