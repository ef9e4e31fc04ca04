import type { AnyOperation } from "./define.ts";

/** The list of operations. Every surface uses it. */
export interface Catalog {
  /** All names, in the order of the registry. */
  readonly names: readonly string[];
  /** Whether an operation has this name. */
  has(name: string): boolean;
  /** The names of two words that begin with this word: `worktree create`, … */
  group(word: string): readonly string[];
  /** Loads the operation with this name. */
  load(name: string): Promise<AnyOperation>;
  /** Loads all operations. This is slow; help, documentation and tests need it. */
  loadAll(): Promise<AnyOperation[]>;
}

/** Makes a catalog from a function for each name that loads its operation. */
export function catalogOf(loaders: Readonly<Record<string, () => Promise<unknown>>>): Catalog {
  const names = Object.keys(loaders);
  const load = async (name: string) => {
    const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
    if (loader === undefined) throw new Error(`no operation is called "${name}"`);
    // Each operation has its own types of input and result. The catalog forgets them.
    return await loader() as AnyOperation;
  };
  return {
    names,
    has: (name) => Object.hasOwn(loaders, name),
    group: (word) => names.filter((name) => name.startsWith(`${word} `)),
    load,
    loadAll: () => Promise.all(names.map(load)),
  };
}
