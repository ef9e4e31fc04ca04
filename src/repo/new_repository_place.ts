import { absolutePath, isWithin } from "../model/absolute_path.ts";
import { textOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { type ErrorCode, JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { callDeno } from "../platform/deno_call.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { discover, repositoryAt } from "./discover.ts";
import { Layout } from "./layout.ts";
import type { TrustedRepository } from "./owners.ts";

/** What else a place is checked against. */
export interface PlaceOptions {
  /** The home folder of the user, besides the usual ones such as `/home/x`. */
  home?: string;
  /** Repositories of other owners that the user trusts; none by default. */
  trustedRoots?: readonly TrustedRepository[];
}

/** How the name of the temporary folder begins in which a control plane is made. */
export const UNFINISHED = ".jvs-unfinished-";

/** The system's own folders, on Linux and macOS: no user has anything in them. */
const SYSTEM_TREES = [
  ..."/bin /sbin /boot /dev /etc /proc /sys /lib /lib32 /lib64 /libx32 /System /private/etc".split(" "),
  ...inside("/usr", "bin sbin lib lib32 lib64 libexec libx32 include share games"),
];
/** Folders of the system that hold what users and others put there: only the folder itself is refused. */
const SYSTEM_FOLDERS = [
  ..."/ /home /media /mnt /opt /root /run /run/user /snap /srv /tmp /usr /var".split(" "),
  ..."/usr/local /usr/src /lost+found".split(" "),
  ...inside("/usr/local", "bin etc games include lib libexec man sbin share src"),
  ...inside("/var", "backups cache lib local lock log mail opt run spool tmp"),
  ..."/Applications /Library /Users /Volumes /private /private/tmp /private/var".split(" "),
];
const HOME = /^\/(?:root|(?:home|Users)\/[^/]+)$/;
/** The most entries that are searched for a repository inside. Snapshots leave out one that is not found. */
const MOST_LOOKS = 20_000;

/**
 * Refuses a place where no repository may be made (SPEC 2 "`init`, `adopt` refuse"); the error says why. The path is
 * absolute and need not exist. Returns it without links.
 */
export function checkNewRepositoryPlace(path: string, options: PlaceOptions = {}): string {
  const said = absolutePath(path, "/");
  checkSystem(said, options.home); // before the path is resolved: it can be closed to us
  const place = withoutLinks(said);
  checkSystem(place, options.home === undefined ? undefined : withoutLinks(options.home));
  checkSurroundings(place, options);
  return place;
}

/** The same for a folder that is adopted where it is. Returns it without links. */
export function checkAdoptable(path: string, platform: Platform, options: PlaceOptions = {}): string {
  const place = checkNewRepositoryPlace(path, options);
  const stat = statOf(place);
  if (stat === undefined) {
    throw refusal("E_NOT_FOUND", place, "it does not exist", "Name a folder that exists.");
  }
  if (!stat.isDirectory) {
    throw refusal("E_USAGE", place, "it is not a folder", "Name the folder that the file is in.");
  }
  using folder = platform.openFolder(place);
  if (Stat.ofFolder(folder).mountRoot) {
    const state = "it is a mount point, and its history must lie beside it on the same file system";
    throw refusal("E_USAGE", place, state, "Adopt a folder inside it.");
  }
  const inside = repositoryInside(place);
  if (inside !== undefined) {
    const hint = "Choose a folder without a repository in it, or move that repository elsewhere first.";
    throw refusal("E_ALREADY_EXISTS", place, `it holds a repository, ${quoted(inside)}`, hint, inside);
  }
  const sibling = `${place}.jvs`;
  if (!isUnused(sibling)) {
    const state = `${quoted(sibling)}, where its history would be, is there already`;
    const hint =
      "If it is this folder's history from before it was moved, run `jvs adopt --relocate`; else move it away.";
    throw refusal("E_ALREADY_EXISTS", place, state, hint);
  }
  return place;
}

function checkSystem(place: string, home: string | undefined): void {
  if (place !== "/" && (place === home || HOME.test(place))) {
    throw refusal("E_USAGE", place, "it is a home folder", "Choose a folder inside it.");
  }
  if (SYSTEM_FOLDERS.includes(place) || SYSTEM_TREES.some((tree) => isWithin(place, tree))) {
    const state = place === "/" ? "it is the root of the whole system" : "it is a system folder";
    const hint = "Choose a folder of your own, for example one in your home folder.";
    throw refusal("E_USAGE", place, state, hint);
  }
  if (home !== undefined && isWithin(home, place)) {
    const hint = "Choose a folder inside your home folder.";
    throw refusal("E_USAGE", place, "your home folder is inside it", hint);
  }
}

function checkSurroundings(place: string, { trustedRoots = [] }: PlaceOptions): void {
  if (repositoryAt(place, { trustedRoots }) !== undefined) {
    const hint = "Use it as it is; `jvs info` describes it.";
    throw refusal("E_ALREADY_EXISTS", place, "it is a repository already", hint);
  }
  const found = discover(nearestFolder(place), { trustedRoots });
  if (found === undefined) return;
  const { control } = new Layout(found.root);
  const where = found.worktree !== null
    ? `worktree "${found.worktree}" of the repository ${quoted(found.root)}`
    : isWithin(place, control.path) || isWithin(place, `${found.root}/worktrees`)
    ? `what JVS keeps for the repository ${quoted(found.root)}`
    : undefined;
  if (where === undefined) return;
  const hint = "Choose a folder outside; what is in a worktree is versioned with it already.";
  throw refusal("E_USAGE", place, `it is inside ${where}`, hint, found.root);
}

/** The nearest repository below a folder. */
function repositoryInside(place: string): string | undefined {
  let looks = 0;
  for (const { name, isDirectory, folder } of entriesBelow(place)) {
    if (isDirectory && name === ".jvs") return folder;
    if (++looks > MOST_LOOKS) break;
  }
  return undefined;
}

/** All entries below a folder, the nearest first. Links and other file systems are not entered. */
export function* entriesBelow(place: string): Generator<Deno.DirEntry & { readonly folder: string }> {
  const dev = statOf(place)?.dev;
  const folders = [place];
  for (const folder of folders) { // it grows meanwhile
    try {
      if (statOf(folder)?.dev !== dev) continue;
      for (const entry of Deno.readDirSync(folder)) {
        if (entry.isDirectory) folders.push(`${folder}/${entry.name}`);
        yield { ...entry, folder };
      }
    } catch {
      // Closed to us, or removed: the first snapshot will name it.
    }
  }
}

function inside(folder: string, names: string): string[] {
  return names.split(" ").map((name) => `${folder}/${name}`);
}

function withoutLinks(path: string): string {
  const folder = nearestFolder(path);
  const real = callDeno("find", folder, () => Deno.realPathSync(folder));
  return absolutePath(`${real}/${path.slice(folder.length)}`, "/");
}

/** The path itself, or the nearest folder above it that exists. */
function nearestFolder(path: string): string {
  for (let folder = path;; folder = folder.slice(0, folder.lastIndexOf("/"))) {
    if (folder === "" || statOf(folder) !== undefined) return folder || "/";
  }
}

function statOf(path: string): Deno.FileInfo | undefined {
  return unlessFailed(["ENOENT", "ENOTDIR"], () => callDeno("look at", path, () => Deno.statSync(path)));
}

/** Whether the path is missing, an empty folder, or what a killed `init` left. */
export function isUnused(path: string): boolean {
  const stat = statOf(path);
  if (stat === undefined || !stat.isDirectory) return stat === undefined;
  const entries = entriesIn(path);
  const isLeftOver = ({ name, isDirectory }: Deno.DirEntry) =>
    name.startsWith(UNFINISHED) ||
    (["main", "worktrees"].includes(name) && isDirectory && entriesIn(`${path}/${name}`).length === 0);
  return entries.every(isLeftOver);
}

/** The same of an open folder, whatever has its name by now. */
export function isUnusedFolder(folder: Folder): boolean {
  const [names, stat] = [folder.list(), new Stat()];
  for (let i = 0; i < names.count; i++) {
    const name = names.name(i).slice();
    const text = textOf(name);
    if (text.startsWith(UNFINISHED)) continue;
    if (!["main", "worktrees"].includes(text) || !folder.stat(name, stat) || stat.type !== DIR) return false;
    using inner = folder.openFolder(name);
    if (inner.list().count > 0) return false;
  }
  return true;
}

function entriesIn(folder: string): Deno.DirEntry[] {
  return callDeno("list", folder, () => [...Deno.readDirSync(folder)]);
}

function refusal(code: ErrorCode, place: string, state: string, hint: string, repository?: string): JvsError {
  return new JvsError(code, `Cannot put ${quoted(place)} under version control: ${state}`, {
    hint,
    details: { path: place, ...(repository === undefined ? {} : { repository }) },
  });
}
