import { JvsError } from "./errors.ts";

/** RFC 8785 canonical JSON of plain data: what is hashed and signed. SPEC 3. */
export function canonicalJson(value: unknown): string {
  return write(value, []);
}

/** `where` is the way to the value. It becomes a text only for an error, because there is one for each member. */
type Where = (string | number)[];

function write(value: unknown, where: Where): string {
  switch (typeof value) {
    case "string":
      return writeText(value, where);
    case "number":
      // The RFC uses the number form of ECMAScript, in which -0 is 0.
      if (!Number.isFinite(value)) throw refusal(where, String(value));
      return String(value);
    case "boolean":
      return String(value);
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? writeArray(value, where) : writeObject(value, where);
    default:
      throw refusal(where, typeof value);
  }
}

function writeArray(items: readonly unknown[], where: Where): string {
  // Once only, because of a list in lists each would be looked through anew: those of records are that long.
  if (where.length <= 1 && isInOrder(items)) return JSON.stringify(items);
  let text = "";
  // By number, which also visits holes, as undefined, which is refused.
  for (let i = 0; i < items.length; i++) text += (i === 0 ? "" : ",") + writeAt(items[i], i, where);
  return `[${text}]`;
}

/** Whether `JSON.stringify` writes it as the RFC asks for, in half the time. */
function isInOrder(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) {
    return typeof value === "boolean" || value === null || Number.isFinite(value);
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isInOrder(value[i])) return false;
    return true;
  }
  if (!isPlain(value)) return false;
  let last: string | undefined;
  for (const key in value) {
    if (
      last !== undefined && key < last || !key.isWellFormed() ||
      !isInOrder((value as Record<string, unknown>)[key])
    ) return false;
    last = key;
  }
  return true;
}

function writeObject(value: object, where: Where): string {
  if (!isPlain(value)) throw refusal(where, "no plain object");
  const members = value as Record<string, unknown>;
  let text = "";
  // The default order of sort() is by UTF-16 code units, which the RFC asks for.
  for (const key of Object.keys(members).sort()) {
    text += (text === "" ? "" : ",") + writeKey(key, where) + writeAt(members[key], key, where);
  }
  return `{${text}}`;
}

/** The JSON of a Date, Map or byte array could not be read back as the same value. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Keys as they are written: the same few are in all records, and to look one up takes half the time. */
const keys = new Map<string, string>();
const MOST_KEYS = 1000;

function writeKey(key: string, where: Where): string {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const text = `${writeText(key, where)}:`;
  if (keys.size < MOST_KEYS) keys.set(key, text);
  return text;
}

function writeAt(value: unknown, key: string | number, where: Where): string {
  where.push(key);
  const text = write(value, where);
  where.pop();
  return text;
}

function writeText(text: string, where: Where): string {
  if (!text.isWellFormed()) throw refusal(where, "text with half a surrogate pair");
  return JSON.stringify(text);
}

function refusal(way: Where, found: string): JvsError {
  const where = `$${way.map((key) => typeof key === "number" ? `[${key}]` : `.${key}`).join("")}`;
  return new JvsError("E_INTERNAL", `Cannot write canonical JSON: ${where} is ${found}`, {
    details: { where, found },
  });
}
