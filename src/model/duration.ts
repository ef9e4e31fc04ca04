import { JvsError } from "./errors.ts";
import { quoted } from "./path_text.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds of each unit, the largest first. */
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", DAY],
  ["h", HOUR],
  ["m", MINUTE],
  ["s", SECOND],
  ["ms", 1],
];
const MS_OF: ReadonlyMap<string, number> = new Map(UNITS);
const DURATION = /^(?:\d+(?:\.\d+)?\s*(?:ms|[smhd])\s*)+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)\s*(ms|[smhd])/g;

/** Milliseconds of `30s`, `10m`, `24h`, `30d`, `1500ms`, `1h 30m`; a plain number is seconds. */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  const ms = /^\d+(\.\d+)?$/.test(trimmed)
    ? Number(trimmed) * SECOND
    : DURATION.test(trimmed)
    ? trimmed.matchAll(DURATION_PART).reduce(
      (sum, [, number, unit = ""]) => sum + Number(number) * (MS_OF.get(unit) ?? NaN),
      0,
    )
    : NaN;
  return exact(ms, text, "a duration", "Give a number with ms, s, m, h or d, such as 30s or 24h.");
}

/** A duration for people, in its two largest units; `parseDuration` can read it. */
export function formatDuration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)}ms`;
  // Below ten seconds a tenth matters. Above, rounding comes before splitting, or the result could be "1m 60s".
  if (ms < 10 * SECOND) return `${Math.round(ms / 100) / 10}s`;
  const step = ms < HOUR ? SECOND : ms < DAY ? MINUTE : HOUR;
  let rest = Math.round(ms / step) * step;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(" ");
}

const BYTES = /^(\d+(?:\.\d+)?)\s*(?:([kmgtp])(i?)b?|b)?$/i;
const PREFIXES = "kmgtp";

/** Bytes of `123`, `100MB`, `1.5 GB` (powers of 1000) or `1GiB` (of 1024); the `B` and the case do not matter. */
export function parseBytes(text: string): number {
  const [, number, prefix = "", binary] = BYTES.exec(text.trim()) ?? [];
  const power = prefix === "" ? 0 : PREFIXES.indexOf(prefix.toLowerCase()) + 1;
  // Rounded, because decimals such as 0.3 KiB give fractions of a byte.
  const bytes = number === undefined ? NaN : Number(number) * (binary ? 1024 : 1000) ** power;
  const hint = "Give a number with B, KB, MB, GB, TB or KiB, MiB, GiB, TiB.";
  return exact(bytes, text, "an amount of bytes", hint);
}

/** An amount of bytes for people, in powers of 1000, with three digits. */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let power = 0;
  // 999.5 would be shown as 1000.
  for (; amount >= 999.5 && power < PREFIXES.length; power++) amount /= 1000;
  if (power === 0) return `${bytes} B`;
  return `${Number(amount.toPrecision(3))} ${(PREFIXES[power - 1] as string).toUpperCase()}B`;
}

const WHEN = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s*(Z|[+-]\d\d:?\d\d)?)?$/i;

/** The time, in milliseconds since 1970, of an ISO date or time (local without a zone), or of `2h` or `3d ago`. */
export function parseWhen(text: string, nowMs: number): number {
  const trimmed = text.trim();
  const ago = trimmed.replace(/\s*ago$/, "");
  if (DURATION.test(ago)) return nowMs - parseDuration(ago);
  const [, year, month, day, time = "00:00", zone = ""] = WHEN.exec(trimmed) ?? [];
  const date = `${year}-${month}-${day}`;
  // Date.parse reads the 31st of February as the 3rd of March.
  const known = year !== undefined &&
    new Date(Date.UTC(+year, Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  const ms = known ? Date.parse(`${date}T${time}${zone.replace(/(\d\d):?(\d\d)/, "$1:$2")}`) : NaN;
  const hint = "Give a date or time such as 2026-01-31 or 2026-01-31T09:30Z, or how long ago: 2h, 3d.";
  return exact(ms, text, "a time", hint);
}

/** Later times have years of five digits. */
const LATEST = Date.parse("9999-12-31T23:59:59.999Z");

/** The time of an ISO date or time that is still to come, or in `90d`. */
export function parseLater(text: string, nowMs: number): number {
  const trimmed = text.trim();
  const hint = "Give a date or time to come, such as 2027-01-31, or how long from now on: 12h, 90d.";
  const isTime = WHEN.test(trimmed);
  const ms = DURATION.test(trimmed)
    ? nowMs + parseDuration(trimmed)
    : isTime
    ? parseWhen(trimmed, nowMs)
    : NaN;
  return exact(ms > nowMs && ms <= LATEST ? ms : NaN, text, "a time to come", hint);
}

function exact(value: number, text: string, what: string, hint: string): number {
  const rounded = Math.round(value);
  if (Number.isSafeInteger(rounded)) return rounded;
  throw new JvsError("E_USAGE", `Cannot read ${quoted(text)} as ${what}`, { hint, details: { text } });
}
