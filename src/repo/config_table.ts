import { formatDuration, parseBytes, parseDuration } from "../model/duration.ts";
import { isJvsError } from "../model/errors.ts";
import { PRESENT_ENGINES } from "../model/records.ts";
import { boolean, type Infer, integer, list, mismatch, oneOf, Schema, text } from "../model/schema.ts";

interface Setting<T> {
  readonly schema: Schema<T>;
  readonly default: T;
  /** One sentence. */
  readonly about: string;
  /** The value as a person would write it. */
  shown(value: T): unknown;
  /** Why nobody should set this value now; a file may have it, because clocks differ. */
  refused?(value: T, nowMs: number): string | undefined;
}

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** Bytes, as a number or with a unit. */
const size = (bytes: number, about: string) =>
  setting(quantity(parseBytes, "a size such as 500MB or 2GiB"), bytes, about);
/** Milliseconds, as `24h`; a plain number is seconds. */
const duration = (ms: number, about: string) =>
  setting(quantity(parseDuration, "a time such as 500ms, 30s or 24h"), ms, about, durationText);
/** The same, of at most an hour: a member of a shared repository must not make all others wait for ever. */
const shortDuration = (ms: number, about: string) =>
  setting(
    quantity(parseDuration, "a time such as 500ms or 30s, and at most 1h", HOUR),
    ms,
    about,
    durationText,
  );

/** A line for `/bin/sh`, or none. */
function hook(when: string): Setting<string> {
  const schema = text({ pattern: /^[^\0]{0,32768}$/, what: "a command line of at most 32,768 characters" });
  return setting(schema, "", `What /bin/sh runs in the worktree ${when} (\`jvs config trust\` allows it).`);
}

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
  locking: setting(
    oneOf("optional", "required"),
    "optional",
    "Whether a change of a worktree needs a lease of it (`jvs lock acquire`).",
  ),
  lock_timeout: shortDuration(30_000, "How long a command waits for another one to finish; at most 1h."),
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
    "Garbage collection keeps the newest so many snapshots of each worktree that there is.",
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
  "hooks.pre-snapshot": hook("before a snapshot; one that fails prevents it"),
  "hooks.post-snapshot": hook("after a snapshot"),
  "hooks.pre-restore": hook("before a restore; one that fails prevents it"),
  "hooks.post-restore": hook("after a restore"),
  "hooks.timeout": duration(300_000, "How long each of these may run before it is ended; 0: without end."),
  "signing.key": setting(
    text({ pattern: /^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$/, what: "the name of a key" }),
    "",
    "The key with which each user signs snapshots and the audit log (`jvs key create`); empty: nothing is signed.",
  ),
  "signing.require": setting(
    boolean(),
    false,
    "Whether every snapshot must be signed by a trusted key. What you require yourself (`jvs key trust --require`) holds anyway.",
  ),
  "signing.keyring": setting(
    list(
      text({ pattern: /^[0-9a-f]{64} [A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, what: "a public key and a name" }),
    ),
    [],
    "The team's keys: who has not said which keys to trust here goes by them.",
  ),
  "signing.revoked": {
    ...setting(
      list(revocation()),
      [],
      "Keys that nobody is to trust any more, each with the time since when.",
    ),
    refused(lines: readonly string[], nowMs: number) {
      const later = lines.find((line) => Date.parse(line.slice(65)) > nowMs + SKEW);
      return later && `has a time that is still to come, ${later.slice(65)}`;
    },
  },
  "audit.rotate_bytes": size(100e6, "The audit log goes on in a new file above this many bytes."),
} satisfies Record<string, Setting<unknown>>;

/**
 * Settings of SPEC 14 that this version does not support, by their first word, with what to do instead. A
 * file may have them, because another version may have written it; they have no effect.
 */
export const NOT_HONOURED: ReadonlyMap<string, string> = new Map(Object.entries({
  environment:
    "Save what you want to know later in a file of the worktree before the snapshot: `pip freeze > packages.txt`.",
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

/** The settings that name programs. */
export const HOOKS = [
  "hooks.pre-snapshot",
  "hooks.post-snapshot",
  "hooks.pre-restore",
  "hooks.post-restore",
] as const satisfies readonly ConfigKey[];

/** All names, in the table's order. */
export const CONFIG_KEYS = Object.keys(CONFIG_TABLE) as ConfigKey[];

/** How far the clocks of two hosts may be apart, in milliseconds. */
const SKEW = 60_000;

/** A public key, and since when it is not trusted: a time that there is. */
function revocation(): Schema<string> {
  const what = "a public key and a time";
  const pattern = /^[0-9a-f]{64} (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z$/;
  const form = text({ pattern, what });
  return new Schema<string>({
    kind: "text",
    check(value, at) {
      const line = form.check(value, at);
      const [, seconds = ""] = pattern.exec(line) ?? [];
      // Date.parse reads the 31st of February as the 3rd of March.
      const ms = Date.parse(`${seconds}Z`);
      if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(seconds)) return line;
      throw mismatch(at, what, value);
    },
    json: () => form.json(),
  });
}

function quantity(parse: (text: string) => number, what: string, most = Infinity): Schema<number> {
  return new Schema<number>({
    kind: "other",
    check(value, at) {
      try {
        const amount = parse(typeof value === "string" || typeof value === "number" ? String(value) : "");
        if (amount <= most) return amount;
      } catch (error) {
        if (!isJvsError(error, "E_USAGE")) throw error;
      }
      throw mismatch(at, what, value);
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
