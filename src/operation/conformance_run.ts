import { PROFILES } from "../conformance/black_box/rule.ts";
import { Finding } from "../model/records.ts";
import { boolean, integer, list, nullable, oneOf, record, text } from "../model/schema.ts";
import type { Context } from "../protocol/context.ts";
import { defineFreeOperation } from "./define.ts";

const Result = record({
  rule: integer({ min: 1 }).about("The rule's number in section 15 of the specification."),
  promise: text().about("What is promised."),
  result: oneOf("passed", "failed", "not run").about("`not run`: this machine or profile cannot tell."),
  reason: nullable(text()).about("What happened where it failed; why where it was not run."),
  means: nullable(text()).about("What it means for you where it failed."),
  ms: integer({ min: 0 }).about("How long it took, in milliseconds."),
});

/** Checks on the user's own machine whether JVS keeps its promises there. */
export const conformanceRun = defineFreeOperation({
  name: "conformance run",
  summary: "Check on this machine and file system that JVS keeps its promises",
  about:
    "Checks rule after rule of section 15 of the specification on repositories that it makes for this, in a new folder " +
    "beside your repository, and removes afterwards. It runs jvs as you do, and looks at what it leaves on disk. Of your " +
    "own repository it only asks `jvs doctor` and `jvs audit verify`, which change nothing. " +
    "JVS_BIN names another program to check. It needs about 50 MB and 10,000 files of free room, with `--profile release` " +
    "200 MB and 40,000; without, rules are not run. Some rules need root and some an ordinary user: run it once as each.",
  examples: [
    ["jvs conformance run", "quickly, beside the repository you are in"],
    ["jvs conformance run --profile release /mnt/volume", "everything, on the file system of a folder"],
    ["jvs conformance run --rule 38 --keep", "one rule; what it leaves stays to be looked at if it fails"],
  ],
  changes: "outside",
  input: record({
    folder: text().optional()
      .about(
        "A folder on the file system to check; by default beside your repository, or the folder you are in.",
      )
      .cli({ positional: true, placeholder: "DIR", completes: "path" }),
    profile: oneOf(...PROFILES).default("dev").about(
      "`dev` takes half a minute, `release` many minutes: more rounds, more ways.",
    ),
    rule: list(text()).default([]).about(
      "Check only this rule, in either profile; may be given several times.",
    )
      .cli({ placeholder: "N" }),
    keep: boolean().default(false).about("Do not remove the repositories of rules that fail."),
    seed: integer({ min: 0 }).optional().about("The seed of what is chosen by chance, to repeat a run.")
      .cli({ placeholder: "N" }),
  }, { closed: true }),
  output: record({
    program: text().about("The program that was checked, as it was started."),
    version: text().about("Its version, as it says."),
    profile: oneOf(...PROFILES).about("How much was checked."),
    folder: text().about("The absolute path of the folder in which it was checked."),
    file_system: text().about("The type of the file system there, such as `xfs`."),
    engine: nullable(text()).about("How snapshots are made there; null if the program does not say."),
    user: text().about("`root`, or `ordinary user`: some rules need one of them."),
    seed: integer().about("The seed of what was chosen by chance."),
    passed: integer({ min: 0 }).about("How many rules passed."),
    failed: integer({ min: 0 }).about("How many failed."),
    not_run: integer({ min: 0 }).about("How many could not be checked here."),
    rules: list(Result).about("Every rule, in the order of their numbers."),
    repository: nullable(record({
      path: text().about("The repository that you are in."),
      healthy: boolean().about("No finding is an `error` or `critical`, and its audit log is whole."),
      findings: list(Finding).about("What `jvs doctor` found in it."),
    })).about(
      "Your own repository; null if you are in none. Its snapshots were not read: `jvs verify --all` does that.",
    ),
    kept: nullable(text()).about("The folder that was left because of --keep; null if there is none."),
    removed: list(text()).about(
      "Absolute paths of what earlier runs left there because they were killed, and this run removed; empty if there was none. " +
        "The folder of this run is not among them.",
    ),
  }),
  failed: ({ failed, repository }) => failed > 0 || repository?.healthy === false,
  async run(context: Context, input) {
    const { runConformance } = await import("../conformance/run_conformance.ts");
    return await runConformance(context, input);
  },
});
