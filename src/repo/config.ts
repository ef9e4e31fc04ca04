import { canonicalJson } from "../model/canonical_json.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { type Schema, SchemaMismatch } from "../model/schema.ts";
import { type JsoncDocument, JsoncProblem, parseJsonc } from "./_jsonc.ts";
import type { ControlPath } from "./control_path.ts";
import { CONFIG_KEYS, type ConfigKey, type ConfigValue, isConfigKey, settingOf } from "./config_table.ts";

export { CONFIG_KEYS, CONFIG_TABLE, type ConfigKey, type ConfigValue, isConfigKey } from "./config_table.ts";

/** A setting as `config list` shows it. */
export interface ConfigItem {
  readonly key: string;
  readonly value: unknown;
  readonly default: unknown;
  readonly is_default: boolean;
  readonly about: string;
}

/** The text of a new repository's settings: all defaults, with each setting explained. */
export function initialConfig(): string {
  const width = Math.max(...CONFIG_KEYS.map((key) => key.length));
  const lines = CONFIG_KEYS.map((key) =>
    `//   ${key.padEnd(width)}  ${settingOf(key).about} (${
      JSON.stringify(shownAs(key, settingOf(key).default))
    })`
  );
  const head =
    "// The settings of this repository: change them here or with `jvs config set`. In brackets the defaults.\n" +
    '// `restore.unsaved` is written as { "restore": { "unsaved": "save" } }.\n//\n';
  return `${head}${lines.join("\n")}\n{}\n`;
}

/** A repository's settings. The file is read when one is first asked for, so that who needs none can go on without it. */
export class Config {
  private values: Map<ConfigKey, unknown> | undefined;

  constructor(private readonly file: ControlPath) {}

  /** A setting's value; `E_USAGE` with file, line and column if anything in the file is wrong. */
  get<K extends ConfigKey>(key: K): ConfigValue<K> {
    const values = this.read();
    const value = values.has(key) ? values.get(key) : settingOf(key).default;
    return value as ConfigValue<K>; // the table's own schema checked it
  }

  /** The same, but the default while anything in the file is wrong: for what must go on all the same. */
  getOrDefault<K extends ConfigKey>(key: K): ConfigValue<K> {
    return this.problem() === undefined ? this.get(key) : settingOf(key).default as ConfigValue<K>;
  }

  /** What is wrong with the file, for those who can do without it; nothing when all is well. */
  problem(): JvsError | undefined {
    try {
      this.read();
      return undefined;
    } catch (error) {
      if (error instanceof JvsError) return error;
      throw error;
    }
  }

  /** Every setting with its value. */
  list(): ConfigItem[] {
    return CONFIG_KEYS.map((key) => {
      const value = shownAs(key, this.get(key));
      const fallback = shownAs(key, settingOf(key).default);
      const is_default = canonicalJson(value) === canonicalJson(fallback);
      return { key, value, default: fallback, is_default, about: settingOf(key).about };
    });
  }

  /** Changes one setting; comments and all else in the file stay. Atomic and durable. */
  async set(key: string, text: string): Promise<void> {
    const { path, schema } = target(key);
    const value = checkedWords(key, text, schema);
    this.read();
    // Editing with comments kept is the parser's work; nobody who only reads settings pays for loading it.
    const { applyEdits, modify } = await import("jsonc-parser");
    const now = this.text() ?? initialConfig();
    const formattingOptions = { insertSpaces: true, tabSize: 2, eol: "\n" };
    this.file.write(applyEdits(now, modify(now, path, value, { formattingOptions })));
    this.values = undefined;
  }

  /** The text that names programs to run, for trust to be given to exactly that; nothing when none is named. */
  programs(): string | undefined {
    const hooks = this.get("hooks");
    return Object.keys(hooks).length === 0 ? undefined : canonicalJson({ hooks });
  }

  private read(): Map<ConfigKey, unknown> {
    return this.values ??= parseConfig(this.text() ?? "{}", this.file.path);
  }

  private text(): string | undefined {
    const text = this.file.readFresh();
    // Writing it again would put the stand-in for what is no text in the place of the user's bytes.
    if (text?.includes("\ufffd")) throw unreadable(this.file.path, "it is no UTF-8 text", {});
    return text;
  }
}

/** What a settings file says, as JSON with comments; `E_USAGE` with file, line and column if it cannot be read. */
export function parseSettings(text: string, path: string): JsoncDocument {
  try {
    return parseJsonc(text);
  } catch (error) {
    if (!(error instanceof JsoncProblem)) throw error;
    throw unreadable(path, error.message, { ...error.place });
  }
}

/** `E_USAGE` for a value in a settings file that is not what it must be. */
export function misfit(document: JsoncDocument, path: string, { at, reason }: SchemaMismatch): JvsError {
  const place = document.place(at);
  const what = at === "" ? "the whole" : at;
  return unreadable(path, `line ${place.line}, column ${place.column}: ${what} ${reason}`, {
    ...place,
    key: at,
  });
}

function parseConfig(text: string, path: string): Map<ConfigKey, unknown> {
  const document = parseSettings(text, path);
  const values = new Map<ConfigKey, unknown>();
  try {
    collect(document.value, "", values);
  } catch (error) {
    throw error instanceof SchemaMismatch ? misfit(document, path, error) : error;
  }
  return values;
}

function collect(value: unknown, at: string, into: Map<ConfigKey, unknown>): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SchemaMismatch(at, "must be an object");
  }
  for (const [name, inner] of Object.entries(value)) {
    const key = at === "" ? name : `${at}.${name}`;
    if (name.includes(".") && isConfigKey(key)) {
      throw new SchemaMismatch(key, `must be written as ${nested(key)}`);
    }
    if (isConfigKey(key)) into.set(key, settingOf(key).schema.check(inner, key));
    else if (CONFIG_KEYS.some((known) => known.startsWith(`${key}.`))) collect(inner, key, into);
    else throw new SchemaMismatch(key, "is no setting");
  }
}

function nested(key: string): string {
  return key.split(".").reduceRight((inner, name) => `{ "${name}": ${inner} }`, "…");
}

function target(key: string): { path: string[]; schema: Schema<unknown> } {
  if (isConfigKey(key) && settingOf(key).each === undefined) {
    return { path: key.split("."), schema: settingOf(key).schema };
  }
  const group = CONFIG_KEYS.find((known) => key.startsWith(`${known}.`));
  const each = group === undefined ? undefined : settingOf(group).each;
  if (group !== undefined && each !== undefined && key.length > group.length + 1) {
    return { path: [group, key.slice(group.length + 1)], schema: each };
  }
  throw new JvsError("E_USAGE", `Cannot set ${quoted(key)}: there is no such setting`, {
    hint: `Settings are: ${
      CONFIG_KEYS.map((known) => settingOf(known).each ? `${known}.<name>` : known).join(", ")
    }.`,
    details: { key },
  });
}

/** What the words mean for such a setting, as it is to stand in the file. */
function checkedWords(key: string, words: string, schema: Schema<unknown>): unknown {
  const value = schema.kind === "text" ? words : schema.kind === "list" ? listOf(words) : jsonOr(words);
  try {
    schema.check(value);
    return value;
  } catch (error) {
    if (!(error instanceof SchemaMismatch)) throw error;
    throw new JvsError("E_USAGE", `Cannot set ${key}: it ${error.message}`, {
      hint: `${key}: ${about(key)}`,
      details: { key, value: words },
    });
  }
}

function listOf(words: string): unknown {
  if (words.trimStart().startsWith("[")) return jsonOr(words);
  return words.split(",").map((word) => word.trim()).filter((word) => word !== "");
}

function jsonOr(words: string): unknown {
  try {
    return JSON.parse(words);
  } catch {
    return words; // no JSON: the words themselves
  }
}

function about(key: string): string {
  return isConfigKey(key) ? settingOf(key).about : settingOf("hooks").about;
}

function shownAs(key: ConfigKey, value: unknown): unknown {
  return settingOf(key).shown?.(value) ?? value;
}

function unreadable(path: string, reason: string, details: Record<string, unknown>): JvsError {
  return new JvsError("E_USAGE", `Cannot read the settings in ${quoted(path)}: ${reason}`, {
    hint:
      "Mend that place in the file. Or move the file away: then every setting has its default, and `jvs config list` " +
      "shows them all.",
    details: { path, reason, ...details },
  });
}
