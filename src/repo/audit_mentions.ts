import { textOf } from "../model/bytes.ts";
import { openLog } from "./audit_chain.ts";
import { archivesOf, linesOf } from "./audit_files.ts";
import type { Layout } from "./layout.ts";

/** What the audit log has of a snapshot. */
export interface Mention {
  /** The checksum of its descriptor, as the record of the snapshot has it; null where no whole one does. */
  descriptorChecksum: string | null;
}

/**
 * Which of these snapshots any record names, damaged ones and the one in HEAD included: nothing is proved here. A record
 * names only what was published.
 */
export function snapshotsMentioned(layout: Layout, ids: readonly string[]): Map<string, Mention> {
  const mentions = new Map<string, Mention>();
  const look = (text: string) => {
    for (const id of ids) if (text.includes(`"${id}"`)) mention(mentions, id, text);
  };
  const files = openLog(layout, archivesOf(layout));
  try {
    for (const file of files) for (const lines of linesOf(file)) lines.map(textOf).forEach(look);
  } finally {
    files.forEach((file) => file[Symbol.dispose]());
  }
  look(layout.auditHead.readFresh() ?? "");
  return mentions;
}

function mention(mentions: Map<string, Mention>, id: string, text: string): void {
  const known = mentions.get(id)?.descriptorChecksum ?? null;
  mentions.set(id, { descriptorChecksum: known ?? checksumIn(text, id) });
}

/** A line, or HEAD, which has its record as `next`. */
function checksumIn(text: string, id: string): string | null {
  try {
    const parsed = JSON.parse(text);
    const { operation, target, details } = parsed.next ?? parsed;
    const checksum: unknown = details.descriptor_checksum;
    return operation === "snapshot" && target === id && typeof checksum === "string" ? checksum : null;
  } catch {
    return null; // torn or damaged: `Chain` tells of that
  }
}
