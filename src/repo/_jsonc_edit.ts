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

/** Adds a member after the others and their comments: on its own line, unless the whole object is on one line. */
function withMember(
  text: string,
  { start, end, lastMember, comma }: Span,
  name: string,
  value: unknown,
): string {
  const close = end - 1;
  const begun = lastMember === undefined || comma
    ? text.slice(0, close)
    : `${text.slice(0, lastMember)},${text.slice(lastMember, close)}`;
  const before = begun.trimEnd();
  const inside = text.slice(start, close);
  if (lastMember !== undefined && !inside.includes("\n")) {
    return `${before} ${written(name, value)}${begun.slice(before.length)}${text.slice(close)}`;
  }
  const outer = /[ \t]*/.exec(text.slice(text.lastIndexOf("\n", start) + 1))?.[0] ?? "";
  const indent = /\n([ \t]+)"/.exec(inside)?.[1] ?? `${outer}  `;
  const lines = written(name, value, indent.slice(outer.length) || "  ").replaceAll("\n", `\n${indent}`);
  return `${before}\n${indent}${lines}\n${outer}${text.slice(close)}`;
}

function written(name: string, value: unknown, indent?: string): string {
  return `${JSON.stringify(name)}: ${JSON.stringify(value, null, indent)}`;
}
