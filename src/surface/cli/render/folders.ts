import { formatBytes } from "../../../model/duration.ts";
import type { ResultOf } from "../../../operation/registry.ts";
import { count, joinTexts } from "./style.ts";
import { othersText } from "./words.ts";

/** One path that differs. */
export type Difference = ResultOf<"diff">["differences"][number];

/** One line of a list: a path, or a folder with everything in it. */
export interface Row {
  readonly difference: Difference;
  /** The content of the folder, such as `5,000 files, 12 folders, -81 MB`. Empty for a path. */
  readonly inside: string;
  /** The number of paths on this line. */
  readonly paths: number;
}

/** The rows of a list of differences: with `all` one for each path, else one for a whole new, removed or moved folder. */
export function rowsOf(differences: readonly Difference[], all: boolean): Row[] {
  return all
    ? differences.map((difference) => ({ difference, inside: "", paths: 1 }))
    : byFolder(differences);
}

/**
 * One line for each folder that is new, removed or moved as a whole, with a count of its content. All other paths have
 * their own lines: those in a folder that stays, and those that moved out of a folder alone.
 */
function byFolder(differences: readonly Difference[]): Row[] {
  const made = new Set<string>();
  const gone = new Set<string>();
  for (const { kind, path, type, aspects } of differences) {
    const isOther = kind === "modified" && aspects.includes("type");
    if (type === "dir" && (kind === "added" || isOther)) made.add(path);
    // A path of another type now may have been a folder before. Then its content is gone.
    if (type === "dir" ? kind === "removed" : isOther) gone.add(path);
  }
  const groups = new Map<string, Group>();
  const rows: (Difference | Group)[] = [];
  for (const difference of differences) {
    const folder = folderOf(difference, made, gone);
    if (folder === undefined) {
      rows.push(difference);
      continue;
    }
    const key = joined(folder.kind, folder.path, folder.old_path ?? "");
    let group = groups.get(key);
    if (group === undefined) {
      groups.set(key, group = new Group({ ...difference, ...folder, ...NOTHING_OF_ITS_OWN }));
      rows.push(group);
    }
    group.add(difference);
  }
  joinMoved(groups);
  return rows.filter((row) => !(row instanceof Group) || row.paths > 0)
    .map((row) => row instanceof Group ? row.row() : { difference: row, inside: "", paths: 1 });
}

const NOTHING_OF_ITS_OWN = { type: "dir", aspects: [], size_before: null, size_after: null } as const;

/** The whole folder in whose line a difference is; undefined if it has a line of its own. */
function folderOf(
  { kind, path, old_path }: Difference,
  made: ReadonlySet<string>,
  gone: ReadonlySet<string>,
): Pick<Difference, "kind" | "path" | "old_path"> | undefined {
  const to = kind === "added" || kind === "renamed" ? topOf(path, made) : undefined;
  const from = kind === "removed" ? topOf(path, gone) : old_path === null ? undefined : topOf(old_path, gone);
  if (kind === "added" && to !== undefined) return { kind, path: to, old_path: null };
  if (kind === "removed" && from !== undefined) return { kind, path: from, old_path: null };
  if (to !== undefined && from !== undefined && old_path?.slice(from.length) === path.slice(to.length)) {
    return { kind, path: to, old_path: from };
  }
}

function joined(...parts: string[]): string {
  return parts.join("\n"); // encoded paths have no newlines
}

/** The highest of these folders that contains the path or is the path. */
function topOf(path: string, folders: ReadonlySet<string>): string | undefined {
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    if (folders.has(path.slice(0, at))) return path.slice(0, at);
  }
  return folders.has(path) ? path : undefined;
}

/**
 * Joins the lines of a moved folder. The diff finds only files with content again. If the folders and empty files have the
 * same names in both places, the whole folder moved.
 */
function joinMoved(groups: ReadonlyMap<string, Group>): void {
  for (const moved of groups.values()) {
    const { head } = moved;
    if (head.kind !== "renamed") continue;
    const made = groups.get(joined("added", head.path, ""));
    const gone = groups.get(joined("removed", head.old_path ?? "", ""));
    if (made === undefined || gone === undefined || made.names !== gone.names) continue;
    for (const each of made.all) moved.add(each);
    moved.paths += gone.paths;
    [made.paths, gone.paths] = [0, 0]; // they have no line any more
  }
}

/** The differences in the line of one folder. */
class Group {
  readonly all: Difference[] = [];
  /** How many paths the line stands for. */
  paths = 0;

  constructor(readonly head: Difference) {}

  /** Each path below the folder, with its type. */
  get names(): string {
    return this.all.map(({ path, type }) => joined(path.slice(this.head.path.length), type)).join("\n");
  }

  add(difference: Difference): void {
    this.all.push(difference);
    this.paths++;
  }

  row(): Row {
    const { head, all, paths } = this;
    const inside = all.filter(({ path }) => path !== head.path);
    const of = (...types: string[]) => inside.filter(({ type }) => types.includes(type)).length;
    const [files, folders, links] = [of("file"), of("dir"), of("symlink")];
    const bytes = inside.reduce(
      (sum, { size_before, size_after }) => sum + (size_after ?? size_before ?? 0),
      0,
    );
    const sign = head.kind === "added" ? "+" : head.kind === "removed" ? "-" : "";
    const parts = [
      files > 0 ? count(files, "file") : "",
      ...othersText(folders, links, inside.length - files - folders - links),
      files > 0 ? `${sign}${formatBytes(bytes)}` : "",
    ];
    return { difference: head, inside: joinTexts(parts, ", "), paths };
  }
}
