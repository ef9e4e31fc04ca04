import { type DIR, type FILE, SYMLINK } from "../model/entry.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { groupNameOf, userNameOf } from "../platform/host_names.ts";
import { isShared } from "../platform/folder_rights.ts";
import type { Host } from "../platform/platform.ts";
import type { Stat } from "../platform/stat.ts";
import { isSystemError } from "../platform/system_error.ts";

/** By type number. */
const NAMES = ["a file", "a folder", "a symbolic link", "a FIFO", "a socket", "a device", "a device"];

const HINT =
  "JVS did not make this, and nothing was changed. See with `ls -l` what it is and who owns it. If it should not be " +
  "there, move it away and bring back the original from a copy of the repository.";

/** The error for a path of JVS where something else is than it must be. JVS does not use it. SPEC 2. */
export class RefusedPath extends JvsError {
  constructor(
    readonly path: string,
    readonly why: "E_PATH_ESCAPE" | "E_PERMISSION" | "E_DESCRIPTOR_CORRUPT",
    readonly state: string,
    hint = HINT,
  ) {
    super(why, `Cannot use ${quoted(path)}: ${state}`, { hint, details: { path } });
  }

  /** The same, for what has a way out of its own. */
  withHint(hint: string): RefusedPath {
    return new RefusedPath(this.path, this.why, this.state, hint);
  }
}

/** Whether the error says that a record is damaged, or that something else is in the place of its file. */
export function isUnreadableRecord(error: unknown): error is JvsError {
  return error instanceof RefusedPath || isJvsError(error, "E_DESCRIPTOR_CORRUPT");
}

/** The same, or that a record is closed to this user, whoever did that. */
export function isUnusableRecord(error: unknown): error is JvsError {
  return isUnreadableRecord(error) || isSystemError(error, "EACCES");
}

/** The error for an entry of the wrong kind. */
export function wrongKind(path: string, is: number, wanted: typeof FILE | typeof DIR): RefusedPath {
  const state = `it is ${NAMES[is] ?? "of an unknown kind"}, where ${NAMES[wanted]} of JVS must be`;
  return new RefusedPath(path, is === SYMLINK ? "E_PATH_ESCAPE" : "E_PERMISSION", state);
}

/** The error for an entry of a user who may not write here. */
export function wrongOwner(path: string, { uid }: Stat): RefusedPath {
  return new RefusedPath(
    path,
    "E_PERMISSION",
    `it belongs to another user (${uid}), who is neither the repository's owner nor of the group that it is shared with`,
    `${HINT} If it belongs there, give it to the repository's owner with \`chown\`.`,
  );
}

/** The error for a file with a second name: a write would change the file under that name too. */
export function hardLinked(path: string, { nlink }: Stat): RefusedPath {
  return new RefusedPath(
    path,
    "E_PERMISSION",
    `it has ${nlink} names (hard links), and a write by JVS would change it under all of them`,
    "Give it a copy of its own: `cp -pT --remove-destination FILE FILE.own && mv -T FILE.own FILE`. Nothing was changed.",
  );
}

/** It is larger than anything of its kind can be. */
export function tooLarge(path: string, size: number): RefusedPath {
  return new RefusedPath(
    path,
    "E_DESCRIPTOR_CORRUPT",
    `it has ${size} bytes, more than any record of JVS of its kind`,
  );
}

/** The error for a control plane that the system does not let the caller enter: to whom it is open, and who can change that. */
export function closedControl(
  root: string,
  { uid, gid, mode }: Pick<Stat, "uid" | "gid" | "mode">,
  { userName }: Pick<Host, "userName">,
  cause: unknown,
): JvsError {
  const [owner, group] = [userNameOf(uid), groupNameOf(gid)];
  const [state, hint] = isShared(mode)
    ? [
      `it is shared with the group ${group}, and you are not in it`,
      `An administrator can add you, \`usermod -aG ${group} ${userName}\`; log in again after that.`,
    ]
    : [
      `it belongs to ${owner}, and is closed to you`,
      `Only ${owner} can use it. A repository for several users is made with \`jvs init --shared group\`.`,
    ];
  return new JvsError("E_PERMISSION", `Cannot use the repository ${quoted(root)}: ${state}`, {
    hint,
    details: { root, owner, group, user: userName },
    cause,
  });
}

/** The error for a control plane that may be anybody's: only its owner and its mode say that it is the user's. */
export function notMadeHere(root: string): JvsError {
  const state =
    "nothing shows that JVS made it; a copy that lost the modes of folders looks so, and one that somebody made up";
  return new JvsError("E_UNTRUSTED", `Cannot use the repository ${quoted(root)}: ${state}`, {
    hint:
      "If you copied it there yourself, `jvs doctor --repair-runtime` takes it as it is; where nothing can be written, " +
      "run `jvs config trust --repository` there. If not, leave it alone: JVS would do to your files what it says. Nothing in " +
      "it was read.",
    details: { root },
  });
}

/** The error for a repository that another one took the place of while it was made. */
export function exchanged(root: string): JvsError {
  const state =
    "another repository got that place while it was made; nothing in that one was read or changed";
  return new JvsError("E_UNTRUSTED", `Cannot make a repository in ${quoted(root)}: ${state}`, {
    hint:
      "Somebody who may write in the folder above moved it: ask who, or make it where only you may write.",
    details: { root },
  });
}

/** The error for a control plane that may not become one user's own: its members wrote in it. */
export function sharedOnce(root: string): JvsError {
  const state = "a group shared it, so what is in it is its members' word, and not yours alone";
  return new JvsError("E_UNTRUSTED", `Cannot take the repository ${quoted(root)} as it is: ${state}`, {
    hint:
      "If it is a copy, make it again with its modes (`cp -a`, `rsync -a`). Or, if you answer for all that the members " +
      "wrote, run `jvs config trust --repository` there.",
    details: { root },
  });
}

/** The error for what others may write, in a control plane that is not shared. */
export function openToWrite(path: string, { mode }: Stat): RefusedPath {
  const state = `others may write it (mode ${
    mode.toString(8)
  }) and enter the repository, which is not shared`;
  return new RefusedPath(
    path,
    "E_PERMISSION",
    `${state}; so what it says may be another's`,
    "See whether it is as it should be; then take that right away (`chmod go-w`), or close the repository (`chmod 700 .jvs`).",
  );
}

/** The error for a folder that is to hold what only one user may write, and that others could have filled. */
export function notForOneAlone(path: string, user: number): RefusedPath {
  return new RefusedPath(
    path,
    "E_PERMISSION",
    `it must belong to user ${user}, be open to no other user's writing, and be made by JVS; so what is in it may be another's`,
    "Nothing was changed. Have its owner, or root, move it away and give nobody its rights or its owner: what is in it may be made " +
      "up. JVS makes the folder that it needs.",
  );
}
