import type { Lease } from "../../src/model/lease.ts";
import type { AuditRecord } from "../../src/model/records.ts";

/** What the audit log has of leases: the operation, the fencing token and the session of each record. */
export async function lockRecords(repository: { audit(): Promise<AuditRecord[]> }) {
  const records = (await repository.audit()).filter(({ operation }) => operation.startsWith("lock "));
  return records.map(({ operation, fencing_token, session_id }) => [operation, fencing_token, session_id]);
}

interface Repository {
  /** The folder that holds `.jvs`. */
  readonly path: string;
}

/** The file of a worktree's lease. */
export function leaseFile({ path }: Repository, worktree = "main"): string {
  const config = JSON.parse(Deno.readTextFileSync(`${path}/.jvs/worktrees/${worktree}/config.json`));
  return `${path}/.jvs/runtime/shared/leases/${config.worktree_id}.json`;
}

/** The lease of a worktree, as it is on disk. */
export function leaseOn(repository: Repository, worktree = "main"): Lease {
  return JSON.parse(Deno.readTextFileSync(leaseFile(repository, worktree)));
}

/** Writes a worktree's lease as if it had been acquired and renewed so long ago; before now by default, and over. */
export function pastLease(repository: Repository, agoMs?: number, worktree = "main"): void {
  const lease = olderLease(leaseOn(repository, worktree), agoMs);
  Deno.writeTextFileSync(leaseFile(repository, worktree), JSON.stringify(lease));
}

/** The lease as if it had been acquired and renewed so long ago. */
export function olderLease(lease: Lease, agoMs = 3_600_000): Lease {
  const time = (ms: number) => new Date(ms).toISOString();
  const then = Date.now() - agoMs;
  return {
    ...lease,
    created_at: time(then),
    last_renewed_at: time(then),
    lease_expires_at: time(then + lease.lease_duration_ms),
  };
}

/** Raises the fencing token in a worktree's record, as another host does that acquires it. */
export function raiseToken({ path }: Repository, worktree = "main"): void {
  const file = `${path}/.jvs/worktrees/${worktree}/config.json`;
  const config = JSON.parse(Deno.readTextFileSync(file));
  Deno.writeTextFileSync(file, JSON.stringify({ ...config, fencing_token: config.fencing_token + 1 }));
}
