import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { userNameOf } from "../platform/host_names.ts";
import { isForOwnerAlone, isOpenToOthers, isShared } from "../platform/folder_rights.ts";
import type { Host, Rights } from "../platform/platform.ts";
import type { Stat } from "../platform/stat.ts";

/** The user who wants to use a repository. */
export type Caller = Pick<Host, "uid" | "gid" | "userName"> & {
  /** The groups that the process is in, as far as known. */
  readonly rights?: Pick<Rights, "groups">;
};

/** A repository of another user that the user's own config trusts: only while `.jvs` has this owner, or a path alone whoever owns it. */
export type TrustedRepository = string | { readonly path: string; readonly owner: number };

/** How a repository of another user is judged. */
export interface OwnerOptions {
  /** Repositories that the user's own config trusts (`trustedRepositories`); none by default. */
  readonly trustedRoots?: readonly TrustedRepository[];
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
   * Whether JVS must have made a control plane of this owner that only its owner may write: what is in it is that user's word
   * alone. The user answers for one that is trusted.
   */
  mustBeOfJvs(control: Pick<Stat, "uid">): boolean {
    return !(this.options.takesUnmarked ?? false) && !this.isListed(control);
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

  /** Whether the control plane is the caller's own, or root's. What a user's says of owners and rights is nobody else's word. */
  get isOfCallerOrRoot(): boolean {
    return this.#control?.uid === this.caller.uid || this.#control?.uid === 0;
  }

  /**
   * Whether others than the caller and root may write into the control plane: its mode lets them, or it is theirs. Then only a folder of
   * its own says who wrote what is in it (`isOwnFolderOf`): the owner of a file says nothing, because who may write there may move
   * files of others to any name. All that protects the caller from others asks this; which modes new files get, the mode alone tells.
   */
  get isOpenToOthers(): boolean {
    return this.#control !== undefined && (isOpenToOthers(this.#control.mode) || this.isOfAnother);
  }

  /** Whether one user alone may write into it, and that is neither the caller nor root: such as where root works in a user's repository. */
  get isOfAnotherAlone(): boolean {
    return this.#control !== undefined && !isOpenToOthers(this.#control.mode) && this.isOfAnother;
  }

  private get isOfAnother(): boolean {
    return !this.isOfCallerOrRoot;
  }

  /** Whose it is. */
  get owner(): number | undefined {
    return this.#control?.uid;
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
    return isShared(mode) && this.#isInGroup(this.caller, gid) || this.isListed({ uid });
  }

  /** Whether the user's own config trusts it, with this owner. */
  isListed({ uid }: Pick<Stat, "uid">): boolean {
    return this.options.trustedRoots?.some((trusted) => isTrustedAs(trusted, this.root, uid)) ?? false;
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
    hint:
      "If you trust its owner, run `jvs config trust --repository` there: it says whose it is, and notes it in your own " +
      "settings. Or have it shared with your group (`jvs init --shared group`).",
    details: { root, owner, user: caller.uid },
  });
}

/** Whether that is this repository, of this owner; `root` has no links. A relative path would mean another folder each time. */
function isTrustedAs(trusted: TrustedRepository, root: string, owner: number): boolean {
  const { path, owner: trustedOwner } = typeof trusted === "string" ? { path: trusted, owner } : trusted;
  if (trustedOwner !== owner || !path.startsWith("/")) return false;
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
