import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { list, record, SchemaMismatch, text } from "../model/schema.ts";
import { attempt } from "../platform/deno_call.ts";
import { readFresh } from "../platform/durable.ts";
import type { Host, Rights } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { misfit, parseSettings } from "./config.ts";
import { Layout } from "./layout.ts";

/** Who wants to use a repository. */
export type Caller = Pick<Host, "uid" | "gid" | "userName"> & {
  /** The groups that the process is known to be in. */
  readonly rights?: Pick<Rights, "groups">;
};

/** What decides about somebody else's repository. */
export interface OwnerOptions {
  /** Repositories that the user's own config trusts (`trustedRepositories`); none by default. */
  trustedRoots?: readonly string[];
  /** Where the groups of users stand; the system's file by default. */
  groupFile?: string;
}

const GROUP_OPEN = 0o2070;

/**
 * `E_UNTRUSTED` for a control plane that belongs to neither the caller nor root, is not opened to a group of the caller's
 * on purpose, and that the user's own config does not trust: whoever owns it could make JVS act for them. SPEC 2. Gives
 * what was looked at; `E_NOT_A_REPOSITORY` where there is no control plane. `root` is absolute and has no links.
 */
export function checkOwner(root: string, caller: Caller, options: OwnerOptions = {}): Deno.FileInfo {
  const info = controlInfo(root);
  const { uid, gid, mode } = info;
  if (uid === null || uid === caller.uid || uid === 0) return info; // no owners here, ours, or root's
  if (isShared(mode) && gid !== null && isInGroup(caller, gid, options.groupFile)) return info;
  if (options.trustedRoots?.some((trusted) => isSameFolder(trusted, root))) return info;
  throw new JvsError(
    "E_UNTRUSTED",
    `Cannot use the repository ${
      quoted(root)
    }: it belongs to another user (${uid}), whom you have not trusted`,
    {
      hint: `If you trust its owner, add the folder to "trusted_repositories" in your own config.jsonc (in ` +
        "~/.config/jvs, or where XDG_CONFIG_HOME says), or have it shared with your group (`jvs init --shared group`).",
      details: { root, owner: uid, user: caller.uid },
    },
  );
}

function controlInfo(root: string): Deno.FileInfo {
  const { control } = new Layout(root);
  try {
    // Not through a link: a control plane elsewhere could be anybody's trusted one.
    const info = attempt("look at", control, () => Deno.lstatSync(control));
    if (info.isDirectory) return info;
  } catch (error) {
    if (!isSystemError(error, "ENOENT", "ENOTDIR")) throw error;
  }
  throw new JvsError("E_NOT_A_REPOSITORY", `Cannot open the repository ${quoted(root)}: there is none`, {
    details: { root },
  });
}

function isSameFolder(path: string, root: string): boolean {
  try {
    return Deno.realPathSync(path) === root;
  } catch {
    return false; // trusted once and gone by now
  }
}

/** Whether a control plane with this mode is shared with its group on purpose. */
export function isShared(mode: number | null): boolean {
  return mode !== null && (mode & GROUP_OPEN) === GROUP_OPEN;
}

const UserConfig = record({ trusted_repositories: list(text()).default([]) });

/** The repositories that the user's own config trusts whoever owns them. */
export function trustedRepositories(userConfig: string | undefined): readonly string[] {
  if (userConfig === undefined) return [];
  const path = `${userConfig}/config.jsonc`;
  const content = readIfAllowed(path);
  if (content === undefined) return [];
  const document = parseSettings(content, path);
  try {
    return UserConfig.check(document.value).trusted_repositories;
  } catch (error) {
    throw error instanceof SchemaMismatch ? misfit(document, path, error) : error;
  }
}

/** Under sudo and su HOME can be somebody else's: what is closed to us is not our config. */
function readIfAllowed(path: string): string | undefined {
  try {
    return readFresh(path);
  } catch (error) {
    if (isSystemError(error, "EACCES", "EPERM")) return undefined;
    throw error;
  }
}

/**
 * By what the system says of the process or, without the C library, by its file of groups. What a folder lets us do
 * proves nothing, as its owner can let in anybody by an access list.
 */
function isInGroup(caller: Caller, gid: number, groupFile = "/etc/group"): boolean {
  if (caller.gid === gid || caller.rights?.groups?.includes(gid)) return true;
  for (const line of groupLines(groupFile)) {
    const [, , id, members = ""] = line.split(":");
    if (id === String(gid) && members.split(",").includes(caller.userName)) return true;
  }
  return false;
}

function groupLines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n");
  } catch {
    return []; // a system that keeps its groups elsewhere: only the caller's own counts
  }
}
