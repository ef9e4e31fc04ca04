import { bytesOf } from "../model/bytes.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { checkName, isAccepted } from "../model/names.ts";
import { quoted } from "../model/path_text.ts";
import { WorktreeConfig } from "../model/records.ts";
import { DIR } from "../model/entry.ts";
import { attempt } from "../platform/deno_call.ts";
import { Stat } from "../platform/platform.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { Layout } from "./layout.ts";
import { damaged, readRecord } from "./record_file.ts";

/** The names of the worktrees of a repository, sorted. Their records are not checked. */
export function worktreeNames(layout: Layout): string[] {
  // A name that no worktree may have belongs to a temporary file, or to another program.
  const names = layout.worktrees.names().filter(isName).sort();
  if (names.length === 0) return names;
  using folder = layout.worktrees.open();
  const stat = new Stat();
  return names.filter((name) => folder.stat(bytesOf(name), stat) && stat.type === DIR);
}

/** The record of a worktree; nothing when there is none, `E_DESCRIPTOR_CORRUPT` when it is damaged. */
export function readWorktree(layout: Layout, name: string): WorktreeConfig | undefined {
  const file = layout.worktreeConfig(checkName(name, "worktree"));
  const config = readRecord(file, WorktreeConfig, `the record of worktree "${name}"`);
  // The name of the folder counts: a rename changes it first, and a crash may leave the old name in the record.
  return config && { ...config, name };
}

/** The error for a worktree that has a folder but no record. */
export function missingRecord(layout: Layout, name: string): JvsError {
  return damaged(layout.worktreeConfig(name), `the record of worktree "${name}"`, "the file is missing");
}

/**
 * The parts of the path from the repository to the payload root of a worktree. Only an adopted repository `X.jvs` may
 * have a payload root outside itself, `../X`. A path that leaves the repository or enters `.jvs` is `E_PATH_ESCAPE`.
 * SPEC 2.
 */
export function payloadParts(layout: Layout, { name, path }: WorktreeConfig): string[] {
  const parts = path.split("/");
  const isAdopted = parts[0] === ".." && parts.length === 2 && layout.root.endsWith(`/${parts[1]}.jvs`);
  const inside = isAdopted ? parts.slice(1) : parts;
  const escapes = inside.some((part) => part === "" || part === "." || part === ".." || part.includes("\0"));
  if (!escapes && (isAdopted || parts[0] !== ".jvs")) return parts;
  throw pathEscape(name, path, "it would lead out of the repository, or into what is not the worktree's");
}

/** `E_PATH_ESCAPE` for the path in the record of a worktree. */
export function pathEscape(name: string, path: string, state: string): JvsError {
  return new JvsError(
    "E_PATH_ESCAPE",
    `Cannot use the path ${quoted(path)} of worktree "${name}": ${state}`,
    {
      hint:
        "The worktree's record was changed, or a link was put there; see it with `jvs doctor --strict`. " +
        "If an adopted folder was moved or renamed, run `jvs adopt --relocate` where it is now.",
      details: { worktree: name, path },
    },
  );
}

/** The absolute payload root in the record of a worktree. Links in it are refused when it is opened. */
export function payloadRoot(layout: Layout, config: WorktreeConfig): string {
  const [first, ...rest] = payloadParts(layout, config);
  const parent = first === ".."
    ? layout.root.slice(0, layout.root.lastIndexOf("/"))
    : `${layout.root}/${first}`;
  return [parent, ...rest].join("/");
}

/**
 * The name of the worktree that contains an absolute path without links. For a worktree with a damaged record its usual
 * place counts, so that its files are not taken for those of another worktree.
 */
export function worktreeAt(layout: Layout, path: string): string | undefined {
  const likely = likelyName(layout, path);
  if (likely !== undefined && holds(layout, likely, path) !== false) return likely;
  return worktreeNames(layout).find((name) => name !== likely && holds(layout, name, path) === true);
}

/** Whether a worktree contains a path; nothing when its record is damaged. */
function holds(layout: Layout, name: string, path: string): boolean | undefined {
  try {
    const config = readWorktree(layout, name);
    return config !== undefined && isWithin(path, payloadRoot(layout, config));
  } catch (error) {
    if (isUnreadableRecord(error) || isJvsError(error, "E_PATH_ESCAPE")) return undefined;
    throw error;
  }
}

/** Whether an absolute path outside the control plane exists, of any kind. */
export function isAt(path: string): boolean {
  return unlessFailed(["ENOENT"], () => attempt("look at", path, () => Deno.lstatSync(path))) !== undefined;
}

/** Whether a path is this folder or is inside it; both are absolute. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** The worktree whose usual place contains the path: so one record is read instead of all. */
function likelyName(layout: Layout, path: string): string | undefined {
  const { root } = layout;
  if (isWithin(path, `${root}/main`)) return "main";
  if (root.endsWith(".jvs") && isWithin(path, root.slice(0, -".jvs".length))) return "main"; // adopted
  const [first, name] = isWithin(path, root) ? path.slice(root.length + 1).split("/") : [];
  return first === "worktrees" && name && isName(name) ? name : undefined;
}

function isName(name: string): boolean {
  return isAccepted(name, (given) => checkName(given, "worktree"));
}
