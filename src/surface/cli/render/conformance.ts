import { shortId } from "../../../model/ids.ts";
import { shellWord } from "../../../model/path_text.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { count, joinTexts, oneLine, pad, type Renderer, type Style, type Tone, wrap } from "./style.ts";
import { facts } from "./words.ts";

type Report = ResultOf<"conformance run">;
type Rule = Report["rules"][number];

const MARKS: Record<Rule["result"], readonly [mark: string, tone: Tone]> = {
  passed: ["passed", "good"],
  failed: ["FAILED", "bad"],
  "not run": ["not run", "notice"],
};
const MARK_WIDTH = 7;

/** Every rule with what became of it, and what was found in the user's own repository. */
export const renderConformance: Renderer<"conformance run"> = (report, { style }) => {
  const { engine, failed, file_system, folder, kept, profile, program, removed, rules, seed, user, version } =
    report;
  const head = facts([
    // What Deno is started with before the program is long, and in --json.
    ["program", `jvs ${oneLine(version)}  ${style.paint("faint", oneLine(program.split(" ").at(-1) ?? ""))}`],
    ["place", `${oneLine(folder)} (${joinTexts([file_system, engine ?? "", `as ${user}`], ", ")})`],
    ["profile", `${profile}, seed ${seed}`],
  ], style);
  const parts = [
    head,
    rulesText(rules, style),
    repositoryText(report, style),
    removed.map((path) => `Removed ${oneLine(path)}, which a run left that was killed.\n`).join(""),
    kept === null ? "" : `The repositories of what failed are in ${style.paint("name", oneLine(kept))}.\n`,
    failed === 0 ? "" : adviceText(report),
    summary(report, style),
  ];
  return parts.filter((part) => part !== "").join("\n");
};

/** Each rule by itself, and at the end in one line those that were not run for the same reason. */
function rulesText(rules: readonly Rule[], style: Style): string {
  const ofReason = Map.groupBy(rules.filter(({ result }) => result === "not run"), ({ reason }) => reason);
  const alike = [...ofReason].filter(([, { length }]) => length > 1);
  const isAlone = (rule: Rule) => !alike.some(([, several]) => several.includes(rule));
  const lines = alike.map(([reason, several]) => {
    const [mark, tone] = MARKS["not run"];
    const numbers = several.map(({ rule }) => rule).join(", ");
    const text = `${count(several.length, "rule")}, ${reason}: ${numbers}`;
    const indent = " ".repeat(MARK_WIDTH + 2);
    return `${style.paint(tone, mark)}${wrap(text, style.width, indent).slice(mark.length)}\n`;
  });
  return [...rules.filter(isAlone).map((rule) => ruleText(rule, style)), ...lines].join("");
}

function ruleText({ means, promise, reason, result, rule }: Rule, style: Style): string {
  const [mark, tone] = MARKS[result];
  const indent = " ".repeat(MARK_WIDTH + 6);
  const lines = [`${style.paint(tone, pad(mark, MARK_WIDTH))}  ${pad(String(rule), 2, "right")}  ${promise}`];
  if (reason !== null) lines.push(style.paint("faint", wrap(reason, style.width, indent)));
  if (means !== null) lines.push(wrap(`It means: ${means}`, style.width, indent));
  return `${lines.join("\n")}\n`;
}

function repositoryText({ repository }: Report, style: Style): string {
  if (repository === null) return "";
  const { findings, healthy, path } = repository;
  const state = healthy ? style.paint("good", "healthy") : style.paint("bad", "not in order");
  const lines = findings.map(({ code, message, severity, snapshot_id }) => {
    const where = snapshot_id === null ? "" : ` [${shortId(snapshot_id)}]`;
    return `  ${severity}  ${oneLine(message)}${where} ${style.paint("faint", `(${code})`)}\n`;
  });
  return `Your repository ${
    style.paint("name", oneLine(path))
  } is ${state}; its snapshots were not read (\`jvs verify --all\`).\n${lines.join("")}`;
}

function adviceText({ folder, profile, rules, seed }: Report): string {
  const failed = rules.filter(({ result }) => result === "failed").map(({ rule }) => `--rule ${rule}`);
  const words = joinTexts([
    shellWord(folder) ?? "DIR", // beside another repository it would be another disk
    ...failed,
    profile === "dev" ? "" : `--profile ${profile}`,
    `--seed ${seed}`,
    "--keep",
  ], " ");
  return `See more with \`jvs conformance run ${words}\`, and report it.\n`;
}

function summary({ failed, not_run, passed }: Report, style: Style): string {
  const counts = [
    style.paint("good", `${count(passed, "rule")} passed`),
    failed > 0 ? style.paint("bad", `${failed} failed`) : "",
    not_run > 0 ? style.paint("notice", `${not_run} not run`) : "",
  ];
  return `${joinTexts(counts, ", ")}.\n`;
}
