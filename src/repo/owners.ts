import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { userNameOf } from "../platform/host_names.ts";
import { isShared } from "../platform/make_own.ts";
import type { Host, Rights, Stat } from "../platform/platform.ts";

/** The user who wants to use a repository. */
export type Caller = Pick<Host, "uid" | "gid" | "userName"> & {
  /** The groups that the process is known to be in. */
  readonly rights?: Pick<Rights, "groups">;
};

/** What decides about another user's repository. */
export interface OwnerOptions {
  /** Repositories that the user's own config trusts (`trustedRepositories`); none by default. */
  readonly trustedRoots?: readonly string[];
  /** Where the groups of users stand; the system's file by default. */
  readonly groupFile?: string;
}

type Owned = Pick<Stat, "uid" | "gid" | "mode">;

/** Whose a repository's control plane, and what is in it, may be. SPEC 2. */
export class Owners {
  readonly #root: string;
  readonly #caller: Caller;
  readonly #options: OwnerOptions;
  #control: Owned | undefined;

  /** `root` is absolute and has no links. */
  constructor(root: string, caller: Caller, options: OwnerOptions) {
    this.#root = root;
    this.#caller = caller;
    this.#options = options;
  }

  /**
   * `E_UNTRUSTED` for a control plane that belongs to neither the caller nor root, is not opened to a group of the caller's
   * on purpose, and that the user's own config does not trust: its owner could make JVS act for them.
   */
  check({ uid, gid, mode }: Owned): void {
    const { uid: lastUid, gid: lastGid, mode: lastMode } = this.#control ?? {};
    if (uid === lastUid && gid === lastGid && mode === lastMode) return;
    if (!this.#isTrusted({ uid, gid, mode })) throw untrusted(this.#root, uid, this.#caller);
    this.#control = { uid, gid, mode };
  }

  /** Whether something in the control plane, which was checked, belongs to a user who may put it there. */
  may({ uid, gid }: Stat): boolean {
    const control = this.#control;
    if (control === undefined) return false;
    if (uid === this.#caller.uid || uid === 0 || uid === control.uid) return true;
    // What is made in a shared control plane has its group (setgid), which only members can give; what was moved there
    // has its maker's.
    return isShared(control.mode) &&
      (gid === control.gid || this.#isInGroup({ uid, gid, userName: userNameOf(uid) }, control.gid));
  }

  /**
   * Whether a record of this user's may decide what happens to the caller's own files: modes, owners, attributes. Where a
   * group shares the control plane, each member may write anything there in own name, and only the caller's and root's count.
   */
  isTrustedMaker(uid: number): boolean {
    const control = this.#control;
    if (uid === this.#caller.uid || uid === 0) return true;
    return control !== undefined && !isShared(control.mode) && uid === control.uid;
  }

  #isTrusted({ uid, gid, mode }: Owned): boolean {
    if (uid === this.#caller.uid || uid === 0) return true;
    if (isShared(mode) && this.#isInGroup(this.#caller, gid)) return true;
    return this.#options.trustedRoots?.some((trusted) => isSameFolder(trusted, this.#root)) ?? false;
  }

  /**
   * By what the system says of the process or, without the C library, by its file of groups. What a folder lets us do
   * proves nothing, as its owner can let in any user by an access list.
   */
  #isInGroup(user: Caller, gid: number): boolean {
    if (user.gid === gid || user.rights?.groups?.includes(gid)) return true;
    for (const line of groupLines(this.#options.groupFile ?? "/etc/group")) {
      const [, , id, members = ""] = line.split(":");
      if (id === String(gid) && members.split(",").includes(user.userName)) return true;
    }
    return false;
  }
}

function untrusted(root: string, owner: number, caller: Caller): JvsError {
  return new JvsError(
    "E_UNTRUSTED",
    `Cannot use the repository ${
      quoted(root)
    }: it belongs to another user (${owner}), whom you have not trusted`,
    {
      hint: `If you trust its owner, add the folder to "trusted_repositories" in your own config.jsonc (in ` +
        "~/.config/jvs, or where XDG_CONFIG_HOME says), or have it shared with your group (`jvs init --shared group`).",
      details: { root, owner, user: caller.uid },
    },
  );
}

function isSameFolder(path: string, root: string): boolean {
  try {
    return Deno.realPathSync(path) === root;
  } catch {
    return false; // trusted once and gone by now
  }
}

function groupLines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n");
  } catch {
    return []; // a system that keeps its groups elsewhere: only the caller's own counts
  }
}
