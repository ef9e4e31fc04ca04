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
  const rows = new Map<string, Group>();
  for (const difference of differences) {
    const [key, head] = groupOf(difference, made, gone);
    let group = rows.get(key);
    if (group === undefined) rows.set(key, group = new Group(head));
    group.add(difference);
  }
  joinMoved(rows);
  return [...rows.values()].map((group) => group.row());
}

/** The line that a difference belongs to: its key, and the difference that it shows. */
function groupOf(
  each: Difference,
  made: ReadonlySet<string>,
  gone: ReadonlySet<string>,
): [key: string, head: Difference] {
  const { kind, path, old_path } = each;
  const to = kind === "added" || kind === "renamed" ? topOf(path, made) : undefined;
  const from = kind === "removed" ? topOf(path, gone) : old_path === null ? undefined : topOf(old_path, gone);
  const head = { ...each, type: "dir" as const, aspects: [], size_before: null, size_after: null };
  if (kind === "added" && to !== undefined) return [joined("added", to), { ...head, path: to }];
  if (kind === "removed" && from !== undefined) return [joined("removed", from), { ...head, path: from }];
  if (to !== undefined && from !== undefined && old_path?.slice(from.length) === path.slice(to.length)) {
    return [joined("renamed", to, from), { ...head, path: to, old_path: from }];
  }
  return [joined(kind, path), each];
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
function joinMoved(rows: Map<string, Group>): void {
  for (const moved of rows.values()) {
    const { head } = moved;
    if (head.kind !== "renamed" || head.type !== "dir") continue;
    const [to, from] = [joined("added", head.path), joined("removed", head.old_path ?? "")];
    const [made, gone] = [rows.get(to), rows.get(from)];
    if (made === undefined || gone === undefined || made.names !== gone.names) continue;
    for (const each of made.all) moved.add(each);
    moved.paths += gone.paths;
    rows.delete(to);
    rows.delete(from);
  }
}

/** The differences of one line. */
class Group {
  readonly all: Difference[] = [];
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
    const inside = head.type === "dir" ? all.filter(({ path }) => path !== head.path) : [];
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
