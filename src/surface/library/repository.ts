import { absolutePath } from "../../model/absolute_path.ts";
import { JvsError } from "../../model/errors.ts";
import type { Context } from "../../protocol/context.ts";
import { callOperation, openRepository } from "../../operation/call.ts";
import { type Caller, contextFor, defaultActor, inJvsErrors } from "../../operation/caller.ts";
import { OPERATIONS, operations, type ResultOf } from "../../operation/registry.ts";
import type { CallOptions, RepositoryOptions } from "./options.ts";
import type { RepositoryMethods } from "./types.ts";

/** In a bundle this file is not there. Then its address is that of some other program, and there are no workers. */
const WORKER_MODULE = import.meta.url.endsWith("/src/surface/library/repository.ts")
  ? new URL("../worker/main.ts", import.meta.url).href
  : "";

/** The name of an operation's method. */
export function methodName(operation: string): string {
  return operation.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * A repository, opened from one of its worktrees. Each operation of the command line is a method with the same input and
 * the same result. Where the command prints an error, the method throws it as a `JvsError`. Between calls no
 * file stays open, and what another process changed meanwhile is seen.
 */
export class Repository {
  private constructor(
    /** The absolute path of the folder that was opened. Methods work on the worktree around it. */
    readonly folder: string,
    private readonly options: RepositoryOptions,
  ) {}

  /** Makes a repository in a new or empty folder. The user's files go into its folder `main`. */
  static async init(path: string, options: RepositoryOptions = {}): Promise<Repository> {
    return await make("init", path, options);
  }

  /** Puts an existing folder under version control where it is. Its history goes into a folder beside it. */
  static async adopt(path: string, options: RepositoryOptions = {}): Promise<Repository> {
    return await make("adopt", path, options);
  }

  /** Opens the repository around a folder. `E_NOT_A_REPOSITORY` if there is none. */
  static async open(path: string, options: RepositoryOptions = {}): Promise<Repository> {
    return await inJvsErrors(options.signal, async () => {
      const folder = absolutePath(path, Deno.cwd());
      await openRepository(await contextOf(folder, options));
      return new Repository(folder, options);
    });
  }

  /** Checks the input and runs an operation by its name, such as `worktree fork`. */
  async call(
    operation: string,
    input: Readonly<Record<string, unknown>> = {},
    options: CallOptions = {},
  ): Promise<unknown> {
    if (!operations.has(operation)) {
      throw new JvsError("E_USAGE", `Cannot run "${operation}": there is no such operation`, {
        hint: `Use one of these: ${operations.names.join(", ")}.`,
      });
    }
    const signals = [this.options.signal, options.signal].filter((signal) => signal !== undefined);
    const signal = AbortSignal.any(signals);
    return await inJvsErrors(signal, async () => {
      const { reason, reporter = this.options.reporter } = options;
      const caller = { ...this.options, signal, reason, reporter };
      const context = await contextOf(this.folder, caller);
      return await callOperation(await operations.load(operation), context, input);
    });
  }
}

/** The registry gives the methods, at run time below, and their types. */
export interface Repository extends RepositoryMethods {}

for (const name of Object.keys(OPERATIONS)) {
  Object.defineProperty(Repository.prototype, methodName(name), {
    value(this: Repository, input?: Record<string, unknown>, options?: CallOptions) {
      return this.call(name, input, options);
    },
  });
}

async function make(
  operation: "init" | "adopt",
  path: string,
  options: RepositoryOptions,
): Promise<Repository> {
  return await inJvsErrors(options.signal, async () => {
    const folder = absolutePath(path, Deno.cwd());
    // `init` makes a folder of this name in the folder around it. Without a name it uses the folder that it is in.
    const slash = folder.lastIndexOf("/");
    const [cwd, input] = operation === "adopt" || isFolder(folder)
      ? [folder, {}]
      : [folder.slice(0, slash) || "/", { name: folder.slice(slash + 1) }];
    const context = await contextOf(cwd, options);
    const result = await callOperation(await operations.load(operation), context, input);
    const { worktree } = result as ResultOf<typeof operation>;
    return await Repository.open(worktree.path, options);
  });
}

async function contextOf(
  cwd: string,
  { threads, ...options }: Partial<Caller> & Pick<RepositoryOptions, "threads">,
): Promise<Context> {
  const workers = { module: WORKER_MODULE, threads };
  return contextFor({ ...options, cwd, workers, actor: options.actor ?? await defaultActor() });
}

function isFolder(path: string): boolean {
  if (path.includes("\0")) return false; // not a path
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
