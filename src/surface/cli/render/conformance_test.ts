import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ResultOf } from "../../../operation/registry.ts";
import { renderConformance } from "./conformance.ts";
import { createStyle, type View } from "./style.ts";

type Report = ResultOf<"conformance run">;
type Rule = Report["rules"][number];

const view: View = { style: createStyle({ color: false, width: 60 }), now: 0, input: {} };
const RELEASE = "only with --profile release";

function rule(number: number, result: Rule["result"], reason: string | null = null): Rule {
  const means = result === "failed" ? "Work is lost." : null;
  return { rule: number, promise: `promise ${number}`, result, reason, means, ms: 1 };
}

function report(rules: readonly Rule[], more: Partial<Report> = {}): string {
  const counted = (result: Rule["result"]) => rules.filter((each) => each.result === result).length;
  return renderConformance({
    program: "/usr/bin/jvs",
    version: "1.0.0",
    profile: "dev",
    folder: "/mnt/volume",
    file_system: "xfs",
    engine: "reflink-copy",
    user: "root",
    seed: 7,
    passed: counted("passed"),
    failed: counted("failed"),
    not_run: counted("not run"),
    rules: [...rules],
    repository: null,
    kept: null,
    removed: [],
    ...more,
  }, view);
}

Deno.test("renderConformance() names rules that were not run for the same reason in one line at the end", () => {
  const many = Array.from({ length: 12 }, (_, i) => rule(20 + i, "not run", RELEASE));
  const alone = rule(3, "not run", "only root can make files of another user");
  const [, list = "", summary] = report([rule(1, "passed"), ...many, alone, rule(40, "passed")]).split(
    "\n\n",
  );
  assertEquals(
    list,
    `passed    1  promise 1
not run   3  promise 3
             only root can make files of another user
passed   40  promise 40
not run  12 rules, only with --profile release: 20, 21, 22,
         23, 24, 25, 26, 27, 28, 29, 30, 31`,
  );
  assertEquals(summary, "2 rules passed, 13 not run.\n");
});

Deno.test("renderConformance() gives a command that checks what failed once more, in the same folder", () => {
  const failed = [
    rule(2, "passed"),
    rule(13, "failed", "It is broken."),
    rule(36, "failed", "It is broken."),
  ];
  const hint = (more: Partial<Report>) => report(failed, more).split("\n").find((line) => /^See/.test(line));
  const again = (folder: string, flags: string) =>
    `See more with \`jvs conformance run ${folder} ${flags} --keep\`, and report it.`;
  assertEquals(hint({}), again("/mnt/volume", "--rule 13 --rule 36 --seed 7"));
  const elsewhere = { folder: "/mnt/it's mine", profile: "release" } as const;
  assertEquals(
    hint(elsewhere),
    again(String.raw`'/mnt/it'\''s mine'`, "--rule 13 --rule 36 --profile release --seed 7"),
  );
  assertStringIncludes(hint({ folder: "/mnt/\u202ex" }) ?? "", "run DIR --rule 13");
});
