/** Inputs that are nearly right: real ones, in which a few things are changed, cut, doubled or exchanged. */

type Random = () => number;

const pick = <T>(from: readonly T[], random: Random): T => from[Math.floor(random() * from.length)] as T;

/** Values that readers expect least. */
const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  "",
  "x".repeat(70_000),
  "../../../../etc/passwd",
  "\u0000",
  "\u001b[2J\n",
  "\ud800",
  "1970-01-01T00:00:00.000Z",
  "9999-99-99T99:99:99Z",
  [],
  {},
  [[[[[[[[]]]]]]]],
  { __proto__: null, length: 1e9 },
];

/** The same bytes with one to three changes; of a JSON text the values too. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const parsed = random() < 0.5 ? jsonOf(bytes) : undefined;
  if (parsed !== undefined) return new TextEncoder().encode(changedJson(parsed, random));
  let changed = Uint8Array.from(bytes);
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    changed = pick(BYTE_CHANGES, random)(changed, random);
  }
  return changed;
}

type ByteChange = (bytes: Uint8Array<ArrayBuffer>, random: Random) => Uint8Array<ArrayBuffer>;

const BYTE_CHANGES: readonly ByteChange[] = [
  // one bit
  (bytes, random) => {
    const at = Math.floor(random() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ 1 << Math.floor(random() * 8);
    return bytes;
  },
  // one byte
  (bytes, random) => {
    bytes[Math.floor(random() * bytes.length)] = pick([0, 0x22, 0x7b, 0x7d, 0x0a, 0xff], random);
    return bytes;
  },
  // a number of 32 bits
  (bytes, random) => {
    if (bytes.length < 4) return bytes;
    const at = Math.floor(random() * (bytes.length - 3));
    new DataView(bytes.buffer).setUint32(
      at,
      pick([0, 1, 0x7fffffff, 0xffffffff, 0x80000000, 4096], random),
      true,
    );
    return bytes;
  },
  (bytes, random) => bytes.slice(0, Math.floor(random() * bytes.length)),
  (bytes, random) => bytes.slice(Math.floor(random() * bytes.length)),
  // a part twice
  (bytes, random) => {
    const [from, to] = [random(), random()].map((part) => Math.floor(part * bytes.length)).sort((a, b) =>
      a - b
    );
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  // something in between
  (bytes, random) => {
    const at = Math.floor(random() * bytes.length);
    const noise = Uint8Array.from(
      { length: 1 + Math.floor(random() * 40) },
      () => Math.floor(random() * 256),
    );
    return joined(bytes.subarray(0, at), noise, bytes.subarray(at));
  },
];

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Another value at a random place, or a name that is missing, new or another's. */
function changedJson(value: unknown, random: Random): string {
  const places: { readonly of: Record<string, unknown>; readonly name: string }[] = [];
  const collect = (each: unknown) => {
    if (typeof each !== "object" || each === null) return;
    for (const name of Object.keys(each)) {
      const of = each as Record<string, unknown>;
      places.push({ of, name });
      collect(of[name]);
    }
  };
  collect(value);
  const [one, other] = [pick(places, random), pick(places, random)];
  if (one === undefined || other === undefined) return JSON.stringify(pick(ODD, random)) ?? "null";
  const kind = random();
  if (kind < 0.5) one.of[one.name] = pick(ODD, random);
  else if (kind < 0.7) delete one.of[one.name];
  else if (kind < 0.9) [one.of[one.name], other.of[other.name]] = [other.of[other.name], one.of[one.name]];
  else one.of[pick(["extra", "__proto__", "constructor", "toString"], random)] = pick(ODD, random);
  return circular(value) ? "[]" : JSON.stringify(value);
}

/** Two values that were exchanged may be inside each other. */
function circular(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return false;
  } catch {
    return true;
  }
}
