import type { AnyOperation } from "./define.ts";

/** The operations there are, as every surface asks for them. */
export interface Catalog {
  /** The names of all, in the order of the registry. */
  readonly names: readonly string[];
  /** Whether these words call an operation. */
  has(words: string): boolean;
  /** What begins with this word and goes on with another: `worktree create`, … */
  group(word: string): readonly string[];
  /** The operation of that name. */
  load(name: string): Promise<AnyOperation>;
  /** All of them: slow, for help, documentation and tests. */
  loadAll(): Promise<AnyOperation[]>;
}

/** The catalog of what these load, by name. */
export function catalogOf(loaders: Readonly<Record<string, () => Promise<unknown>>>): Catalog {
  const names = Object.keys(loaders);
  const load = async (name: string) => {
    const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
    if (loader === undefined) throw new Error(`no operation is called "${name}"`);
    // Each has types of its own for what goes in and out; here only what they have in common is known.
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
