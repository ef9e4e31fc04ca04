import { formatDuration, parseBytes, parseDuration } from "../model/duration.ts";
import { isJvsError } from "../model/errors.ts";
import { ENGINE_NAMES } from "../model/records.ts";
import {
  type Infer,
  integer,
  list,
  mapOf,
  mismatch,
  nullable,
  oneOf,
  Schema,
  SchemaMismatch,
  text,
} from "../model/schema.ts";

interface Setting<T> {
  readonly schema: Schema<T>;
  readonly default: T;
  /** One sentence. */
  readonly about: string;
  /** How a person would write the value; the value itself where none is given. */
  shown?(value: T): unknown;
  /** The names below it are free (`hooks.pre-snapshot`), and their values are such. */
  readonly each?: Schema<unknown>;
}

/** Said of what can be set already, so that a repository need not be changed when it comes. */
const LATER = "(Not in this version yet: it has no effect.)";

/** What `environment` can capture. */
const ENVIRONMENT_PARTS = ["python", "conda", "node", "git", "cuda", "os"] as const;

/** A program with its arguments, always as a list of them. */
const command: Schema<readonly string[]> = Schema.of<readonly string[]>({
  kind: "other",
  check(value, at) {
    const given = typeof value === "string" ? value.split(/\s+/).filter((word) => word !== "") : value;
    if (!Array.isArray(given)) throw mismatch(at, "a program, as one text or a list of texts", value);
    const words = list(text({ pattern: /^[^\0]*$/, what: "a text without a zero character" })).check(
      given,
      at,
    );
    if (words[0]) return words;
    throw new SchemaMismatch(at, "must name a program, and names none");
  },
  json: () => ({
    anyOf: [{ type: "string" }, { type: "array", items: { type: "string" }, minItems: 1 }],
  }),
});

const DAY = 86_400_000;

/** Bytes, as a number or with a unit. */
const size = () => quantity(parseBytes, "a size such as 500MB or 2GiB");
/** Milliseconds, as `24h`; a plain number is seconds. */
const duration = () => quantity(parseDuration, "a time such as 500ms, 30s or 24h");

/** Every setting there is: its type, its default and one sentence. All that is told of settings comes from here. SPEC 14. */
export const CONFIG_TABLE = {
  engine: setting(
    oneOf("auto", ...ENGINE_NAMES),
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
    `Whether a change needs a lease. ${LATER}`,
  ),
  lock_timeout: setting(
    duration(),
    30_000,
    "How long a command waits for another one to finish.",
    durationText,
  ),
  "restore.unsaved": setting(
    oneOf("save", "refuse", "discard"),
    "save",
    "What restore does with unsaved work: save it as an autosave, refuse, or discard it.",
  ),
  "restore.verify_limit": setting(size(), 1e9, "Restore hashes what it brings back up to this many bytes."),
  "restore.keep_replaced": setting(
    duration(),
    DAY,
    "How long files that a restore replaced are kept.",
    durationText,
  ),
  "retention.keep_last_n": setting(
    integer({ min: 0 }),
    10,
    `The garbage collection keeps the newest so many snapshots. ${LATER}`,
  ),
  "retention.keep_days": setting(integer({ min: 0 }), 30, `It keeps the snapshots of so many days. ${LATER}`),
  "retention.keep_tag_prefixes": setting<readonly string[]>(
    list(text({ pattern: /[^]/, what: "the beginning of a tag" })),
    [],
    `It keeps the snapshots that have a tag beginning so. ${LATER}`,
  ),
  "retention.max_repo_bytes": setting<number | null>(
    nullable(size()),
    null,
    `It keeps less than the others say where the repository is larger than this; null is no bound. ${LATER}`,
  ),
  "retention.keep_autosave_days": setting(
    integer({ min: 0 }),
    30,
    `It keeps autosaves for so many days. ${LATER}`,
  ),
  "audit.rotate_bytes": setting(size(), 100e6, "The audit log goes on in a new file above this many bytes."),
  "signing.key": setting<string | null>(
    nullable(text()),
    null,
    `The key that snapshots are signed with; null is none. ${LATER}`,
  ),
  environment: setting<readonly (typeof ENVIRONMENT_PARTS[number])[]>(
    list(oneOf(...ENVIRONMENT_PARTS)),
    [],
    `What of the environment each snapshot records. ${LATER}`,
  ),
  hooks: {
    ...setting<{ readonly [name: string]: readonly string[] }>(
      mapOf(command),
      {},
      `Programs to run, as hooks.pre-snapshot: one text that is split at spaces, or a list of texts. ${LATER}`,
    ),
    each: command,
  },
} satisfies Record<string, Setting<unknown>>;

/** The name of a setting. */
export type ConfigKey = keyof typeof CONFIG_TABLE;

/** The type of a setting's value; sizes are in bytes, times in milliseconds. */
export type ConfigValue<K extends ConfigKey> = Infer<typeof CONFIG_TABLE[K]["schema"]>;

/** What the table says of a setting, whatever the type of its value. */
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
  return Schema.of<number>({
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
  return parseDuration(text) === ms ? text : `${ms}ms`; // the form for people is rounded
}

function setting<T>(
  schema: Schema<T>,
  fallback: T,
  about: string,
  shown?: (value: T) => unknown,
): Setting<T> {
  return { schema, default: fallback, about, ...(shown === undefined ? {} : { shown }) };
}
