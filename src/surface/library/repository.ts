import { absolutePath } from "../../model/absolute_path.ts";
import { type Reporter, silentReporter } from "../../model/progress.ts";
import { JvsError } from "../../model/errors.ts";
import type { Context } from "../../protocol/context.ts";
import { callOperation, defaultActor, openRepository } from "../../operation/call.ts";
import { changeKindOf, OPERATIONS, operations, type ResultOf } from "../../operation/registry.ts";
import { type CallOptions, methodName, type RepositoryMethods } from "./methods.ts";

/** How to work with a repository. */
export interface RepositoryOptions {
  /** Told what long work is doing; nobody by default. */
  reporter?: Reporter;
  /** Stops every operation; never by default. */
  signal?: AbortSignal;
  /** Who is recorded in the audit log; `user@host` by default. */
  actor?: string;
  /** The session that the audit trail is to name; none by default. */
  session?: string;
  /** How long to wait for a lock, in milliseconds; the repository's setting by default. */
  lockTimeoutMs?: number;
  /** The engine to clone with; the repository's setting by default. */
  engine?: string;
  /** The user's own folder of settings, where trust is kept; none by default. */
  userConfig?: string;
}

/**
 * A repository, from one of its worktrees. Each operation of the command line is a method, with the same fields in and the
 * same fields out; it throws a `JvsError` where the command would print one. Nothing is kept open between calls.
 */
export class Repository {
  private constructor(
    /** The folder that it was opened from, absolute: the worktree around it is the one that methods work on. */
    readonly folder: string,
    private readonly options: RepositoryOptions,
  ) {}

  /** Makes a repository in a folder that does not exist yet or is empty; what is to be versioned goes into its `main`. */
  static async init(path: string, options: RepositoryOptions = {}): Promise<Repository> {
    const folder = absolutePath(path, Deno.cwd());
    const slash = folder.lastIndexOf("/");
    // The operation takes a name in the current folder, or that folder itself.
    const [cwd, input] = isFolder(folder)
      ? [folder, {}]
      : [folder.slice(0, slash) || "/", { name: folder.slice(slash + 1) }];
    return await made("init", cwd, input, options);
  }

  /** Puts an existing folder under version control where it stands; its history goes into a folder beside it. */
  static async adopt(path: string, options: RepositoryOptions = {}): Promise<Repository> {
    return await made("adopt", absolutePath(path, Deno.cwd()), {}, options);
  }

  /** The repository around a folder; `E_NOT_A_REPOSITORY` where there is none. */
  static async open(path: string, options: RepositoryOptions = {}): Promise<Repository> {
    const folder = absolutePath(path, Deno.cwd());
    await openRepository(await contextFor(folder, options));
    return new Repository(folder, options);
  }

  /** Runs an operation by the words that call it, such as `worktree fork`; its input is checked. */
  async call(
    operation: string,
    input: Readonly<Record<string, unknown>> = {},
    options: CallOptions = {},
  ): Promise<unknown> {
    if (!operations.has(operation)) {
      throw new JvsError("E_USAGE", `Cannot run "${operation}": there is no such operation`, {
        hint: `There are: ${operations.names.join(", ")}.`,
      });
    }
    const context = await contextFor(this.folder, this.options, options);
    return await callOperation(await operations.load(operation), context, input);
  }
}

/** The methods for operations are made from the registry, and so are their types. */
export interface Repository extends RepositoryMethods {}

for (const name of Object.keys(OPERATIONS)) {
  Object.defineProperty(Repository.prototype, methodName(name), {
    value(this: Repository, input?: Record<string, unknown>, options?: CallOptions) {
      return this.call(name, input, options);
    },
  });
}

async function made(
  operation: "init" | "adopt",
  cwd: string,
  input: Record<string, unknown>,
  options: RepositoryOptions,
): Promise<Repository> {
  const result = await callOperation(await operations.load(operation), await contextFor(cwd, options), input);
  const { worktree } = result as ResultOf<typeof operation>;
  return await Repository.open(worktree.path, options);
}

async function contextFor(cwd: string, options: RepositoryOptions, call: CallOptions = {}): Promise<Context> {
  const signals = [options.signal, call.signal].filter((signal) => signal !== undefined);
  return {
    cwd,
    repo: undefined,
    actor: options.actor ?? await defaultActor(),
    session: options.session,
    reason: call.reason,
    lockTimeoutMs: options.lockTimeoutMs,
    engine: options.engine,
    // A program means what it says: nothing is guessed.
    forProgram: true,
    userConfig: options.userConfig,
    home: undefined,
    reporter: options.reporter ?? silentReporter,
    signal: AbortSignal.any(signals),
    kindOf: changeKindOf,
  };
}

function isFolder(path: string): boolean {
  if (path.includes("\0")) return false; // no path at all
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
