/** What stands at a path: its type, mode and content or target, and for a file its modification time. */
export interface Entry {
  readonly what: string;
  readonly time: number | null;
}

/** A folder's content, by path. The root itself is not in it. It never changes: an edit makes a new one. */
export type Tree = ReadonlyMap<string, Entry>;

/** The folder as it is on the disk. */
export function treeOf(root: string): Tree {
  const tree = new Map<string, Entry>();
  const walk = (prefix: string) => {
    const names = [...Deno.readDirSync(`${root}/${prefix}`)].map(({ name }) => name).sort();
    for (const name of names) {
      const path = `${prefix}${name}`;
      const at = `${root}/${path}`;
      const info = Deno.lstatSync(at);
      const mode = ((info.mode ?? 0) & 0o7777).toString(8);
      if (info.isSymlink) tree.set(path, { what: `link ${Deno.readLinkSync(at)}`, time: null });
      else if (info.isFile) {
        tree.set(path, {
          what: `file ${mode} ${Deno.readTextFileSync(at)}`,
          time: info.mtime?.getTime() ?? null,
        });
      } else tree.set(path, { what: `folder ${mode}`, time: null });
      if (info.isDirectory) walk(`${path}/`);
    }
  };
  walk("");
  return tree;
}

/** What differs between two trees, in words; with `times` the modification times of files count, too. */
export function differences(expected: Tree, found: Tree, { times = false } = {}): string[] {
  const paths = new Set([...expected.keys(), ...found.keys()]);
  return [...paths].flatMap((path) => {
    const [one, other] = [expected.get(path), found.get(path)];
    if (one?.what !== other?.what) {
      return [`"${path}" is ${shown(found.get(path))} and not ${shown(expected.get(path))}`];
    }
    if (!times || one?.time === other?.time) return [];
    return [`"${path}" is of ${other?.time} and not of ${one?.time}`];
  });
}

/** Whether they have the same content; times do not count. */
export function isSame(one: Tree, other: Tree): boolean {
  return differences(one, other).length === 0;
}

/** The tree as the files of a snapshot have it: modes and times are in its manifest alone. */
export function contentOf(tree: Tree): Tree {
  return new Map(
    [...tree].map(([path, { what }]) => [path, { what: what.replace(/ \d+/, ""), time: null }]),
  );
}

/** Only those entries. */
export function only(tree: Tree, wanted: (path: string) => boolean): Tree {
  return new Map([...tree].filter(([path]) => wanted(path)));
}

/** The folders that a path is in, the outermost first. */
export function foldersAbove(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join("/"));
}

/** The rule in each `.jvsignore` of the model, and what it says of a path. */
export const IGNORE_RULES = "*.tmp\n";

/** Whether the rules of this tree leave the path out. */
export function ignores(tree: Tree, path: string): boolean {
  return tree.has(".jvsignore") && path.endsWith(".tmp");
}

function shown(entry: Entry | undefined): string {
  return entry === undefined ? "not there" : JSON.stringify(entry.what.slice(0, 60));
}
