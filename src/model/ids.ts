import { hexOf } from "./bytes.ts";
import { JvsError } from "./errors.ts";

const SNAPSHOT_ID = /^\d{13}-[0-9a-f]{8}$/;
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME_DIGITS = 13;
const LATEST_TIME = 10 ** TIME_DIGITS - 1;

/** The id of a new snapshot, above `newest` even when the clock goes back; `random` has 4 bytes. SPEC 3. */
export function newSnapshotId(nowMs: number, newest: string | null, random: Uint8Array): string {
  const time = Math.max(Math.floor(nowMs), newest === null ? 0 : idTime(newest) + 1);
  if (random.length !== 4) {
    throw new JvsError("E_INTERNAL", `Cannot make an id: ${random.length} random bytes, not 4`);
  }
  if (!(time <= LATEST_TIME)) {
    throw new JvsError("E_CLOCK_SKEW_EXCEEDED", "Cannot make a snapshot id: the time is out of its range", {
      hint: "Set the clock of this host; if the newest snapshot itself has a wrong time, see `jvs history`.",
      details: { now_ms: nowMs, newest },
    });
  }
  return `${String(time).padStart(TIME_DIGITS, "0")}-${hexOf(random)}`;
}

/** Whether a text is a full snapshot id. */
export function isSnapshotId(text: string): boolean {
  return SNAPSHOT_ID.test(text);
}

/** The 8 hex digits by which people name a snapshot. */
export function shortId(id: string): string {
  return checked(id).slice(TIME_DIGITS + 1);
}

/** The time in a snapshot id, in milliseconds since 1970. */
export function idTime(id: string): number {
  return Number(checked(id).slice(0, TIME_DIGITS));
}

/** Whether a text is a UUID v4 as JVS writes it, in lower case. */
export function isUuid(text: string): boolean {
  return UUID_V4.test(text);
}

function checked(id: string): string {
  if (isSnapshotId(id)) return id;
  throw new JvsError("E_INTERNAL", `Cannot use ${JSON.stringify(id)} as a snapshot id: it is none`);
}
