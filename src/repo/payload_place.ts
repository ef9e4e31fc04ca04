import { isWithin } from "../model/absolute_path.ts";
import { bytesOf } from "../model/bytes.ts";
import { SYMLINK } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { checkName, isAccepted } from "../model/names.ts";
import { quoted } from "../model/path_text.ts";
import type { WorktreeConfig } from "../model/records.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError } from "../platform/system_error.ts";
import type { Layout } from "./layout.ts";

/** The absolute path of the folder of a worktree; `E_PATH_ESCAPE` when a record must not name it. `openPayload` refuses links in it. */
export function payloadPath(layout: Layout, config: WorktreeConfig): string {
  const [first, ...rest] = payloadParts(layout, config);
  const { root } = layout;
  const parent = first === ".." ? root.slice(0, root.lastIndexOf("/")) : `${root}/${first}`;
  return [parent, ...rest].join("/");
}

/** Opens the folder of a worktree; `E_PATH_ESCAPE` when there is a link on the way. */
export function openPayload(layout: Layout, config: WorktreeConfig): Folder {
  const [first, ...rest] = payloadParts(layout, config);
  const isAdopted = first === "..";
  let folder = layout.plane.platform.openFolder(isAdopted ? `${layout.root}/..` : layout.root);
  for (const part of isAdopted ? rest : [first ?? "", ...rest]) {
    using outer = folder;
    folder = openWithoutLink(outer, part, config);
  }
  return folder;
}

/**
 * Whether a record names the folder beside which an adopted repository was once, and the repository has another name now: it was moved or
 * renamed, mostly together with the folder. `jvs adopt --relocate` mends the record.
 */
export function wasRenamed({ root }: Layout, { path }: Pick<WorktreeConfig, "path">): boolean {
  const [first, folder = "", ...rest] = path.split("/");
  if (first !== ".." || rest.length > 0 || isNoName(folder)) return false;
  return root.endsWith(ADOPTED) && !root.endsWith(`/${folder}${ADOPTED}`);
}

/** The place where an adopted repository looks for its folder. */
export function adoptedFolder({ root }: Layout): string {
  return root.slice(0, -ADOPTED.length);
}

/** What the name of an adopted repository has after that of its folder. */
const ADOPTED = ".jvs";

function isNoName(part: string): boolean {
  return part === "" || part === "." || part === ".." || part.includes("\0");
}

/**
 * The parts of the path from the repository to the payload root of a worktree. Only an adopted repository `X.jvs` may
 * have a payload root outside itself, `../X`. A path that leaves the repository or enters `.jvs` is `E_PATH_ESCAPE`.
 * SPEC 2.
 */
function payloadParts(layout: Layout, config: WorktreeConfig): string[] {
  const { name, path } = config;
  const parts = path.split("/");
  const isAdopted = parts[0] === ".." && parts.length === 2 && layout.root.endsWith(`/${parts[1]}${ADOPTED}`);
  const inside = isAdopted ? parts.slice(1) : parts;
  if (!inside.some(isNoName) && (isAdopted || parts[0] !== ".jvs")) return parts;
  if (wasRenamed(layout, config)) {
    const state = `its repository has another name now, ${quoted(layout.root)}`;
    throw pathEscape(
      name,
      path,
      state,
      `If the folder was moved or renamed, and its .jvs folder with it, run \`jvs adopt --relocate\` in ${
        quoted(adoptedFolder(layout))
      }. \`jvs doctor\` says more.`,
    );
  }
  throw pathEscape(name, path, "it would lead out of the repository, or into what is not the worktree's");
}

/** The error for a worktree whose folder must not be used. */
export function pathEscape(name: string, path: string, state: string, hint = SEE): JvsError {
  const message = `Cannot use the path ${quoted(path)} of worktree "${name}": ${state}`;
  return new JvsError("E_PATH_ESCAPE", message, { hint, details: { worktree: name, path } });
}

const SEE = "The worktree's record was changed, or a link was put there; see it with `jvs doctor --strict`.";

/** The worktree whose usual place contains the path: so one record is read instead of all. */
export function likelyName(layout: Layout, path: string): string | undefined {
  const { root } = layout;
  if (isWithin(path, `${root}/main`)) return "main";
  if (root.endsWith(ADOPTED) && isWithin(path, adoptedFolder(layout))) return "main";
  const [first, name] = isWithin(path, root) ? path.slice(root.length + 1).split("/") : [];
  return first === "worktrees" && name && isWorktreeName(name) ? name : undefined;
}

/** Whether a worktree can have that name. */
export function isWorktreeName(name: string): boolean {
  return isAccepted(name, (given) => checkName(given, "worktree"));
}

function openWithoutLink(folder: Folder, part: string, { name, path }: WorktreeConfig): Folder {
  try {
    return folder.openFolder(bytesOf(part));
  } catch (error) {
    if (!isSystemError(error, "ELOOP", "ENOTDIR")) throw error;
    const stat = new Stat();
    if (!folder.stat(bytesOf(part), stat) || stat.type !== SYMLINK) throw error;
    throw pathEscape(name, path, `${quoted(part)} is a symbolic link`);
  }
}
