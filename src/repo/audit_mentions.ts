import { textOf } from "../model/bytes.ts";
import { openLog } from "./audit_chain.ts";
import { linesOf } from "./audit_files.ts";
import type { Layout } from "./layout.ts";

/** What the audit log says about a snapshot. */
export interface Mention {
  /** The checksum of its descriptor in the record of the snapshot; null without a whole record of it. */
  descriptorChecksum: string | null;
}

/**
 * Which of these snapshots are named in a record. Damaged records and the one in HEAD count too; nothing is proved. A
 * record names only snapshots that were published.
 */
export function snapshotsMentioned(layout: Layout, ids: readonly string[]): Map<string, Mention> {
  const mentions = new Map<string, Mention>();
  const look = (text: string) => {
    for (const id of ids) if (text.includes(`"${id}"`)) mention(mentions, id, text);
  };
  using log = openLog(layout);
  for (const file of log.files) for (const lines of linesOf(file)) lines.map(textOf).forEach(look);
  look(layout.auditHead.readFresh() ?? "");
  return mentions;
}

function mention(mentions: Map<string, Mention>, id: string, text: string): void {
  const known = mentions.get(id)?.descriptorChecksum ?? null;
  mentions.set(id, { descriptorChecksum: known ?? checksumIn(text, id) });
}

/** The checksum in a line, or in HEAD, whose record is `next`. */
function checksumIn(text: string, id: string): string | null {
  try {
    const parsed = JSON.parse(text);
    const { operation, target, details } = parsed.next ?? parsed;
    const checksum: unknown = details.descriptor_checksum;
    return operation === "snapshot" && target === id && typeof checksum === "string" ? checksum : null;
  } catch {
    return null; // torn or damaged: `Chain` reports it
  }
}
