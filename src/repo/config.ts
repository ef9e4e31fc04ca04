import { canonicalJson } from "../model/canonical_json.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { SchemaMismatch } from "../model/schema.ts";
import { type JsoncDocument, JsoncProblem, parseJsonc } from "./_jsonc.ts";
import type { ControlPath } from "./control_path.ts";
import {
  CONFIG_KEYS,
  type ConfigKey,
  type ConfigValue,
  isConfigKey,
  NOT_HONOURED,
  settingOf,
} from "./config_table.ts";

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
  private settings: Settings | undefined;

  constructor(private readonly file: ControlPath) {}

  /** A setting's value; `E_USAGE` with file, line and column if anything in the file is wrong. */
  get<K extends ConfigKey>(key: K): ConfigValue<K> {
    const { values } = this.read();
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

  /**
   * A sentence on settings in the file that this version does not know how to honour, such as those of a newer one;
   * nothing when there are none, or when the file cannot be read at all (`problem`).
   */
  notHonoured(): string | undefined {
    if (this.problem() !== undefined) return undefined;
    const { notHonoured } = this.read();
    if (notHonoured.length === 0) return undefined;
    return `The settings in ${quoted(this.file.path)} have ${notHonoured.join(", ")}, which ${DOES_NOTHING}`;
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
    const value = checkedWords(knownKey("set", key), text);
    this.read();
    const { withValue } = await import("./_jsonc_edit.ts");
    this.file.write(withValue(this.text() ?? initialConfig(), key.split("."), value));
    this.settings = undefined;
  }

  private read(): Settings {
    return this.settings ??= parseConfig(this.text() ?? "{}", this.file.path);
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

/** What a settings file has. */
interface Settings {
  readonly values: Map<ConfigKey, unknown>;
  /** The names of those that this version does not know how to honour. */
  readonly notHonoured: string[];
}

function parseConfig(text: string, path: string): Settings {
  const document = parseSettings(text, path);
  const settings: Settings = { values: new Map(), notHonoured: [] };
  try {
    collect(document.value, "", settings);
  } catch (error) {
    throw error instanceof SchemaMismatch ? misfit(document, path, error) : error;
  }
  return settings;
}

function collect(value: unknown, at: string, into: Settings): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SchemaMismatch(at, "must be an object");
  }
  for (const [name, inner] of Object.entries(value)) {
    const key = at === "" ? name : `${at}.${name}`;
    if (name.includes(".") && isConfigKey(key)) {
      throw new SchemaMismatch(key, `must be written as ${nested(key)}`);
    }
    if (isConfigKey(key)) into.values.set(key, settingOf(key).schema.check(inner, key));
    else if (CONFIG_KEYS.some((known) => known.startsWith(`${key}.`))) collect(inner, key, into);
    else if (insteadOf(key) !== undefined) into.notHonoured.push(key);
    else throw new SchemaMismatch(key, "is no setting");
  }
}

function nested(key: string): string {
  return key.split(".").reduceRight((inner, name) => `{ "${name}": ${inner} }`, "…");
}

const DOES_NOTHING = "this version does not know how to honour";

/** What to do instead of a setting that this version does not know how to honour. */
function insteadOf(key: string): string | undefined {
  return NOT_HONOURED.get(key.replace(/\.[^]*/, ""));
}

/** The setting of that name, or `E_USAGE`. */
export function knownKey(action: "set" | "show", key: string): ConfigKey {
  if (isConfigKey(key)) return key;
  const instead = insteadOf(key);
  const [reason, hint] = instead === undefined
    ? ["there is no such setting", `Settings are: ${CONFIG_KEYS.join(", ")}.`]
    : [`it is a setting that ${DOES_NOTHING}`, instead];
  throw new JvsError("E_USAGE", `Cannot ${action} ${quoted(key)}: ${reason}`, { hint, details: { key } });
}

/** What the words mean for such a setting, as it is to stand in the file. */
function checkedWords(key: ConfigKey, words: string): unknown {
  const { schema, about } = settingOf(key);
  const value = schema.kind === "text" ? words : jsonOr(words);
  try {
    schema.check(value);
    return value;
  } catch (error) {
    if (!(error instanceof SchemaMismatch)) throw error;
    throw new JvsError("E_USAGE", `Cannot set ${key}: it ${error.message}`, {
      hint: `${key}: ${about}`,
      details: { key, value: words },
    });
  }
}

function jsonOr(words: string): unknown {
  try {
    return JSON.parse(words);
  } catch {
    return words; // no JSON: the words themselves
  }
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
