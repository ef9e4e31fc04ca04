import { formatBytes } from "../../../model/duration.ts";
import { shortId } from "../../../model/ids.ts";
import type { HolderOfLease } from "../../../model/lease.ts";
import type { SignatureState } from "../../../model/signing.ts";
import type { Degradations, Descriptor } from "../../../model/records.ts";
import { count, joinTexts, oneLine, pad, pathText, type Style, widest } from "./style.ts";

/** How to continue in a detached worktree. */
export const WAYS_ON =
  "Continue from here with `jvs worktree fork NAME`, or return to the newest snapshot with `jvs restore HEAD`.";

const STEPS: readonly (readonly [name: string, ms: number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];
const A_MONTH_MS = 30 * 86_400_000;
/** Of what comes within so long the hour counts. */
const SOON_MS = 3 * 86_400_000;

/** How long ago a time was; the date if it was more than a month ago. */
export function ago(time: string, now: number): string {
  const ms = now - Date.parse(time);
  if (ms > A_MONTH_MS || ms < -60_000) return time.slice(0, 10);
  const [name, step] = STEPS.find(([, size]) => ms >= size) ?? ["", 0];
  return step === 0 ? "just now" : `${count(Math.floor(ms / step), name)} ago`;
}

/** `2026-01-02 03:04:05 UTC` */
export function moment(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The same of a time to come; of one that is days away the date. */
export function momentToCome(time: string, now: number): string {
  return Date.parse(time) - now < SOON_MS ? moment(time) : new Date(time).toISOString().slice(0, 10);
}

/** Who holds a lease, and until when. */
export function leaseText({ holder_id, is_mine, lease_expires_at }: HolderOfLease): string {
  return `held by ${is_mine ? "this session" : oneLine(holder_id)} until ${moment(lease_expires_at)}`;
}

/** Who signed a snapshot, or why that is not as it must be; empty for one that is not signed. */
export function signatureText({ problem, public_key, signer, state }: SignatureState): string {
  if (problem !== null) return oneLine(problem);
  if (state === "unsigned") return "";
  const by = signer === null ? `the key ${public_key}` : oneLine(signer);
  return state === "untrusted" ? `by ${by}, which you do not trust` : `by ${by}`;
}

/** The short id of a snapshot. */
export function shortName(id: string, style: Style): string {
  return style.paint("name", shortId(id));
}

/** A note in quotation marks, or nothing. */
export function noteText(note: string): string {
  return note === "" ? "" : `"${oneLine(note)}"`;
}

/** `12 files, 3 folders, 1.2 GB`. */
export function contentText({ files, directories, symlinks, other, bytes }: Descriptor["stats"]): string {
  return joinTexts(
    [count(files, "file"), ...othersText(directories, symlinks, other), formatBytes(bytes)],
    ", ",
  );
}

/** What there is besides files; an empty text for a kind of which there is nothing. */
export function othersText(folders: number, links: number, other: number): string[] {
  return [
    folders > 0 ? count(folders, "folder") : "",
    links > 0 ? count(links, "link") : "",
    other > 0 ? `${other} other` : "",
  ];
}

/** The losses: a pair for each kind, with the first path of that kind. */
export function lost({ counts, first }: Degradations): [name: string, value: string][] {
  return Object.entries(counts).map(([kind, number]) => {
    const example = first.find((each) => each.kind === kind);
    const of = `${kind.replaceAll("_", " ")} of ${count(number, "entry", "entries")}`;
    if (example === undefined) return ["not kept", of];
    return ["not kept", `${of}: ${pathText(example.path)}${number > 1 ? ", …" : ""} (${example.reason})`];
  });
}

/** Names and their values, for people. A pair without a value is left out. */
export type Facts = readonly (readonly [name: string, value: string])[];

/** A title, and below it a line `name  value` for each fact, with aligned names. */
export function titled(title: string, pairs: Facts, style: Style): string {
  return `${title}\n${facts(pairs, style, "  ")}`;
}

/** The lines alone. */
export function facts(pairs: Facts, style: Style, indent = ""): string {
  const shown = pairs.filter(([, value]) => value !== "");
  const width = widest(shown.map(([name]) => name));
  const lines = shown.map(([name, value]) =>
    `${indent}${style.paint("faint", pad(name, width))}  ${value}\n`
  );
  return lines.join("");
}

/** Any value on one line. */
export function valueText(value: unknown): string {
  return oneLine(typeof value === "string" ? value : JSON.stringify(value) ?? "");
}
