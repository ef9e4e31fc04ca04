import { formatDuration, parseBytes, parseDuration } from "../model/duration.ts";
import { isJvsError } from "../model/errors.ts";
import { PRESENT_ENGINES } from "../model/records.ts";
import { type Infer, integer, list, mismatch, oneOf, Schema, text } from "../model/schema.ts";

interface Setting<T> {
  readonly schema: Schema<T>;
  readonly default: T;
  /** One sentence. */
  readonly about: string;
  /** The value as a person would write it. */
  shown(value: T): unknown;
}

const DAY = 86_400_000;

/** Bytes, as a number or with a unit. */
const size = (bytes: number, about: string) =>
  setting(quantity(parseBytes, "a size such as 500MB or 2GiB"), bytes, about);
/** Milliseconds, as `24h`; a plain number is seconds. */
const duration = (ms: number, about: string) =>
  setting(quantity(parseDuration, "a time such as 500ms, 30s or 24h"), ms, about, durationText);

/** Every setting: its type, default and one sentence. Help and messages about settings use only this table. SPEC 14. */
export const CONFIG_TABLE = {
  engine: setting(
    oneOf("auto", ...PRESENT_ENGINES),
    "auto",
    "How trees are cloned; auto takes the best that works.",
  ),
  consistency: setting(
    oneOf("quiesced", "best_effort"),
    "quiesced",
    "What a snapshot does about files that change while it is made: refuse, or be labelled best_effort.",
  ),
  lock_timeout: duration(30_000, "How long a command waits for another one to finish."),
  "restore.unsaved": setting(
    oneOf("save", "refuse", "discard"),
    "save",
    "What restore does with unsaved work: save it as an autosave, refuse, or discard it (not in a shared repository).",
  ),
  "restore.verify_limit": size(1e9, "Restore hashes what it brings back up to this many bytes."),
  "restore.keep_replaced": duration(DAY, "How long files that a restore replaced are kept."),
  "retention.keep_last_n": setting(
    integer({ min: 0 }),
    0,
    "Garbage collection keeps the newest so many snapshots of each worktree.",
  ),
  "retention.keep_days": setting(
    integer({ min: 0 }),
    0,
    "Garbage collection keeps snapshots that are younger than so many days.",
  ),
  "retention.keep_tag_prefixes": setting(
    list(text()),
    [],
    "Garbage collection keeps snapshots with a tag that begins with one of these.",
  ),
  "retention.max_repo_bytes": size(
    0,
    "Above this size garbage collection takes what is kept only by number or age too, the oldest first; 0: no limit.",
  ),
  "retention.keep_autosave_days": setting(
    integer({ min: 0 }),
    30,
    "Garbage collection keeps autosaves that are younger than so many days.",
  ),
  "audit.rotate_bytes": size(100e6, "The audit log goes on in a new file above this many bytes."),
} satisfies Record<string, Setting<unknown>>;

/**
 * Settings of SPEC 14 that this version does not support, by their first word, with what to do instead. A
 * file may have them, because another version may have written it; they have no effect.
 */
export const NOT_HONOURED: ReadonlyMap<string, string> = new Map(Object.entries({
  locking:
    "Changes wait for each other by themselves. Only an agreement among people reserves a worktree for longer.",
  signing: "Keep a copy of the descriptors where their authors cannot write: it proves what was saved.",
  environment:
    "Save what you want to know later in a file of the worktree before the snapshot: `pip freeze > packages.txt`.",
  hooks: "Run the programs from a script, before or after `jvs`.",
}));

/** The name of a setting. */
export type ConfigKey = keyof typeof CONFIG_TABLE;

/** The type of a setting's value; sizes are in bytes, times in milliseconds. */
export type ConfigValue<K extends ConfigKey> = Infer<typeof CONFIG_TABLE[K]["schema"]>;

/** The entry of a setting in the table. */
export function settingOf(key: ConfigKey): Setting<unknown> {
  return CONFIG_TABLE[key];
}

/** Whether a text is the name of a setting. */
export function isConfigKey(key: string): key is ConfigKey {
  return Object.hasOwn(CONFIG_TABLE, key);
}

/** All names, in the table's order. */
export const CONFIG_KEYS = Object.keys(CONFIG_TABLE) as ConfigKey[];

function quantity(parse: (text: string) => number, what: string): Schema<number> {
  return new Schema<number>({
    kind: "other",
    check(value, at) {
      try {
        return parse(typeof value === "string" || typeof value === "number" ? String(value) : "");
      } catch (error) {
        if (!isJvsError(error, "E_USAGE")) throw error;
        throw mismatch(at, what, value);
      }
    },
    json: () => ({ anyOf: [{ type: "string" }, { type: "number", minimum: 0 }] }),
  });
}

function durationText(ms: number): string {
  const text = formatDuration(ms);
  return parseDuration(text) === ms ? text : `${ms}ms`; // the short form is rounded
}

function setting<T>(
  schema: Schema<T>,
  fallback: T,
  about: string,
  shown: (value: T) => unknown = (value) => value,
): Setting<T> {
  return { schema, default: fallback, about, shown };
}
