import { parseJsonc, type Span } from "./_jsonc.ts";

/**
 * The text with the value at this path of members replaced or added. Everything else stays, comments too. The text must
 * be valid, and each part of the path before the last must be an object or missing.
 */
export function withValue(text: string, path: readonly string[], value: unknown): string {
  const { span } = parseJsonc(text);
  const old = span(path.join("."));
  if (old !== undefined) return text.slice(0, old.start) + JSON.stringify(value) + text.slice(old.end);
  let depth = path.length - 1;
  while (span(path.slice(0, depth).join(".")) === undefined) depth--;
  const [name = "", ...inner] = path.slice(depth);
  const member = inner.reduceRight((held, each) => ({ [each]: held }), value);
  return withMember(text, span(path.slice(0, depth).join(".")) as Span, name, member);
}

/** The text with one more item at the end of the list at this path; a missing list is made. Comments stay. */
export function withItem(text: string, path: readonly string[], value: unknown): string {
  const span = parseJsonc(text).span(path.join("."));
  if (span === undefined) return withValue(text, path, [value]);
  return withPart(text, span, () => JSON.stringify(value));
}

/** The text without this item of the list at this path. Comments stay, also those that are about it. */
export function withoutItem(text: string, path: readonly string[], index: number): string {
  const { span } = parseJsonc(text);
  const [item, next] = [index, index + 1].map((each) => span(`${path.join(".")}[${each}]`));
  if (item === undefined) return text;
  const whole = span(path.join(".")) as Span;
  // Behind the last item there is a comma only if the list says so. What is between an item and its comma is a comment.
  const hasComma = next !== undefined || whole.comma === true;
  const rest = text.slice(item.end);
  const kept = hasComma ? rest.replace(/^((?:[ \t\r\n\ufeff]|\/\/[^\n]*|\/\*[^]*?\*\/)*),/, "$1") : rest;
  const before = text.slice(0, item.start);
  // A line of its own goes with it.
  const line = /\n[ \t]*$/.exec(before);
  if (line !== null && /^[ \t]*\r?\n/.test(kept)) {
    return before.slice(0, line.index) + kept.replace(/^[ \t]*\r?/, "");
  }
  return before + kept.replace(/^[ \t]+/, "");
}

/** Adds a member after the others and their comments. */
function withMember(text: string, span: Span, name: string, value: unknown): string {
  return withPart(text, span, (indent) => `${JSON.stringify(name)}: ${JSON.stringify(value, null, indent)}`);
}

/** Adds a part to an object or a list: on its own line, unless the whole is on one line. */
function withPart(
  text: string,
  { start, end, lastMember, comma }: Span,
  written: (indent?: string) => string,
): string {
  const close = end - 1;
  const begun = lastMember === undefined || comma
    ? text.slice(0, close)
    : `${text.slice(0, lastMember)},${text.slice(lastMember, close)}`;
  const before = begun.trimEnd();
  const inside = text.slice(start, close);
  if (lastMember !== undefined && !inside.includes("\n")) {
    return `${before} ${written()}${begun.slice(before.length)}${text.slice(close)}`;
  }
  const outer = /[ \t]*/.exec(text.slice(text.lastIndexOf("\n", start) + 1))?.[0] ?? "";
  const indent = /\n([ \t]+)["{[]/.exec(inside)?.[1] ?? `${outer}  `;
  const lines = written(indent.slice(outer.length) || "  ").replaceAll("\n", `\n${indent}`);
  return `${before}\n${indent}${lines}\n${outer}${text.slice(close)}`;
}
