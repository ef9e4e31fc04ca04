import { isDeeper, MOST_LEVELS } from "./depth.ts";

// Schemas as values. Each gives a TypeScript type by inference, a check whose error names the path and the reason, and a
// JSON Schema. They describe records on disk and the inputs and results of operations, each once.

/** A JSON Schema, as an object. */
export type JsonSchema = { [keyword: string]: unknown };

/** The error for a value that does not fit its schema: where, and why, as a part of a sentence. */
export class SchemaMismatch extends Error {
  constructor(readonly at: string, readonly reason: string) {
    super(`${at} ${reason}`.trimStart());
  }
}

/** How a field of an operation's input is given on a command line. */
export interface FlagHints {
  /** Given by its position instead of by a flag. */
  readonly positional?: boolean;
  /** The name of the flag without leading dashes; by default the name of the field, with dashes. */
  readonly flag?: string;
  /** One letter. */
  readonly short?: string;
  /** The word for the value in help, such as `NAME`. */
  readonly placeholder?: string;
  /** What completion offers. */
  readonly completes?: "snapshot" | "worktree" | "ref" | "path" | "config" | "command";
  /** Takes every argument up to the next flag: `--paths a b`. */
  readonly many?: boolean;
  /** The value of the flag when no value follows it. */
  readonly bare?: string;
  /** Not shown in help; accepted for old scripts. */
  readonly hidden?: boolean;
}

interface Parts<T> {
  readonly kind: "text" | "number" | "boolean" | "list" | "record" | "other";
  readonly check: (value: unknown, at: string) => T;
  readonly json: () => JsonSchema;
}

/** Describes which values are allowed. Immutable: each method returns a new schema. */
export class Schema<T> {
  /** The form of the value, for the command line. */
  readonly kind: Parts<T>["kind"];
  readonly description: string = "";
  readonly hints: FlagHints = {};
  readonly isOptional: boolean = false;
  readonly fallback: { readonly value: T } | undefined;

  constructor(private readonly parts: Parts<T>) {
    this.kind = parts.kind;
  }

  /** The value, or a `SchemaMismatch`. */
  check(value: unknown, at = ""): T {
    return this.parts.check(value, at);
  }

  /** Its JSON Schema (2020-12). */
  json(): JsonSchema {
    return {
      ...this.parts.json(),
      ...(this.description === "" ? {} : { description: this.description }),
      ...(this.fallback === undefined ? {} : { default: this.fallback.value }),
    };
  }

  /** The same, with one sentence about its meaning. */
  about(description: string): this {
    return this.with({ description });
  }

  /** The same, with hints for the command line. */
  cli(hints: FlagHints): this {
    return this.with({ hints: { ...this.hints, ...hints } });
  }

  /** The same, for a field that may be missing. */
  optional(): this & { readonly isOptional: true } {
    return this.with({ isOptional: true, fallback: undefined });
  }

  /** The same, for a field that has this value when it is missing. */
  default(value: T): this & { readonly fallback: { readonly value: T } } {
    return this.with({ isOptional: false, fallback: { value } });
  }

  private with<C extends object>(changes: C): this & C {
    return Object.assign(new Schema(this.parts), this, changes);
  }
}

/** The TypeScript type of a schema's values. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/** Fields by name. */
// deno-lint-ignore no-explicit-any -- a field may be of any type; `unknown` would refuse all, as checks are contravariant
export type Fields = Record<string, Schema<any>>;

type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends { isOptional: true } ? K : never;
}[keyof F];

/** The type of an object with these fields. */
export type InferFields<F extends Fields> =
  & { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> }
  & { readonly [K in OptionalKeys<F>]?: Infer<F[K]> };

type GivenKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends { isOptional: true } | { fallback: { value: unknown } } ? never : K;
}[keyof F];

/** The type of the input for an object with these fields: those with a default may be left out. */
export type GivenFields<F extends Fields> =
  & { readonly [K in GivenKeys<F>]: Infer<F[K]> }
  & { readonly [K in Exclude<keyof F, GivenKeys<F>>]?: Infer<F[K]> | undefined };

/** The error for a value that is not what it must be. */
export function mismatch(at: string, expected: string, value: unknown): SchemaMismatch {
  const found = value === undefined ? "and is missing" : `not ${shown(value)}`;
  return new SchemaMismatch(at, `must be ${expected}, ${found}`);
}

/** A value for a message: itself when it is short, or else its kind. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const written = JSON.stringify(value);
  if (written.length <= LONGEST_SHOWN) return written;
  return `a long ${typeof value === "string" ? "text" : typeof value}`;
}

const LONGEST_SHOWN = 120;

/** A value that is taken as it is; `wanted` says what it must be, where it is not. */
function plain<T>(
  kind: Parts<T>["kind"],
  json: JsonSchema,
  wanted: (value: unknown) => string | undefined,
): Schema<T> {
  return new Schema<T>({
    kind,
    check(value, at) {
      const expected = wanted(value);
      if (expected !== undefined) throw mismatch(at, expected, value);
      return value as T;
    },
    json: () => json,
  });
}

/** A string that fits the pattern, which messages call `what` (`a snapshot id`); `format` is for JSON Schema (`date-time`). */
export function text(
  { pattern, what = "a text of the right form", format }: {
    pattern?: RegExp;
    what?: string;
    format?: string;
  } = {},
): Schema<string> {
  const json = {
    type: "string",
    ...(pattern === undefined ? {} : { pattern: pattern.source }),
    ...(format === undefined ? {} : { format }),
  };
  return plain("text", json, (value) => {
    if (typeof value !== "string") return "a text";
    return pattern?.test(value) === false ? what : undefined;
  });
}

/** One of these words. */
export function oneOf<const W extends string>(...words: readonly W[]): Schema<W> {
  const isOne = (value: unknown) => words.some((word) => word === value);
  return plain("text", { type: "string", enum: words }, (value) => {
    return isOne(value) ? undefined : `one of ${words.join(", ")}`;
  });
}

/** A whole number that a double holds exactly; not below `min`, if that is given. */
export function integer(
  { min = -Infinity, max = Infinity }: { min?: number; max?: number } = {},
): Schema<number> {
  const limits = {
    ...(min === -Infinity ? {} : { minimum: min }),
    ...(max === Infinity ? {} : { maximum: max }),
  };
  return plain("number", { type: "integer", ...limits }, (value) => {
    if (!Number.isSafeInteger(value)) return "a whole number";
    if (Number(value) < min) return `${min} or more`;
    return Number(value) > max ? `${max} or less` : undefined;
  });
}

/** True or false. */
export function boolean(): Schema<boolean> {
  return plain("boolean", { type: "boolean" }, (value) => {
    return typeof value === "boolean" ? undefined : "true or false";
  });
}

/** Exactly this value. */
export function literal<const V extends string | number | boolean>(expected: V): Schema<V> {
  return plain("other", { const: expected }, (value) => {
    return value === expected ? undefined : JSON.stringify(expected);
  });
}

/** A list of such values. */
export function list<T>(item: Schema<T>): Schema<readonly T[]> {
  return new Schema<readonly T[]>({
    kind: "list",
    check(value, at) {
      if (!Array.isArray(value)) throw mismatch(at, "a list", value);
      return value.map((v: unknown, i) => item.check(v, `${at}[${i}]`));
    },
    json: () => ({ type: "array", items: item.json() }),
  });
}

/** Such a value, or null. */
export function nullable<T>(inner: Schema<T>): Schema<T | null> {
  return new Schema<T | null>({
    kind: "other",
    check: (value, at) => value === null ? null : inner.check(value, at),
    json: () => ({ anyOf: [inner.json(), { type: "null" }] }),
  });
}

/** An object with any names and with such values. */
export function mapOf<T>(item: Schema<T>): Schema<{ readonly [name: string]: T }> {
  return new Schema<{ readonly [name: string]: T }>({
    kind: "other",
    check(value, at) {
      const entries = Object.entries(objectOf(value, at));
      return Object.fromEntries(entries.map(([name, v]) => [name, item.check(v, join(at, name))]));
    },
    json: () => ({ type: "object", additionalProperties: item.json() }),
  });
}

/** Any JSON. */
export function anything(): Schema<unknown> {
  return plain(
    "other",
    {},
    (value) => isDeeper(value, MOST_LEVELS) ? `at most ${MOST_LEVELS} levels deep` : undefined,
  );
}

/** The schema of an object, with the schemas of its fields. */
export type RecordSchema<F extends Fields> = Schema<InferFields<F>> & { readonly fields: F };

/** An object with these fields. Unknown ones are kept (records of newer programs), or refused if `closed` (users' input). */
export function record<F extends Fields>(fields: F, { closed = false } = {}): RecordSchema<F> {
  const schema = new Schema<InferFields<F>>({
    kind: "record",
    check(value, at) {
      const given = objectOf(value, at);
      for (const name of Object.keys(given).filter((name) => !Object.hasOwn(fields, name))) {
        if (closed) throw new SchemaMismatch(join(at, name), "is not known");
        anything().check(given[name], join(at, name));
      }
      const checked: Record<string, unknown> = { ...given };
      for (const [name, field] of Object.entries(fields)) {
        const present = Object.hasOwn(given, name) && given[name] !== undefined;
        if (present) checked[name] = field.check(given[name], join(at, name));
        else if (field.fallback !== undefined) checked[name] = field.fallback.value;
        else if (field.isOptional) delete checked[name];
        else throw new SchemaMismatch(join(at, name), "is missing");
      }
      return checked as InferFields<F>;
    },
    json: () => recordJson(fields, closed),
  });
  return Object.assign(schema, { fields });
}

function recordJson(fields: Fields, closed: boolean): JsonSchema {
  const required = Object.entries(fields)
    .filter(([, field]) => !field.isOptional && field.fallback === undefined).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.json()])),
    ...(required.length === 0 ? {} : { required }),
    ...(closed ? { additionalProperties: false } : {}),
  };
}

function objectOf(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw mismatch(at, "an object", value);
  }
  return value as Record<string, unknown>;
}

function join(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}
