import { JvsError } from "./errors.ts";

/** RFC 8785 canonical JSON of plain data: what is hashed and signed. SPEC 3. */
export function canonicalJson(value: unknown): string {
  return write(value, "$");
}

function write(value: unknown, where: string): string {
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
      if (Array.isArray(value)) {
        // Array.from also visits holes, as undefined, which is refused.
        return `[${Array.from(value, (item, index) => write(item, `${where}[${index}]`)).join()}]`;
      }
      return writeObject(value, where);
    default:
      throw refusal(where, typeof value);
  }
}

function writeObject(value: object, where: string): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  // The JSON of a Date, Map or byte array could not be read back as the same value.
  if (prototype !== Object.prototype && prototype !== null) throw refusal(where, "no plain object");
  const members = value as Record<string, unknown>;
  // The default order of sort() is by UTF-16 code units, which the RFC asks for.
  const parts = Object.keys(members).sort().map((key) =>
    `${writeText(key, where)}:${write(members[key], `${where}.${key}`)}`
  );
  return `{${parts.join()}}`;
}

function writeText(text: string, where: string): string {
  if (!text.isWellFormed()) throw refusal(where, "text with half a surrogate pair");
  return JSON.stringify(text);
}

function refusal(where: string, found: string): JvsError {
  return new JvsError("E_INTERNAL", `Cannot write canonical JSON: ${where} is ${found}`, {
    details: { where, found },
  });
}
