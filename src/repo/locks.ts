import { nowIso } from "../platform/clock.ts";
import { acquireLock, type AcquireLockOptions, type FileLock } from "../platform/locks.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";

/** How to wait for a lock; 30 s for one holder by default. */
export type LockWait = Partial<Omit<AcquireLockOptions, "holder">>;

const USUAL_TIMEOUT_MS = 30_000;

/** The file locks of a repository. Each has one holder at a time among all hosts; a crash frees it. SPEC 10. */
export class Locks {
  constructor(private readonly layout: Layout, private readonly ensureRuntime: () => void) {}

  /** For a change of one worktree, by its id, because its name may change. */
  worktree(id: string, operation: string, wait: LockWait = {}): Promise<FileLock> {
    return this.take(`worktree-${id}`, operation, wait);
  }

  /** For changes of the repository as a whole. */
  repository(operation: string, wait: LockWait = {}): Promise<FileLock> {
    return this.take("repository", operation, wait);
  }

  /** For a garbage collection, which deletes files while changes go on. It comes before the repository's lock. */
  collection(operation: string, wait: LockWait = {}): Promise<FileLock> {
    return this.take("collection", operation, wait);
  }

  /** For a few milliseconds around one file or one number. Its holder never waits for another lock. */
  short(name: string): Promise<FileLock> {
    return this.take(`short-${name}`, name, {});
  }

  /** The same for a file of the caller's on this host: the lock is beside it. */
  own(file: ControlPath): Promise<FileLock> {
    return this.lock(file, file.name, {});
  }

  private async take(name: string, operation: string, wait: LockWait): Promise<FileLock> {
    this.ensureRuntime();
    return await this.lock(this.layout.lock(name), operation, wait);
  }

  private async lock(file: ControlPath, operation: string, wait: LockWait): Promise<FileLock> {
    const { host } = this.layout.plane.platform;
    const holder = { host: host.name, pid: host.pid, operation, since: nowIso() };
    return await acquireLock(file, { timeoutMs: USUAL_TIMEOUT_MS, ...wait, holder });
  }
}
