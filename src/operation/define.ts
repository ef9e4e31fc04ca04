import {
  anything,
  boolean,
  type Fields,
  type Infer,
  type InferFields,
  record,
  type RecordSchema,
  type Schema,
  text,
} from "../model/schema.ts";
import type { AnyChangeKind } from "../protocol/change/kind.ts";
import type { Context, RepositoryContext } from "../protocol/context.ts";

interface Described<N extends string, C extends Context, I extends Fields, O> {
  readonly needs: N;
  /** Its name on the command line: `snapshot`, `worktree fork`. */
  readonly name: string;
  /** One sentence without a full stop, for lists. */
  readonly summary: string;
  /** More paragraphs for its help page. */
  readonly about?: string;
  /** Command lines with what they do, for help and reference. */
  readonly examples?: readonly (readonly [command: string, what: string])[];
  /** What it changes. `outside`: something outside an existing repository, such as a new repository. */
  readonly changes: "nothing" | "worktree" | "repository" | "outside";
  readonly input: RecordSchema<I>;
  readonly output: Schema<O>;
  /** The kinds of change that it makes. Recovery finds them here. By default none. */
  readonly kinds?: readonly AnyChangeKind[];
  /** Whether this result means exit code 1, although there was no error. By default never. */
  readonly failed?: (result: O, input: InferFields<I>) => boolean;
  /** The exit code of the command, where it is that of another program. By default 0, or 1 by `failed`. */
  readonly exitCode?: (result: O) => number;
  /** Whether `--session-file` may name a file that does not exist yet: a new session begins. By default not. */
  readonly beginsSession?: boolean;
  readonly run: (context: C, input: InferFields<I>) => Promise<O>;
}

/** An operation on a repository. */
export type Operation<I extends Fields = Fields, O = unknown> =
  & Described<"repository", RepositoryContext, I, O>
  & {
    /** Whether the user says that a repository is theirs that may be a copy without the mark of JVS. By default not. */
    readonly takesUnmarked?: (input: InferFields<I>) => boolean;
  };

/** An operation that needs no repository (`init`, `version`). */
export type FreeOperation<I extends Fields = Fields, O = unknown> = Described<"nothing", Context, I, O>;

/** Any operation, without the types of its input and result. */
export type AnyOperation = Operation | FreeOperation;

/** Describes an operation on a repository. Its types come from its schemas. */
export function defineOperation<I extends Fields, S extends Schema<unknown>>(
  operation: Omit<Operation<I, Infer<S>>, "needs" | "output"> & { readonly output: S },
): Operation<I, Infer<S>> {
  return { ...operation, output: operation.output as Schema<Infer<S>>, needs: "repository" };
}

/** Describes an operation that needs no repository. */
export function defineFreeOperation<I extends Fields, S extends Schema<unknown>>(
  operation: Omit<FreeOperation<I, Infer<S>>, "needs" | "output"> & { readonly output: S },
): FreeOperation<I, Infer<S>> {
  return { ...operation, output: operation.output as Schema<Infer<S>>, needs: "nothing" };
}

/** `--worktree NAME` of operations that otherwise work on the worktree the user is in. */
export const OTHER_WORKTREE = text().optional().about("Another worktree than the one you are in.")
  .cli({ placeholder: "NAME", completes: "worktree" });

/** `<name>` of operations that work on one worktree. */
export const WORKTREE_NAME = text().about("The worktree.")
  .cli({ positional: true, placeholder: "NAME", completes: "worktree" });

/** `<name>` of operations that make a worktree. */
export const NEW_WORKTREE_NAME = text().about("The new worktree's name; its folder is worktrees/<name>.")
  .cli({ positional: true, placeholder: "NAME" });

/** `--verify` and `--no-verify` of operations that make a worktree. */
export const VERIFY_CONTENT = boolean().optional()
  .about("Hash the content before it appears in the worktree; --no-verify never does.");

/** `--all` of operations that list differences. */
export const EVERY_PATH = boolean().default(false)
  .about("Name every path, also those in new and removed folders.");

/** What results say of the program. */
export const JVS_VERSION = text().about("The version of jvs that gives this result.");

/** What results say of a setting. */
export const Setting = record({
  key: text().about("The setting's name."),
  value: anything().about("Its value: a size in bytes, a time as text such as `30s`, or a word."),
});

/** The list of operations. Every surface uses it. */
export type Catalog = ReturnType<typeof catalogOf>;

/** Makes a catalog from a function for each name that loads its operation. */
export function catalogOf(loaders: Readonly<Record<string, () => Promise<unknown>>>) {
  /** All names, in the order of the registry. */
  const names: readonly string[] = Object.keys(loaders);
  const has = (name: string): boolean => Object.hasOwn(loaders, name);
  /** The names of two words that begin with this word: `worktree create`, … */
  const group = (word: string): readonly string[] => names.filter((name) => name.startsWith(`${word} `));
  const load = async (name: string): Promise<AnyOperation> => {
    const loader = has(name) ? loaders[name] : undefined;
    if (loader === undefined) throw new Error(`no operation is called "${name}"`);
    // Each operation has its own types of input and result. The catalog forgets them.
    return await loader() as AnyOperation;
  };
  /** Loads the operation with this name, or those of a group; for no name all, which is slow. Empty if there is none. */
  const loadNamed = (name: string): Promise<AnyOperation[]> =>
    Promise.all((name === "" ? names : has(name) ? [name] : group(name)).map(load));
  return { names, has, group, load, loadNamed, loadAll: () => loadNamed("") };
}
