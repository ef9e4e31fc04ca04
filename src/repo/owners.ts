import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { userNameOf } from "../platform/host_names.ts";
import { isForOwnerAlone, isOpenToOthers, isShared } from "../platform/make_own.ts";
import type { Host, Rights } from "../platform/platform.ts";
import type { Stat } from "../platform/stat.ts";

/** The user who wants to use a repository. */
export type Caller = Pick<Host, "uid" | "gid" | "userName"> & {
  /** The groups that the process is in, as far as known. */
  readonly rights?: Pick<Rights, "groups">;
};

/** How a repository of another user is judged. */
export interface OwnerOptions {
  /** Repositories that the user's own config trusts (`trustedRepositories`); none by default. */
  readonly trustedRoots?: readonly string[];
  /** The file that lists groups and their users; the system's by default. */
  readonly groupFile?: string;
  /** Also take what may be a copy in which the mark of JVS was lost; false by default. */
  readonly takesUnmarked?: boolean;
}

type Owned = Pick<Stat, "uid" | "gid" | "mode">;

/** Who may own the control plane and what is in it. SPEC 2. */
export class Owners {
  #control: Owned | undefined;

  /** `root` is absolute and has no links. */
  constructor(
    private readonly root: string,
    readonly caller: Caller,
    private readonly options: OwnerOptions,
  ) {}

  /**
   * `E_UNTRUSTED` unless the control plane belongs to the caller or root, is shared on purpose with a group of the caller,
   * or is trusted in the user's own config. Otherwise its owner could make JVS act for them.
   */
  check({ uid, gid, mode }: Owned): void {
    const { uid: lastUid, gid: lastGid, mode: lastMode } = this.#control ?? {};
    if (uid === lastUid && gid === lastGid && mode === lastMode) return;
    if (!this.#isTrusted({ uid, gid, mode })) throw untrusted(this.root, uid, this.caller);
    this.#control = { uid, gid, mode };
  }

  /**
   * Whether JVS must have made a control plane that only its owner may write: what is in it is that user's word alone. The user
   * answers for one that is trusted.
   */
  get mustBeOfJvs(): boolean {
    return !(this.options.takesUnmarked ?? false) && !this.isListed;
  }

  /** Whether something in the control plane, which was checked before, belongs to a user who may put it there. */
  may({ uid, gid }: Stat): boolean {
    const control = this.#control;
    if (control === undefined) return false;
    if (uid === this.caller.uid || uid === 0 || uid === control.uid) return true;
    // New files in a shared control plane get its group (setgid), which only members can set. Files that were moved there
    // keep the group of the user who made them.
    return isShared(control.mode) &&
      (gid === control.gid || this.#isInGroup({ uid, gid, userName: userNameOf(uid) }, control.gid));
  }

  /**
   * Whether users other than its owner may write into the control plane. Then only a folder of its own says who wrote what is in
   * it (`isOwnFolderOf`): the owner of a file says nothing, because members may move files of others to any name.
   */
  get isOpenToOthers(): boolean {
    return this.#control !== undefined && isOpenToOthers(this.#control.mode);
  }

  /** The mode of `.jvs`. */
  get controlMode(): number {
    return this.#control?.mode ?? 0;
  }

  /**
   * Whether only this user can have put anything into a folder: it belongs to that user, nobody else may write into it, and JVS
   * made it so. Nobody can move such a folder to another parent, because that takes the right to write into it.
   */
  isOwnFolderOf(user: number, folder: Pick<Stat, "uid" | "mode" | "marked">): boolean {
    return folder.uid === user && isForOwnerAlone(folder);
  }

  #isTrusted({ uid, gid, mode }: Owned): boolean {
    if (uid === this.caller.uid || uid === 0) return true;
    return isShared(mode) && this.#isInGroup(this.caller, gid) || this.isListed;
  }

  /** Whether the user's own config trusts it. */
  get isListed(): boolean {
    return this.options.trustedRoots?.some((trusted) => isSameFolder(trusted, this.root)) ?? false;
  }

  /**
   * Uses the groups of the process and the system's file of groups. Access to the folder proves nothing, because its owner
   * can admit any user by an access list.
   */
  #isInGroup(user: Caller, gid: number): boolean {
    if (user.gid === gid || user.rights?.groups?.includes(gid)) return true;
    for (const line of groupLines(this.options.groupFile ?? "/etc/group")) {
      const [, , id, members = ""] = line.split(":");
      if (id === String(gid) && members.split(",").includes(user.userName)) return true;
    }
    return false;
  }
}

function untrusted(root: string, owner: number, caller: Caller): JvsError {
  const state = `it belongs to another user (${owner}), whom you have not trusted`;
  return new JvsError("E_UNTRUSTED", `Cannot use the repository ${quoted(root)}: ${state}`, {
    hint: `If you trust its owner, add the folder to "trusted_repositories" in your own config.jsonc (in ` +
      "~/.config/jvs, or where XDG_CONFIG_HOME says), or have it shared with your group (`jvs init --shared group`).",
    details: { root, owner, user: caller.uid },
  });
}

function isSameFolder(path: string, root: string): boolean {
  try {
    return Deno.realPathSync(path) === root;
  } catch {
    return false; // the trusted folder no longer exists
  }
}

function groupLines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n");
  } catch {
    return []; // the system keeps its groups elsewhere: only the groups of the process count
  }
}
