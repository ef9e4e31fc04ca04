import { canonicalJson } from "../model/canonical_json.ts";
import { JvsError } from "../model/errors.ts";
import { quoted, shellWord } from "../model/path_text.ts";
import { UNSAFE } from "../model/printable.ts";
import { SchemaMismatch } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { type JsoncDocument, JsoncProblem, parseJsonc } from "./_jsonc.ts";
import type { ControlPath } from "./control_path.ts";
import {
  CONFIG_KEYS,
  type ConfigKey,
  type ConfigValue,
  HOOKS,
  isConfigKey,
  NOT_HONOURED,
  settingOf,
} from "./config_table.ts";

/** People write settings: a larger file is a mistake, or somebody's who wants all that read it to work. */
export const MOST_OF_SETTINGS = 1 << 20;

const LONGEST_NAME = 120;

/** The text of a new repository's settings: all defaults, with each setting explained. */
export function initialConfig(): string {
  const width = Math.max(...CONFIG_KEYS.map((key) => key.length));
  const lines = CONFIG_KEYS.map((key) => {
    const { about, shown, default: value } = settingOf(key);
    return `//   ${key.padEnd(width)}  ${about} (${JSON.stringify(shown(value))})`;
  });
  const head =
    "// The settings of this repository: change them here or with `jvs config set`. In brackets the defaults.\n" +
    '// `restore.unsaved` is written as { "restore": { "unsaved": "save" } }.\n//\n';
  return `${head}${lines.join("\n")}\n{}\n`;
}

/** The settings of a repository, read when the first is needed: a damaged file stops only those who need one. */
export class Config {
  private settings: Settings | undefined;

  constructor(private readonly file: ControlPath) {}

  /** The value of a setting; `E_USAGE` with file, line and column when anything in the file is wrong. */
  get<K extends ConfigKey>(key: K): ConfigValue<K> {
    return this.read().values.get(key) as ConfigValue<K>; // the table's own schema checked it
  }

  /** The value, or the default when anything in the file is wrong: for work that must go on. */
  getOrDefault<K extends ConfigKey>(key: K): ConfigValue<K> {
    return this.problem() === undefined ? this.get(key) : settingOf(key).default as ConfigValue<K>;
  }

  /** What is wrong with the file, or nothing. */
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
   * A sentence about settings in the file that this version does not support. Nothing when there are none, or
   * when the file cannot be read (see `problem`).
   */
  notHonoured(): string | undefined {
    const names = this.problem() === undefined ? this.read().notHonoured : [];
    if (names.length === 0) return undefined;
    return `The settings in ${quoted(this.file.path)} have ${names.join(", ")}, which ${DOES_NOTHING}`;
  }

  /** The settings that name programs, as the file has them: what a user reads and trusts. Nothing if there are none. */
  hooks(): Readonly<Record<string, unknown>> | undefined {
    const { hooks } = this.read();
    return typeof hooks === "object" && hooks !== null && Object.keys(hooks).length > 0
      ? { ...hooks }
      : undefined;
  }

  /** Whether a program is named that would run. */
  hasHooks(): boolean {
    return HOOKS.some((key) => this.get(key) !== "");
  }

  /** Every setting with its value. */
  list() {
    return CONFIG_KEYS.map((key) => {
      const { about, shown, default: usual } = settingOf(key);
      const [value, fallback] = [shown(this.get(key)), shown(usual)];
      const is_default = canonicalJson(value) === canonicalJson(fallback);
      return { key, value, default: fallback, is_default, about };
    });
  }

  /** Changes one setting, atomically and durably; comments and everything else in the file stay. */
  async set(key: string, text: string): Promise<void> {
    const value = checkedWords(knownKey("set", key), text);
    this.read();
    const { withValue } = await import("./_jsonc_edit.ts");
    this.file.write(withValue(this.text() ?? initialConfig(), key.split("."), value));
    this.settings = undefined;
  }

  private read(): Settings {
    return this.settings ??= readSettings(this.text() ?? "{}", this.file.path, (value) => {
      const defaults = CONFIG_KEYS.map((key) => [key, settingOf(key).default] as const);
      const hooks: unknown = Reflect.get(Object(value), "hooks");
      const settings: Settings = { values: new Map(defaults), notHonoured: [], hooks };
      collect(value, "", settings);
      return settings;
    });
  }

  private text(): string | undefined {
    const text = this.file.readFreshOwned(MOST_OF_SETTINGS)?.text;
    // If the file were written again, U+FFFD would replace the bytes of the user.
    if (text?.includes("\ufffd")) throw unreadable(this.file.path, "it is no UTF-8 text", {});
    return text;
  }
}

/** What `take` makes of a settings file, JSON with comments; `E_USAGE` with file, line and column when that fails. */
export function readSettings<T>(
  text: string,
  path: string,
  take: (value: unknown) => T,
  file = SETTINGS,
): T {
  let document: JsoncDocument | undefined;
  try {
    document = parseJsonc(text);
    return take(document.value);
  } catch (error) {
    if (error instanceof JsoncProblem) throw unreadable(path, error.message, { ...error.place }, file);
    if (!(error instanceof SchemaMismatch) || document === undefined) throw error;
    const { at, reason } = error;
    const place = document.place(at);
    const what = at === "" ? "the whole" : UNSAFE.test(at) || at.length > LONGEST_NAME ? quoted(at) : at;
    throw unreadable(path, `line ${place.line}, column ${place.column}: ${what} ${reason}`, {
      ...place,
      key: at,
    }, file);
  }
}

/** The content of a settings file. */
interface Settings {
  /** Every setting; the default where the file has none. */
  readonly values: Map<ConfigKey, unknown>;
  /** The names of settings that this version does not support. */
  readonly notHonoured: string[];
  /** The value of `hooks`. */
  readonly hooks: unknown;
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

const DOES_NOTHING = "this version does not support";

/** What to do instead of using a setting that this version does not support. */
function insteadOf(key: string): string | undefined {
  return NOT_HONOURED.get(key.replace(/\.[^]*/, ""));
}

/** The setting with that name, or `E_USAGE`. */
export function knownKey(action: "set" | "show", key: string): ConfigKey {
  if (isConfigKey(key)) return key;
  const instead = insteadOf(key);
  const [reason, hint] = instead === undefined
    ? ["there is no such setting", `Settings are: ${CONFIG_KEYS.join(", ")}.`]
    : [`it is a setting that ${DOES_NOTHING}`, instead];
  throw new JvsError("E_USAGE", `Cannot ${action} ${quoted(key)}: ${reason}`, { hint, details: { key } });
}

/** The value to write into the file for the words of the user. */
function checkedWords(key: ConfigKey, words: string): unknown {
  const { refused, schema } = settingOf(key);
  const value = schema.kind === "text" ? words : jsonOr(words);
  try {
    const checked = schema.check(value);
    const why = refused?.(checked, nowMs());
    if (why !== undefined) throw new SchemaMismatch("", why);
    return value;
  } catch (error) {
    if (!(error instanceof SchemaMismatch)) throw error;
    throw new JvsError("E_USAGE", `Cannot set ${key}: it ${error.message}`, {
      hint: `${wayToWrite(schema, key, words)} \`jvs config list\` says what each setting means.`,
      details: { key, value: words },
    });
  }
}

/** How to give a value of this type. A list must be written as JSON, which nobody guesses. */
function wayToWrite({ kind }: { readonly kind: string }, key: ConfigKey, words: string): string {
  const list = JSON.stringify(words.replace(/^\[|\]$/g, "").split(/[\s,]+/).filter((word) => word !== ""));
  const written = kind === "list" && !words.includes('"') ? shellWord(list) : undefined;
  return written === undefined
    ? "Give such a value."
    : `Write a list as JSON: \`jvs config set ${key} ${written}\`.`;
}

function jsonOr(words: string): unknown {
  try {
    return JSON.parse(words);
  } catch {
    return words; // not JSON: the words are the value
  }
}

/** What a settings file is called in messages, and what moving it away does. */
export interface SettingsFile {
  readonly name: string;
  readonly without: string;
}

const SETTINGS: SettingsFile = {
  name: "the settings",
  without: "then every setting has its default, and `jvs config list` shows them all",
};

function unreadable(
  path: string,
  reason: string,
  details: Record<string, unknown>,
  { name, without } = SETTINGS,
): JvsError {
  return new JvsError("E_USAGE", `Cannot read ${name} in ${quoted(path)}: ${reason}`, {
    hint: `Correct that place in the file. Or move the file away: ${without}.`,
    details: { path, reason, ...details },
  });
}
