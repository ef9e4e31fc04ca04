import { jsonText } from "../../../model/printable.ts";
import { count, joinTexts, oneLine, pathText, type Renderer, table } from "./style.ts";
import { moment, titled } from "./words.ts";

/** What was trusted, what would be, or all that is. */
export const renderTrust: Renderer<"config trust"> = (result, view) => {
  if (result.done === "list") return listed(result, view);
  const where = pathText(result.repository ?? "");
  if (result.done === "removed") return `Removed your trust in ${where}\n`;
  return result.owner === null ? programs(result, view) : repository(result, view);
};

/** The programs as the settings have them, one setting on each line. */
const programs: Renderer<"config trust"> = (result, { style, input }) => {
  const where = pathText(result.repository ?? "");
  if (input.remove !== undefined) return `You trust nothing in ${where}\n`;
  if (result.programs === null) {
    return `The settings of ${where} name no programs: there is nothing to trust\n`;
  }
  const state = {
    trusted: "From now on JVS runs these programs for you",
    preview: "You have not trusted these programs",
    unchanged: "You trust these programs",
  }[String(result.done)] ?? "";
  // An emptied hook runs nothing. The hash is that of the whole text: who fills it again asks for trust again.
  const running = Object.entries(result.programs).filter(([, value]) => value !== "");
  const facts = running.flatMap(([name, value]) => exactLines(name, value));
  const warned = result.members
    ? style.paint(
      "notice",
      "Other users may change the files that these are and use, and this text asks again only when it changes.\n",
    )
    : "";
  return titled(`${state}, in ${where}:`, facts, style) + warned;
};

/** All of a setting, as JSON, because a user decides by it: each line of the text on its own, and nothing is left out. */
function exactLines(name: string, value: unknown): (readonly [name: string, value: string])[] {
  const lines = typeof value === "string" ? value.split(/(?<=\n)/) : [value];
  return lines.map((line, i) => [i === 0 ? oneLine(name) : "", withoutHidden(jsonText(line))]);
}

/** What nobody sees would make two programs look like one: it is shown as an escape. */
function withoutHidden(text: string): string {
  return text.replace(
    /[\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]|(?! )\p{Zs}/gu,
    (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`,
  );
}

/** Whose repository it is, and what that means for the user. */
const repository: Renderer<"config trust"> = ({ done, repository, owner, needs_trust }) => {
  const where = pathText(repository ?? "");
  const whose = `${where} belongs to ${oneLine(owner?.name ?? "")} (user ${owner?.uid})`;
  if (needs_trust === false) return `${whose}. You may use it without more trust\n`;
  if (done === "preview") return `${whose}. You have not trusted it\n`;
  return `${whose}. ${
    done === "trusted" ? "From now on you trust it" : "You trust it already"
  }, while it has this owner\n`;
};

const listed: Renderer<"config trust"> = ({ trusted_programs, trusted_repositories, path }, { style }) => {
  const rows = [
    ...trusted_repositories.map(({ path, owner }) => [
      pathText(path),
      owner === null ? "whoever owns it" : `while user ${owner} owns it`,
      "",
    ]),
    ...trusted_programs.map((
      each,
    ) => [pathText(each.path), `its programs, since ${moment(each.trusted_at)}`, each.repo_id]),
  ];
  const head = rows.length === 0 ? "You trust no repository of another user, and no programs" : "";
  const body = rows.length === 0 ? "" : table(["repository", "trusted", "id"], rows, style);
  return `${joinTexts([head, body], "\n")}\nYour settings are in ${oneLine(path)} (${
    count(rows.length, "entry", "entries")
  })\n`;
};
