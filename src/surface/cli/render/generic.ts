import { oneLine, type Style, table } from "./style.ts";
import type { Renderer, View } from "./view.ts";
import { facts } from "./words.ts";

/** Any result: a line for each value, a table for each list of records. For operations without a renderer of their own. */
export function renderGeneric(result: unknown, { style }: View): string {
  if (typeof result !== "object" || result === null) return `${plain(result)}\n`;
  const entries = Object.entries(result).filter(([, value]) => value !== null && value !== undefined);
  const simple = entries.filter(([, value]) => typeof value !== "object");
  const parts = [
    facts(simple.map(([name, value]) => [words(name), plain(value)] as const), style),
    ...entries.filter(([, value]) => typeof value === "object").map(([name, value]) =>
      section(name, value, style)
    ),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function section(name: string, value: unknown, style: Style): string {
  const title = style.paint("strong", words(name));
  if (!Array.isArray(value)) {
    return `${title}\n${
      facts(Object.entries(value ?? {}).map(([key, v]) => [words(key), plain(v)] as const), style, "  ")
    }`;
  }
  if (value.length === 0) return `${title}: none\n`;
  if (!value.every((item) => typeof item === "object" && item !== null)) {
    return `${title}\n${value.map((item) => `  ${plain(item)}\n`).join("")}`;
  }
  return `${title}\n${recordTable(value, style)}`;
}

/** A table with a column for each field that is neither a list nor a record. */
function recordTable(records: readonly Readonly<Record<string, unknown>>[], style: Style): string {
  const names = [...new Set(records.flatMap((each) => Object.keys(each)))].filter((name) =>
    records.some((each) => each[name] !== null && typeof each[name] !== "object" && each[name] !== undefined)
  );
  const columns = names.map((name) => ({
    title: words(name),
    align: records.every((each) => typeof each[name] === "number") ? "right" as const : "left" as const,
  }));
  return table(columns, records.map((each) => names.map((name) => plain(each[name] ?? ""))), style);
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}

function plain(value: unknown): string {
  return oneLine(typeof value === "string" ? value : JSON.stringify(value) ?? "");
}

/** The script, unchanged. */
export const renderScript: Renderer<"completion"> = ({ script }) => script;

/** The versions of the program, the repository format and Deno. */
export const renderVersion: Renderer<"version"> = (result) =>
  `jvs ${result.version} (repository format ${result.format_version}, Deno ${result.deno})\n`;
