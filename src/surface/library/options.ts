import type { Reporter } from "../../model/progress.ts";

/** How to work with a repository. */
export interface RepositoryOptions {
  /** Receives progress and warnings. By default they are dropped. */
  reporter?: Reporter;
  /** Stops every operation. By default nothing does. */
  signal?: AbortSignal;
  /** The actor in the audit log. By default `user@host`. */
  actor?: string;
  /** The session in the audit log. By default none. */
  session?: string;
  /** How long to wait for a lock, in milliseconds. By default as the repository's setting says. */
  lockTimeoutMs?: number;
  /** How long a file system may take to answer that a program or another machine serves, in milliseconds. By default 30 s. */
  mountTimeoutMs?: number;
  /** The engine that clones. By default as the repository's setting says. */
  engine?: string;
  /** How many threads may work at once where there is much to do. By default one for each core, at most 4, and 16 to hash. */
  threads?: number;
  /** The folder of the user's own settings, which name trusted repositories, and keys. By default none. */
  userConfig?: string;
  /** The variables that hooks get besides a PATH and what JVS tells them. By default none. */
  hookEnvironment?: () => Readonly<Record<string, string>>;
  /** The hook that calls, as its variable JVS_HOOK says: inside of it no hooks run. By default none. */
  hook?: string;
  /** The key to sign with: the absolute path of its file, or its text. By default that of the repository's setting. */
  signingKey?: string;
}

/** Options of one call, beside the operation's input. */
export interface CallOptions {
  /** Receives progress and warnings of this call, instead of the reporter of the repository. */
  reporter?: Reporter;
  /** Stops the operation at a point where nothing is half done. By default nothing stops it. */
  signal?: AbortSignal;
  /** The reason in the audit log. By default none. */
  reason?: string;
}
