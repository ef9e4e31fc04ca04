import { Schema, SchemaMismatch } from "../model/schema.ts";

const SIZES: Record<string, number> = {
  "": 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const TIMES: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** A number of bytes, as a number or with a unit (`500 MB`). */
export function size(): Schema<number> {
  return quantity(SIZES, "a number of bytes or a size such as 500MB or 2GiB", {
    anyOf: [{ type: "integer" }, {
      type: "string",
    }],
  });
}

/** A time span, always with its unit (`24h`); its value is in milliseconds. */
export function duration(): Schema<number> {
  return quantity(TIMES, "a time with its unit, such as 500ms, 30s, 10m, 24h or 7d", { type: "string" });
}

/** A time span in its largest whole unit, as `duration` reads it. */
export function durationText(ms: number): string {
  const [unit, factor] = Object.entries(TIMES).find(([, factor]) => ms % factor === 0 && ms >= factor) ??
    ["ms", 1];
  return `${ms / factor}${unit}`;
}

function quantity(
  units: Record<string, number>,
  what: string,
  json: Record<string, unknown>,
): Schema<number> {
  return Schema.of<number>({
    kind: "other",
    check(value, at) {
      const words = typeof value === "string" || typeof value === "number" ? String(value) : "";
      const [, digits, unit] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]*)$/.exec(words.trim()) ?? [];
      const factor = unit !== undefined && Object.hasOwn(units, unit) ? units[unit] : undefined;
      const amount = Math.round(Number(digits) * (factor ?? NaN));
      if (Number.isSafeInteger(amount)) return amount;
      throw new SchemaMismatch(at, `must be ${what}, is ${JSON.stringify(value) ?? "missing"}`);
    },
    json: () => json,
  });
}
