import { nowIso } from "../platform/clock.ts";
import { acquireLock, type FileLock, type LockHolder } from "../platform/locks.ts";
import type { Platform } from "../platform/platform.ts";
import type { Layout } from "./layout.ts";

/** How to wait for a lock. */
export interface LockWait {
  /** How long for one holder; 30 s by default. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Told whenever somebody else is found to hold it. */
  onWait?: (holder: LockHolder | undefined) => void;
}

const USUAL_TIMEOUT_MS = 30_000;

/** A repository's file locks, each for one holder at a time among all hosts; a crash releases them. SPEC 10. */
export class Locks {
  constructor(
    private readonly layout: Layout,
    private readonly platform: Platform,
    private readonly ensureRuntime: () => void,
  ) {}

  /** For a change of one worktree, by its id: its name may change meanwhile. */
  worktree(id: string, operation: string, wait: LockWait = {}): Promise<FileLock> {
    return this.take(`worktree-${id}`, operation, wait);
  }

  /** For what changes the repository as a whole. */
  repository(operation: string, wait: LockWait = {}): Promise<FileLock> {
    return this.take("repository", operation, wait);
  }

  /** For a few milliseconds around one file or one number; never kept while another lock is waited for. */
  short(name: string): Promise<FileLock> {
    return this.take(`short-${name}`, name, {});
  }

  private async take(name: string, operation: string, wait: LockWait): Promise<FileLock> {
    this.ensureRuntime();
    const { host } = this.platform;
    const holder = { host: host.name, pid: host.pid, operation, since: nowIso() };
    return await acquireLock(this.layout.lock(name), { timeoutMs: USUAL_TIMEOUT_MS, ...wait, holder });
  }
}
