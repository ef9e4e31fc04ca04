/**
 * `deno task docs`: writes docs/reference.md and the types of the library from the descriptions of operations, errors and
 * settings in the code. With `--check` it writes nothing, and fails if one of them does not match the code.
 */
import { ERROR_CLASSES, type ErrorCode, JvsError } from "../src/model/errors.ts";
import type { AnyOperation } from "../src/operation/define.ts";
import { operations } from "../src/operation/registry.ts";
import { CONFIG_KEYS, settingOf } from "../src/repo/config_table.ts";
import { type Argument, argumentsOf, GLOBALS } from "../src/surface/cli/line/arguments.ts";
import { exitCodeOf } from "../src/surface/cli/errors.ts";
import { aboutText, flagText, GROUPS, usageOf } from "../src/surface/cli/render/help.ts";
import { libraryTypes } from "./_library_types.ts";
import { RECORDS, rowsOf } from "./_schema_rows.ts";

const root = new URL("../", import.meta.url);

/** What is written, and from what. */
const FILES: Readonly<Record<string, () => Promise<string>>> = {
  "docs/reference.md": reference,
  "src/surface/library/types.ts": async () => await formatted(await libraryTypes()),
};

/** The whole page. */
export async function reference(): Promise<string> {
  const all = await operations.loadAll();
  const sections = GROUPS.map(([title, ...words]) => {
    const inGroup = words.flatMap((word) =>
      all.filter(({ name }) => name === word || name.startsWith(`${word} `))
    );
    return inGroup.length === 0 ? "" : `## ${title}\n\n${inGroup.map(operationText).join("\n")}`;
  });
  return [
    "# Reference\n",
    "Made by `deno task docs` from the descriptions in the code: change those, not this page.\n",
    `Commands: ${all.map(({ name }) => `[${name}](#jvs-${anchor(name)})`).join(" · ")}\n`,
    "With `--json` a command prints one object: `schema_version` (1) and the fields listed here as its result; or, when it " +
    "fails, the fields `schema_version`, `error` (a class of [errors](#errors)), `message`, `hint`, `details`.\n",
    "A path that is *encoded as in the payload root hash* is text that stands for any bytes: see [Terms](format.md#terms).\n",
    `## Flags of every command\n\n${flagTable(argumentsOf(GLOBALS.fields))}`,
    ...sections.filter((text) => text !== ""),
    `## Errors\n\n${errorTable()}`,
    `## Settings\n\nShown by \`jvs config list\`, changed by \`jvs config set\` or in \`.jvs/config.jsonc\`.\n\n${settingTable()}`,
    `## Records\n\n${
      Object.entries(RECORDS).map(([name, { schema, about }]) =>
        `### ${name}\n\n${about}\n\n${schemaTable(schema)}`
      ).join("\n")
    }`,
  ].join("\n");
}

function operationText(operation: AnyOperation): string {
  const { name, summary, about, examples = [], input, output } = operation;
  const own = argumentsOf(input.fields).filter(({ hints }) => !hints.hidden);
  return [
    `### jvs ${name}\n`,
    `${summary}.\n`,
    ...(about === undefined ? [] : [`${prose(about)}\n`]),
    `\`\`\`\njvs ${usageOf(operation)}\n\`\`\`\n`,
    ...(own.length === 0 ? [] : [flagTable(own)]),
    ...(examples.length === 0
      ? []
      : [`${examples.map(([line, what]) => `- \`${line}\`: ${what}`).join("\n")}\n`]),
    `Result:\n\n${schemaTable(output.json())}`,
  ].join("\n");
}

function flagTable(all: readonly Argument[]): string {
  return table(
    ["", "", ""],
    all.map((each) => {
      const short = each.hints.short === undefined ? "" : `\`-${each.hints.short}\`, `;
      const must = each.required ? "required" : "";
      return [
        each.hints.positional ? `\`<${each.name}>\`` : `${short}\`${flagText(each)}\``,
        must,
        aboutText(each),
      ];
    }),
  );
}

function schemaTable(schema: Parameters<typeof rowsOf>[0]): string {
  return table(
    ["field", "type", ""],
    rowsOf(schema).map(({ path, type, about }) => [`\`${path}\``, type, about]),
  );
}

function errorTable(): string {
  const codes = Object.keys(ERROR_CLASSES) as ErrorCode[];
  return table(
    ["class", "exit code", "cause", "way out"],
    codes.map((code) => [`\`${code}\``, String(exitCodeOf(new JvsError(code, ""))), ...ERROR_CLASSES[code]]),
  );
}

function settingTable(): string {
  return table(
    ["setting", "default", ""],
    CONFIG_KEYS.map((key) => {
      const { about, default: value, shown } = settingOf(key);
      return [`\`${key}\``, `\`${JSON.stringify(shown(value))}\``, about];
    }),
  );
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => prose(cell).replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(titles) + line(titles.map(() => "---")) + rows.map(line).join("");
}

/** Text as Markdown: escapes `<` outside code, because Markdown would read `<dir>` as HTML. */
function prose(text: string): string {
  return text.split("`").map((part, i) => i % 2 === 0 ? part.replaceAll("<", "\\<") : part).join("`");
}

function anchor(name: string): string {
  return name.replaceAll(" ", "-");
}

/** Source as `deno fmt` wants it. */
async function formatted(source: string): Promise<string> {
  const piped = { stdin: "piped", stdout: "piped" } as const;
  const fmt = new Deno.Command(Deno.execPath(), { args: ["fmt", "--ext=ts", "-"], cwd: root, ...piped });
  const child = fmt.spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(source));
  await input.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

if (import.meta.main) {
  for (const [name, write] of Object.entries(FILES)) {
    const file = new URL(name, root);
    const text = await write();
    if (!Deno.args.includes("--check")) await Deno.writeTextFile(file, text);
    else if (text !== await Deno.readTextFile(file).catch(() => "")) {
      console.error(`${name} does not match the code. Run \`deno task docs\`.`);
      Deno.exitCode = 1;
    }
  }
}
