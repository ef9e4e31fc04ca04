import { DIR, FILE, SYMLINK } from "../../src/model/entry.ts";
import { NONE, type TreeTable } from "../../src/tree/table.ts";
import { at } from "../../src/tree/columns.ts";
import { entry, latinOf, type PlainEntry, type Random, tableOf } from "./random_tables.ts";

/** A worktree and a snapshot, and everything else that a plan depends on. */
export interface Scene {
  readonly now: PlainEntry[];
  readonly then: PlainEntry[];
  readonly nowTable: TreeTable;
  readonly thenTable: TreeTable;
  readonly ignored: ReadonlySet<string>;
  readonly fixed: ReadonlySet<string>;
  /** Paths to restore; null for all. */
  readonly scope: readonly string[] | null;
  /** Files and links of the worktree that have other names outside it. */
  readonly linkedOutside: ReadonlySet<string>;
}

/** The hashes of the possible contents of files in a comparison. */
export const CONTENTS = ["0", "1"].map((digit) => digit.repeat(64));

function randomTree(random: Random): PlainEntry[] {
  const entries = new Map<string, PlainEntry>();
  const fill = (prefix: string, depth: number) => {
    for (const name of ["a", "a.b", "b", "c"]) {
      if (random(3) === 0) continue;
      const path = prefix + name;
      const common = { mode: [0o644, 0o755][random(2)] ?? 0, sec: random(2) };
      const kind = random(6);
      if (kind < 3 && depth < 3) {
        entries.set(path, entry(path, { ...common, type: DIR }));
        fill(`${path}/`, depth + 1);
      } else if (kind === 3) {
        entries.set(
          path,
          entry(path, { sec: common.sec, type: SYMLINK, mode: 0o777, target: String(random(2)) }),
        );
      } else {
        entries.set(path, entry(path, { ...common, type: FILE, size: 1, hash: CONTENTS[random(2)] ?? null }));
      }
    }
  };
  fill("", 0);
  for (const kind of [FILE, SYMLINK]) {
    linkSome([...entries.values()].filter(({ type }) => type === kind), random);
  }
  return [entry("", { type: DIR, mode: 0o755 }), ...entries.values()];
}

/** Makes some entries of one type hard links to the same inode, so that their facts are equal. */
function linkSome(files: readonly PlainEntry[], random: Random): void {
  for (let group = 0; group < 2 && files.length > 1; group++) {
    const chosen = new Set(
      Array.from({ length: 2 + random(2) }, () => files[random(files.length)] as PlainEntry),
    );
    const free = [...chosen].filter((file) => file.group === null);
    if (free.length < 2) continue;
    const [first] = free;
    for (const file of free) {
      Object.assign(file, { ...first, path: file.path, group: `${file.type} ${group}` });
    }
  }
}

/** A comparison with everything in it that a plan depends on; with `scoped` for some paths only, with `fixed` things that must not be moved. */
export function randomScene(random: Random, options: { scoped?: boolean; fixed?: boolean } = {}): Scene {
  const now = randomTree(random);
  // Both trees are often similar, because differences must not be usual.
  const then = random(3) === 0 ? randomTree(random) : changed(now, randomTree(random), random);
  const nowTable = tableOf(now);
  const thenTable = tableOf(then);
  const some = (one: number) =>
    new Set(now.map(({ path }) => path).filter((path) => path !== "" && random(one) === 0));
  const linkedOutside = new Set([...some(6)].filter((path) => find(now, path)?.type !== DIR));
  for (let i = 0; i < nowTable.count; i++) {
    const group = at(nowTable.linkGroup, i);
    const names = group === NONE
      ? [i]
      : Array.from({ length: nowTable.count }, (_, k) => k).filter((k) => nowTable.linkGroup[k] === group);
    const outside = names.some((k) => linkedOutside.has(pathOf(nowTable, k))) ? 1 : 0;
    nowTable.nlink[i] = names.length + outside;
  }
  const all = [...new Set([...now, ...then].map(({ path }) => path))];
  return {
    now,
    then,
    nowTable,
    thenTable,
    ignored: some(5),
    fixed: options.fixed ? some(6) : new Set(),
    scope: options.scoped ? Array.from({ length: 1 + random(2) }, () => all[random(all.length)] ?? "") : null,
    linkedOutside,
  };
}

/** The first tree, with a few entries of the second one in place of its own. */
function changed(tree: readonly PlainEntry[], other: readonly PlainEntry[], random: Random): PlainEntry[] {
  const tops = ["a", "a.b", "b", "c"].filter(() => random(3) === 0);
  const isBelowTop = ({ path }: PlainEntry) => tops.some((top) => path === top || path.startsWith(`${top}/`));
  const mixed = [...tree.filter((each) => !isBelowTop(each)), ...other.filter(isBelowTop)];
  const groups = new Map<string, number>();
  const copies = mixed.map((each) => ({
    ...each,
    group: each.group === null ? null : (other.includes(each) ? "o" : "n") + each.group,
  }));
  for (const { group } of copies) if (group !== null) groups.set(group, (groups.get(group) ?? 0) + 1);
  return copies.map((each) => groups.get(each.group ?? "") === 1 ? { ...each, group: null } : each);
}

/** The entry with this path. */
export function find(tree: readonly PlainEntry[], path: string): PlainEntry | undefined {
  return tree.find((each) => each.path === path);
}

/** The path of an entry, one character for each byte. */
export function pathOf(table: TreeTable, index: number): string {
  return latinOf(table.path(index));
}

/** Whether a path is one of these or below one. */
export function isWithin(path: string, paths: Iterable<string>): boolean {
  return [...paths].some((top) => top === "" || path === top || path.startsWith(`${top}/`));
}
