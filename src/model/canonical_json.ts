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
      // Array.from also visits holes, as undefined, which is refused.
      if (Array.isArray(value)) return `[${Array.from(value, (item, i) => writeAt(item, i, where)).join()}]`;
      return writeObject(value, where);
    default:
      throw refusal(where, typeof value);
  }
}

function writeObject(value: object, where: Where): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  // The JSON of a Date, Map or byte array could not be read back as the same value.
  if (prototype !== Object.prototype && prototype !== null) throw refusal(where, "no plain object");
  const members = value as Record<string, unknown>;
  // The default order of sort() is by UTF-16 code units, which the RFC asks for.
  const parts = Object.keys(members).sort().map((key) =>
    `${writeText(key, where)}:${writeAt(members[key], key, where)}`
  );
  return `{${parts.join()}}`;
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
