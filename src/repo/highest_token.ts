import { textOf } from "../model/bytes.ts";
import { HIGHEST_TOKEN, type Lease } from "../model/lease.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { openLog } from "./audit_chain.ts";
import { linesFromEnd } from "./audit_files.ts";
import type { Layout } from "./layout.ts";

/** So many of the newest records are searched: some milliseconds. */
const MOST_LINES = 1000;

/**
 * The highest fencing token that a lease of this worktree had, as far as its record, its last lease or the newest records of the audit trail
 * tell. The record may be of an older copy, and no two leases should have one token.
 */
export function highestToken(
  layout: Layout,
  { fencing_token, worktree_id }: Pick<WorktreeConfig, "fencing_token" | "worktree_id">,
  lease: Pick<Lease, "fencing_token"> | undefined,
): number {
  const told = [lease?.fencing_token ?? 0, newestToken(layout, worktree_id)];
  return Math.max(fencing_token, ...told.filter((token) => token < HIGHEST_TOKEN));
}

/** That of the newest record of an acquisition; 0 if none is found. */
function newestToken(layout: Layout, worktreeId: string): number {
  const tokenIn = (text: string) => {
    if (!TAKEN.test(text) || !text.includes(`"${worktreeId}"`)) return undefined;
    const [, token] = /"fencing_token": ?(\d{1,16})\b/.exec(text) ?? [];
    return token === undefined ? undefined : Number(token);
  };
  const last = tokenIn(layout.auditHead.readFresh() ?? "");
  if (last !== undefined) return last;
  using log = openLog(layout);
  return linesFromEnd(log.files).take(MOST_LINES).map((line) => tokenIn(textOf(line)))
    .find((token) => token !== undefined) ?? 0;
}

const TAKEN = /"operation": ?"lock (?:acquire|steal)"/;
