/** One import of a source file. */
export interface Import {
  readonly specifier: string;
  /** `type` imports do not exist at run time; `dynamic` imports are loaded when their line runs. */
  readonly kind: "static" | "type" | "dynamic";
}

/** The imports of a source file, and its code without comments and texts. */
export interface Source {
  readonly imports: Import[];
  readonly code: string;
}

const STATIC = /\b(?:import|export)\b(\s+type\b)?(?:[^;"()=]*?\bfrom)?\s*"(\d+)"/g;
const DYNAMIC = /\bimport\s*\(\s*"(\d+)"/g;

/** Reads the imports and the bare code of a TypeScript file. */
export function scanSource(text: string): Source {
  const texts: string[] = [];
  const code = withoutTexts(text, texts);
  const imports: Import[] = [];
  for (const [, type, index] of code.matchAll(STATIC)) {
    imports.push({ specifier: texts[Number(index)] ?? "", kind: type ? "type" : "static" });
  }
  for (const [, index] of code.matchAll(DYNAMIC)) {
    imports.push({ specifier: texts[Number(index)] ?? "", kind: "dynamic" });
  }
  return { imports, code };
}

// One token at a time, the longest match: comment, text, beginning or end of code in a template, regular expression.
const TOKEN =
  /\/\/.*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[`{}]|\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;
const TEMPLATE = /(?:\\[^]|\$(?!\{)|[^`\\$])*(`|\$\{)/y;

/** The code with each text replaced by its number in `texts`, and without comments and regular expressions. */
function withoutTexts(source: string, texts: string[]): string {
  const token = new RegExp(TOKEN);
  const open: ("{" | "${")[] = []; // what the next `}` closes
  let code = "";
  let at = 0;
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const [found] = match;
    code += source.slice(at, match.index);
    at = token.lastIndex;
    if (found.startsWith("//") || found.startsWith("/*")) code += " ";
    else if (found.startsWith('"') || found.startsWith("'")) {
      code += `"${texts.push(found.slice(1, -1)) - 1}"`;
    } else if (found === "{") code += open.push("{") && "{";
    else if (found === "`" || (found === "}" && open.pop() === "${")) at = skipTemplate(source, at, open);
    else if (found === "}") code += "}";
    else if (beginsValue(code)) code += " 0 ";
    else {
      code += "/"; // a division: what follows it is code
      at = match.index + 1;
    }
    token.lastIndex = at;
  }
  return code + source.slice(at);
}

/** Goes on to the end of a template's text, or to the code inside it. */
function skipTemplate(source: string, at: number, open: ("{" | "${")[]): number {
  const template = new RegExp(TEMPLATE);
  template.lastIndex = at;
  const match = template.exec(source);
  if (match === null) return source.length;
  if (match[1] === "${") open.push("${");
  return template.lastIndex;
}

/** Whether a value may begin here, so that a slash opens a regular expression. */
function beginsValue(code: string): boolean {
  return /(?:^|[=(,:;!&|?{}[+*%<>~^-]|=>|\b(?:return|typeof|case|in|of|await|yield|else|do))\s*$/.test(
    code.slice(-40),
  );
}
