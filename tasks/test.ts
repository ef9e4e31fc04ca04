/**
 * `deno task test [--setup] [PATH...]`: runs every test of this repository, or those of the paths; says what it could not run
 * here and why. System packages are installed with `--setup` or CI=true only. The last line is `N passed, N failed`.
 */
import { REQUIREMENTS } from "../tests/support/probes.ts";
import { listed } from "../tests/support/requires.ts";
import { unmount } from "../tests/support/disk_image.ts";
import { run } from "../tests/support/run.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { installCommand, installMissing, missingHere } from "./_system_packages.ts";
import { setup } from "./setup.ts";

const root = new URL("../", import.meta.url);

/** Tests that are run together. */
interface Group {
  readonly name: string;
  readonly args: readonly string[];
}

/** How many tests ended how. */
interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const ALL: { name: string; folder: string }[] = [
  { name: "unit tests", folder: "src" },
  { name: "conformance", folder: "conformance" },
  { name: "tests", folder: "tests" },
];

async function main(): Promise<number> {
  const paths = Deno.args.filter((argument) => argument !== "--setup");
  await setup();
  let missing = missingHere();
  if (Deno.env.get("CI") === "true" || Deno.args.includes("--setup")) {
    await installMissing(missing);
    missing = missingHere();
  }
  using folder = tempDir();
  const total: Counts = { passed: 0, failed: unknownRequirements(), skipped: 0 };
  // The tests get the interrupt themselves; what they leave is cleaned up here.
  Deno.addSignalListener("SIGINT", () => total.failed++);
  const groups = paths.length > 0 ? [{ name: paths.join(" "), args: paths }] : await allGroups();
  for (const group of groups) add(total, await runGroup(group, folder.path));
  total.failed += unmountLeftOvers(folder.path);
  await tellSkips(`${folder.path}/skips`, installCommand(missing));
  return report(total);
}

async function allGroups(): Promise<Group[]> {
  const groups: Group[] = [];
  for (const { name, folder } of ALL) {
    if (await exists(folder) && await hasTests(folder)) groups.push({ name, args: [`${folder}/`] });
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

/** Runs one group, showing its output as it comes, and counts by the report that Deno writes. */
async function runGroup({ name, args }: Group, folder: string): Promise<Counts> {
  console.log(`\n== ${name} ==`);
  const report = `${folder}/report.xml`;
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--quiet", "-P=tests", `--junit-path=${report}`, ...args],
    cwd: root,
    env: {
      JVS_TEST_TMP: folder,
      JVS_TEST_SKIPS: `${folder}/skips`,
      ...(Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" }),
    },
    stdin: "null",
  }).spawn().status;
  const counts = countReport(await Deno.readTextFile(report).catch(() => ""));
  await Deno.remove(report).catch(() => {}); // there is none when the types were wrong
  if (code !== 0 && counts.failed === 0) counts.failed = 1; // a file that could not even be loaded is in no report
  return counts;
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

/** A word that no probe knows would make CI believe that something is required. */
function unknownRequirements(): number {
  const known: readonly string[] = REQUIREMENTS;
  const unknown = listed("JVS_TEST_REQUIRE").filter((word) => !known.includes(word));
  for (const word of unknown) {
    console.error(`JVS_TEST_REQUIRE names ${word}, which is none of ${known.join(", ")}.`);
  }
  return unknown.length;
}

/** Unmounts what tests left mounted, which is a mistake of theirs, and counts it. */
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
