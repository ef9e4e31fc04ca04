/** Control characters (C1 too), line separators and changes of the writing direction: they can falsify what a line shows. */
export const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/u;
/** The same, every one of them. */
export const UNSAFE_ALL = new RegExp(UNSAFE, "gu");

/** A text for a terminal: what acts on the terminal, or falsifies what a line shows, is encoded; line ends stay. */
export function printable(text: string): string {
  return text.replace(
    UNSAFE_ALL,
    (character) => character === "\n" ? character : encodeURIComponent(character),
  );
}

/** A value as JSON that a terminal can show: inside strings, such characters are escapes. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    UNSAFE_ALL,
    (character) =>
      character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * An object as JSON, indented by two, in pieces: each element of its lists is one, so that the text of a long result is not
 * in memory as a whole.
 */
export function* jsonPieces(object: Readonly<Record<string, unknown>>): Generator<string> {
  let before = "{\n";
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    yield `${before}  ${JSON.stringify(name)}: `;
    before = ",\n";
    if (!Array.isArray(value) || value.length === 0) {
      yield indented(value, "  ");
      continue;
    }
    for (const [i, element] of value.entries()) {
      yield `${i === 0 ? "[" : ","}\n    ${indented(element, "    ")}`;
    }
    yield "\n  ]";
  }
  yield before === "{\n" ? "{}\n" : "\n}\n";
}

/** A value as JSON. A newline in it is always between two parts, because in a string it is an escape. */
function indented(value: unknown, by: string): string {
  return jsonText(value, 2).replaceAll("\n", `\n${by}`);
}

/** The same as a sentence: with a full stop at its end, unless it is empty or already ends like one. */
export function sentence(text: string): string {
  return printable(text).replace(/[^.?!…]$/u, "$&.");
}
