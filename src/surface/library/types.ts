/*
 * The types of the library. Made by `deno task docs` from the descriptions in the code: change those, not this file.
 */

// deno-lint-ignore-file no-empty-interface -- an operation without input

import type { CallOptions } from "./options.ts";

/** A snapshot: where it came from, and the hashes that prove its content. It never changes. */
export interface Descriptor {
  /** Its full id; people see the 8 hex digits. Ids rise with time. */
  readonly snapshot_id: string;
  /** The id of the worktree that was saved; it may be removed since. */
  readonly worktree_id: string;
  /** The snapshot that the worktree stood on; null if it had none yet. */
  readonly parent_snapshot_id: string | null;
  /** When it was made. */
  readonly created_at: string;
  /** What the user said about it, or why JVS made it; empty if nothing. */
  readonly note: string;
  /** The labels that it was given when it was made, each once. */
  readonly tags: readonly string[];
  /** `manual`: the user made it; `autosave`: JVS saved unsaved work; `partial`: it holds only `paths`. */
  readonly kind: "manual" | "autosave" | "partial";
  /** The paths that it holds, encoded as in the payload root hash; null if it holds the whole worktree. */
  readonly paths: readonly string[] | null;
  /** How the tree was cloned. */
  readonly engine: "juicefs-clone" | "btrfs-snapshot" | "reflink-copy" | "copy";
  /** `quiesced`: nothing changed while it was made; `best_effort`: files may have been saved in the middle of a change. */
  readonly consistency_level: "quiesced" | "best_effort";
  /** The text of .jvsignore at that time; null if there was none. */
  readonly ignore_rules: string | null;
  /** How much it holds. */
  readonly stats: Stats;
  /** The fencing token of the lease that it was made under; null without one. */
  readonly fencing_token: number | null;
  /** What was recorded of the programs around it; null if nothing. */
  readonly environment: unknown;
  /** Other data about it, by name; empty if there is none. */
  readonly meta: { readonly [name: string]: unknown };
  /** What it could not keep. */
  readonly degradations: Degradations;
  /** Proves its content: the SHA-256 over a line for each entry; null if it is not hashed yet. */
  readonly payload_root_hash: Hash | null;
  /** Proves its manifest, the list of all its entries. */
  readonly manifest_hash: Hash;
  /** Proves the descriptor: the SHA-256 of all its other fields as canonical JSON. */
  readonly descriptor_checksum: Hash;
}

/** How much a snapshot holds. */
export interface Stats {
  /** Regular files; each name of a hard-linked file counts. */
  readonly files: number;
  /** Folders, without the payload root. */
  readonly directories: number;
  /** Symbolic links. */
  readonly symlinks: number;
  /** FIFOs, sockets and device nodes. */
  readonly other: number;
  /** The sum of the sizes of `files`: holes and each name of a hard-linked file count. */
  readonly bytes: number;
  /** Bytes in files that are new or changed since the snapshot before; in all files if none is known. */
  readonly changed_bytes: number;
}

/** Something that could not be kept. */
export interface Degradation {
  /** What could not be kept of the entry; `type`: the entry itself. */
  readonly kind:
    | "owner"
    | "xattr"
    | "acl"
    | "hardlink"
    | "mode"
    | "type"
    | "times"
    | "holes"
    | "inode_flags"
    | "unreadable"
    | "mount_point"
    | "nested_repository"
    | "nested_subvolume"
    | "changed_during_capture";
  /** Encoded as in the payload root hash; empty for the payload root, or for the whole tree. */
  readonly path: string;
  /** Why not: what the system said, or a sentence. */
  readonly reason: string;
}

/** All that could not be kept: counts, and the first hundred. */
export interface Degradations {
  /** How many there are of each kind; empty if there are none. */
  readonly counts: { readonly [name: string]: number };
  /** The first 100 of them. */
  readonly first: readonly Degradation[];
}

/** A hash and how it was made. */
export interface Hash {
  /** The algorithm. */
  readonly algo: "sha256";
  /** The hash, as 64 lower-case hex digits. */
  readonly value: string;
}

/** A name for a snapshot, the same in each worktree. */
export interface Ref {
  /** The name: no other ref of the repository has it. */
  readonly ref_name: string;
  /** The snapshot that it names. */
  readonly snapshot_id: string;
  /** When the ref was made. */
  readonly created_at: string;
  /** The actor who made it: `user@host`, or the name that the caller gave. */
  readonly created_by: string;
  /** What it means, in the user's words; empty if nothing was said. */
  readonly note: string;
  /** Whether garbage collection keeps what the snapshot descends from, too: the ref of a line that was left by `snapshot --branch` does, and one that was made with `--line`. */
  readonly keeps_line: boolean;
}

/** Something that `doctor` or `verify` found. */
export interface Finding {
  /** How bad it is: a repository with an `error` or `critical` finding is not healthy. */
  readonly severity: "info" | "warning" | "error" | "critical";
  /** What kind it is: one of the stable codes of docs/recovery.md, which says of each what it means and what to do. */
  readonly code: string;
  /** What was found, in whole sentences. */
  readonly message: string;
  /** What repairs it: a name for `jvs doctor --repair`, or `repair_runtime` for `--repair-runtime`; null if neither does. */
  readonly repair: string | null;
  /** The file or folder that it is about, absolute; null if it is about none. */
  readonly path: string | null;
  /** The snapshot that it is about; null if it is about none. */
  readonly snapshot_id: string | null;
}

/** One line of the audit log. */
export interface AuditRecord {
  /** Identifies the change. A change has one record, even if a recovery finished it. */
  readonly event_id: string;
  /** When the record was written. */
  readonly timestamp: string;
  /** What was done: a command such as `worktree fork`, or what JVS did by itself, such as `audit close`. */
  readonly operation: string;
  /** Who did it: `user@host`, or the name that the caller gave. */
  readonly actor: string;
  /** What it was done to: the name of a worktree, ref, setting or file, a snapshot's id, or a path. */
  readonly target: string;
  /** The fencing token of the lease that it was done under; null without one. */
  readonly fencing_token: number | null;
  /** The session that the user gave; null if none. */
  readonly session_id: string | null;
  /** The reason that the user gave; null if none. */
  readonly reason: string | null;
  /** More about it; each operation has its own fields. */
  readonly details: { readonly [name: string]: unknown };
  /** The `record_hash` of the record before; 64 zeros in the first record. */
  readonly prev_hash: string;
  /** The SHA-256 of all other fields as canonical JSON. */
  readonly record_hash: string;
}

/** What `info` is given. */
export interface InfoInput {
}

/** The result of `info`. */
export interface InfoResult {
  /** The absolute path of the folder that holds .jvs. */
  readonly repository: string;
  /** The repository's id, a UUID, which never changes. */
  readonly repo_id: string;
  /** The version of the repository's form on disk. */
  readonly format_version: number;
  /** The version of jvs that gives this result. */
  readonly jvs_version: string;
  /** The worktree you are in, by default main; null if its record is lost or damaged. */
  readonly worktree: string | null;
  /** The lease that a session holds; null if nobody does, or its file is damaged: `jvs lock status` says that. */
  readonly lease: {
    /** Who acquired it: host, user, process id and the time when that process started. */
    readonly holder_id: string;
    /** When it was acquired. */
    readonly created_at: string;
    /** Until when it holds, unless it is renewed. */
    readonly lease_expires_at: string;
    /** Its number: each lease of the worktree has a higher one. */
    readonly fencing_token: number;
    /** The lease is of the session that asks. */
    readonly is_mine: boolean;
  } | null;
  /** How snapshots of this worktree are made. */
  readonly engine: {
    /** Null if none works. */
    readonly name: "juicefs-clone" | "btrfs-snapshot" | "reflink-copy" | "copy" | null;
    /** Why JVS uses this one, or why none works. */
    readonly reason: string;
  };
  /** Where the worktree is; without a worktree, where the repository is. */
  readonly file_system: {
    /** Its type, such as `xfs` or `fuse.juicefs`; `unknown` if the system does not say. */
    readonly kind: string;
    /** Stays the same when it is mounted again; `unknown` if the system does not say. */
    readonly id: string;
    /** Nothing can be written there; false if the system does not say. */
    readonly read_only: boolean;
    /** The bytes that you may still write there; 9007199254740991 if there is no limit, or the system does not say. */
    readonly free_bytes: number;
    /** How many more entries it has room for; 9007199254740991 if there is no limit, or the system does not say. */
    readonly free_inodes: number;
  };
  /** How many of each the repository has. */
  readonly counts: {
    /** Snapshots, with autosaves and without pruned ones. */
    readonly snapshots: number;
    /** Worktrees, with damaged ones. */
    readonly worktrees: number;
    /** Refs, with damaged ones. */
    readonly refs: number;
    /** Pins, which protect snapshots from deletion, with expired ones. */
    readonly pins: number;
    /** Interrupted changes. The next change, or doctor, finishes or undoes them. */
    readonly interrupted: number;
  };
  /** The group of its folder may use it. */
  readonly shared: boolean;
  /** The machines that have used this repository. On a shared volume there can be several. */
  readonly hosts: readonly {
    /** Its machine id, or else its name. */
    readonly id: string;
    /** Its name on the network when it first used the repository. */
    readonly name: string | null;
    /** It is the machine that you asked. */
    readonly is_this: boolean;
  }[];
  /** What the system lets JVS keep and do. */
  readonly abilities: { readonly [name: string]: boolean };
  /** What this jvs may do on the system. */
  readonly permissions: {
    /** Whether JVS may call the C library. Without it JVS can keep less. */
    readonly c_library: boolean;
    /** Which programs JVS may run. The launcher allows any for `lock run` and `conformance run`, and for `snapshot` and `restore` of users who trust hooks. */
    readonly run: "any" | "named";
    /** False, unless JVS was started with more permissions than it needs. */
    readonly network: boolean;
  };
  /** Whether you trust the programs that the settings name as hooks; null if they name none. */
  readonly hooks: "trusted" | "untrusted" | null;
  /** Those that differ from their default. */
  readonly settings: readonly {
    /** The setting's name. */
    readonly key: string;
    /** Its value: a size in bytes, a time as text such as `30s`, or a word. */
    readonly value: unknown;
  }[];
  /** What is wrong in the settings file, or has no effect in this version. */
  readonly problem: string | null;
}

/** What `status` is given. */
export interface StatusInput {
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
  /** Name every path, also those in new and removed folders. By default `false`. */
  readonly all?: boolean | undefined;
}

/** The result of `status`. */
export interface StatusResult {
  /** The worktree's name. */
  readonly worktree: string;
  /** The absolute path of the worktree's folder: go there to work in it. */
  readonly path: string;
  /** The snapshot that the worktree's line began with, or its first one if it began empty; null before that. */
  readonly base_snapshot_id: string | null;
  /** The snapshot that the worktree stands on; null if it has none yet. */
  readonly head_snapshot_id: string | null;
  /** The newest snapshot of the worktree's line; null if it has none yet. */
  readonly latest_snapshot_id: string | null;
  /** The worktree stands on another snapshot than the newest of its line. */
  readonly detached: boolean;
  /** Everything in the worktree that you may read is in the snapshot it stands on. */
  readonly clean: boolean;
  /** How many paths differ from the snapshot the worktree stands on, by kind. */
  readonly changes: {
    /** Paths that only the newer side has. */
    readonly added: number;
    /** Paths that only the older side has. */
    readonly removed: number;
    /** Paths that both sides have, and that differ. */
    readonly modified: number;
    /** Files that have another path and the same content. */
    readonly renamed: number;
  };
  /** Each path that differs from that snapshot, the older side; times alone do not count. */
  readonly differences: readonly {
    /** What became of it from the older side to the newer; `renamed`: a file has another path and the same content. */
    readonly kind: "added" | "removed" | "modified" | "renamed";
    /** Encoded as in the payload root hash; empty for the payload root. */
    readonly path: string;
    /** The former path of a renamed file, encoded too; null for all others. */
    readonly old_path: string | null;
    /** What it is now; for a removed path, what it was. */
    readonly type: "file" | "dir" | "symlink" | "fifo" | "socket" | "char" | "block";
    /** What differs if both sides have it: content, type, mode, owner, target, device, xattrs, hardlink, times; or unknown, for content that could not be compared. */
    readonly aspects: readonly string[];
    /** Its bytes on the older side; null if it was no regular file there. */
    readonly size_before: number | null;
    /** Its bytes on the newer side; null if it is no regular file there. */
    readonly size_after: number | null;
  }[];
  /** Paths that you may not read, so they are not compared. Encoded. */
  readonly hidden: readonly string[];
  /** Files, folders and links in the worktree, ignored ones left out. */
  readonly entries: number;
  /** Files and whole folders that .jvsignore leaves out. */
  readonly ignored: number;
  /** The lease that a session holds; null if nobody does, or its file is damaged: `jvs lock status` says that. */
  readonly lease: {
    /** Who acquired it: host, user, process id and the time when that process started. */
    readonly holder_id: string;
    /** When it was acquired. */
    readonly created_at: string;
    /** Until when it holds, unless it is renewed. */
    readonly lease_expires_at: string;
    /** Its number: each lease of the worktree has a higher one. */
    readonly fencing_token: number;
    /** The lease is of the session that asks. */
    readonly is_mine: boolean;
  } | null;
  /** Operations that were interrupted; the next change recovers them. */
  readonly pending_recovery: readonly string[];
}

/** What `snapshot` is given. */
export interface SnapshotInput {
  /** What this snapshot is, in your own words. By default `""`. */
  readonly note?: string | undefined;
  /** A label; may be given several times. By default `[]`. */
  readonly tags?: readonly string[] | undefined;
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
  /** `quiesced` fails if files keep changing; `best_effort` saves them anyway and says so. */
  readonly consistency?: "quiesced" | "best_effort" | undefined;
  /** Make no snapshot if nothing changed since the last one. By default `false`. */
  readonly if_changed?: boolean | undefined;
  /** If detached: start a new line here; a ref keeps the old one. By default `false`. */
  readonly branch?: boolean | undefined;
  /** Leave unreadable files out; do not fail. `jvs show ID --json` names the first 100. By default `false`. */
  readonly skip_unreadable?: boolean | undefined;
  /** Fail if something could not be kept. The snapshot still exists. By default `false`. */
  readonly strict?: boolean | undefined;
}

/** The result of `snapshot`. */
export interface SnapshotResult {
  /** False if --if-changed found nothing to save. */
  readonly created: boolean;
  /** The new snapshot; if `created` is false, the one that already holds this content. */
  readonly snapshot: Descriptor;
  /** The worktree's name. */
  readonly worktree: string;
  /** The snapshot that the worktree stands on; null if it has none yet. */
  readonly head_snapshot_id: string | null;
  /** The ref by which --branch keeps the old line; null if there is none. */
  readonly kept_line_as: string | null;
  /** What the snapshot could not keep, as `snapshot` says it too. */
  readonly degradations: Degradations;
  /** The hooks that ran, in their order. One after the change may have failed: the change is made all the same. */
  readonly hooks: readonly {
    /** Which hook. */
    readonly hook: "pre-snapshot" | "post-snapshot" | "pre-restore" | "post-restore";
    /** Its exit code; null if a signal ended it. */
    readonly code: number | null;
    /** The signal that ended it; null if none did. */
    readonly signal: string | null;
    /** Why JVS ended it: its time was over, or JVS was interrupted. Null if JVS did not. */
    readonly stopped: "timeout" | "interrupt" | null;
  }[];
}

/** What `history` is given. */
export interface HistoryInput {
  /** Show only the newest N. */
  readonly limit?: number | undefined;
  /** Show every snapshot of the repository, not only this worktree's line. By default `false`. */
  readonly all?: boolean | undefined;
  /** Show only snapshots with this tag. */
  readonly tag?: string | undefined;
  /** Show only snapshots with a tag that matches. */
  readonly tag_grep?: string | undefined;
  /** Show only snapshots whose note contains this. */
  readonly grep?: string | undefined;
  /** Show only snapshots since then: a date, a time, or `3d` ago. */
  readonly since?: string | undefined;
  /** Show only snapshots until then. */
  readonly until?: string | undefined;
  /** Show sizes. By default `false`. */
  readonly size?: boolean | undefined;
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
}

/** The result of `history`. */
export interface HistoryResult {
  /** The worktree's name; null if --all is asked for where there is none. */
  readonly worktree: string | null;
  /** The snapshot that the worktree stands on; null if it has none yet. */
  readonly head_snapshot_id: string | null;
  /** The newest snapshot of the worktree's line; null if it has none yet. */
  readonly latest_snapshot_id: string | null;
  /** The worktree stands on another snapshot than the newest of its line. */
  readonly detached: boolean;
  /** The snapshots that match, the newest first, at most --limit of them. */
  readonly snapshots: readonly (Descriptor & {
    /** The worktree stands on it. */
    readonly is_head: boolean;
    /** It is the newest of the worktree's line. */
    readonly is_latest: boolean;
    /** It is not on the line: an autosave or a partial snapshot. */
    readonly side: boolean;
    /** Its content was deleted; its place in the line was kept. */
    readonly pruned: boolean;
  })[];
  /** How many there are without --limit. */
  readonly total: number;
  /** Snapshots that are missing or cannot be read: --all leaves them out, and a line ends at one. */
  readonly unread: readonly string[];
}

/** What `show` is given. */
export interface ShowInput {
  /** The snapshot; by default the one this worktree stands on. By default `"HEAD"`. */
  readonly snapshot?: string | undefined;
  /** List only this path of the snapshot, and what is below it. */
  readonly path?: string | undefined;
  /** List every entry. By default `false`. */
  readonly files?: boolean | undefined;
}

/** The result of `show`. */
export interface ShowResult {
  /** The snapshot's record. */
  readonly snapshot: Descriptor;
  /** sealed: its record is valid and has the hash of its content (`jvs verify` reads the content too); unsealed: its content is not hashed yet; pruned: only its place in the history was kept. */
  readonly integrity_state: "sealed" | "unsealed" | "pruned";
  /** Its worktree; null if that was removed. */
  readonly worktree: string | null;
  /** The names of the refs to it. */
  readonly refs: readonly string[];
  /** The folder of its files. */
  readonly path: string;
  /** How it is signed. `jvs verify` reads the content too. */
  readonly signature: {
    /** `valid`: by a key that is trusted; `untrusted`: right, by a key that is not; `revoked`: by one that is not any more; `invalid`: not that of what it stands beside, or damaged. */
    readonly state: "valid" | "untrusted" | "revoked" | "unsigned" | "invalid";
    /** The name of the key that signed; null if you have none for it. */
    readonly signer: string | null;
    /** The key that signed; null without a signature. */
    readonly public_key: string | null;
    /** When, as the signer says; null without a signature. */
    readonly signed_at: string | null;
    /** Why it is not as it must be; null if it is. */
    readonly problem: string | null;
  };
  /** Null unless you ask for them. */
  readonly files:
    | readonly {
      /** Encoded as in the payload root hash; `.` is the payload root. */
      readonly path: string;
      /** What it is; `char` and `block` are device nodes. */
      readonly type: "file" | "dir" | "symlink" | "fifo" | "socket" | "char" | "block";
      /** Four octal digits. */
      readonly mode: string;
      /** The number of the user who owns it. */
      readonly uid: number;
      /** The number of the group that owns it. */
      readonly gid: number;
      /** Bytes of a file's content or a link's target; 0 for a folder. */
      readonly size: number;
      /** Seconds since 1970, with nine decimals. */
      readonly mtime: string;
      /** SHA-256 of a file's content or a link's target; null if there is none or it was not read. */
      readonly content_hash: string | null;
      /** The target of a symbolic link; null for anything else. */
      readonly target: string | null;
      /** What the payload could not keep of it. */
      readonly lost: readonly ("owner" | "xattr" | "acl" | "hardlink" | "mode" | "type" | "times")[];
    }[]
    | null;
}

/** What `diff` is given. */
export interface DiffInput {
  /** The older side; by default the snapshot the worktree stands on. */
  readonly from?: string | undefined;
  /** The newer side; by default the worktree as it is now. */
  readonly to?: string | undefined;
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
  /** Compare times and extended attributes too. By default `false`. */
  readonly metadata?: boolean | undefined;
  /** Name every path, also those in new and removed folders. By default `false`. */
  readonly all?: boolean | undefined;
  /** Show only how many paths differ, by kind. By default `false`. */
  readonly stat?: boolean | undefined;
  /** Show only the paths. By default `false`. */
  readonly name_only?: boolean | undefined;
  /** Show the lines that differ in text files, as a patch for git or patch(1). By default `false`. */
  readonly patch?: boolean | undefined;
  /** Exit with 1 if anything differs. By default `false`. */
  readonly exit_code?: boolean | undefined;
}

/** The result of `diff`. */
export interface DiffResult {
  /** The older side: a snapshot's id, `@name` for a worktree as it is now, or `nothing`. */
  readonly from: string;
  /** The newer side, in the same way. */
  readonly to: string;
  /** The worktree whose HEAD and `@` are meant. */
  readonly worktree: string | null;
  /** Each path that differs; empty with `stat`. */
  readonly differences: readonly {
    /** What became of it from the older side to the newer; `renamed`: a file has another path and the same content. */
    readonly kind: "added" | "removed" | "modified" | "renamed";
    /** Encoded as in the payload root hash; empty for the payload root. */
    readonly path: string;
    /** The former path of a renamed file, encoded too; null for all others. */
    readonly old_path: string | null;
    /** What it is now; for a removed path, what it was. */
    readonly type: "file" | "dir" | "symlink" | "fifo" | "socket" | "char" | "block";
    /** What differs if both sides have it: content, type, mode, owner, target, device, xattrs, hardlink, times; or unknown, for content that could not be compared. */
    readonly aspects: readonly string[];
    /** Its bytes on the older side; null if it was no regular file there. */
    readonly size_before: number | null;
    /** Its bytes on the newer side; null if it is no regular file there. */
    readonly size_after: number | null;
    /** With `patch`: a unified diff with the header of git, or one line that says why there is none. Null for what no patch can say. */
    readonly patch?: string | null;
  }[];
  /** How many paths differ, by kind. */
  readonly summary: {
    /** Paths that only the newer side has. */
    readonly added: number;
    /** Paths that only the older side has. */
    readonly removed: number;
    /** Paths that both sides have, and that differ. */
    readonly modified: number;
    /** Files that have another path and the same content. */
    readonly renamed: number;
  };
  /** Paths that you may not read, so they are not compared. Encoded. */
  readonly hidden: readonly string[];
}

/** What `path` is given. */
export interface PathInput {
  /** A snapshot or a worktree's name; by default the worktree you are in. */
  readonly of?: string | undefined;
}

/** The result of `path`. */
export interface PathResult {
  /** The absolute path of the snapshot's files or of the worktree. */
  readonly path: string;
  /** The snapshot; null for a worktree. */
  readonly snapshot_id: string | null;
  /** The worktree's name; null for a snapshot. */
  readonly worktree: string | null;
}

/** What `restore` is given. */
export interface RestoreInput {
  /** The snapshot to go back to; HEAD means the newest snapshot of this line. */
  readonly snapshot: string;
  /** Restore only these paths; the worktree keeps its place in the history. By default `[]`. */
  readonly paths?: readonly string[] | undefined;
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
  /** Show what would be done, and change nothing. By default `false`. */
  readonly preview?: boolean | undefined;
  /** Do not save unsaved work first: it is lost. By default `false`. */
  readonly discard?: boolean | undefined;
  /** Make a new worktree with this name instead (without a name, JVS chooses one). */
  readonly name?: string | undefined;
  /** Hash restored content before it becomes visible; --no-verify never does. */
  readonly verify?: boolean | undefined;
  /** Fail if something could not be restored exactly. By default `false`. */
  readonly strict?: boolean | undefined;
  /** Accepted; every restore is in place. By default `false`. */
  readonly inplace?: boolean | undefined;
  /** The same as --discard: unsaved work is lost. By default `false`. */
  readonly force?: boolean | undefined;
}

/** The result of `restore`. */
export interface RestoreResult {
  /** What was done, in one sentence: for a person, or a model whose memory now differs. */
  readonly sentence: string;
  /** The worktree's name. */
  readonly worktree: string;
  /** The absolute path of the worktree's folder: go there to work in it. */
  readonly path: string;
  /** The snapshot that was restored. */
  readonly snapshot_id: string;
  /** The snapshot that the worktree stood on before; null if on none, or if the worktree is new. */
  readonly previous_head: string | null;
  /** The snapshot that the worktree stands on; null if it has none yet. */
  readonly head_snapshot_id: string | null;
  /** The worktree stands on another snapshot than the newest of its line. */
  readonly detached: boolean;
  /** Nothing was changed: the result says what a restore would do. */
  readonly preview: boolean;
  /** Files that were replaced; links and special files count as files. */
  readonly changed: number;
  /** Files that came. */
  readonly added: number;
  /** Files that went. */
  readonly removed: number;
  /** Entries whose content stayed and whose mode, owner, times or attributes were set. */
  readonly metadata: number;
  /** Folders that came and hold no file. */
  readonly folders_added: number;
  /** Folders that went and held no file. */
  readonly folders_removed: number;
  /** What stays although the snapshot does not have it: ignored files, mount points. These paths are as messages show them, not encoded. */
  readonly kept: readonly string[];
  /** Not touched, as the snapshot does not hold it, or it cannot be read, entered or made here and now. These paths are as messages show them, not encoded. */
  readonly left_alone: readonly string[];
  /** Holds the unsaved work there was; null if nothing was saved. */
  readonly autosave_snapshot_id: string | null;
  /** Holds what others wrote while the restore was under way; null if they wrote nothing. */
  readonly second_autosave_id: string | null;
  /** Whether restored content was hashed before it became visible. */
  readonly verified: boolean;
  /** Other programs at work in the worktree: what they had open may be the replaced file. */
  readonly processes: readonly {
    /** Its process id. */
    readonly pid: number;
    /** The program's name. */
    readonly name: string;
    /** It stands in the worktree, or has a file in it open. */
    readonly uses: "folder" | "file";
  }[];
  /** Of a preview: operations that were interrupted; a restore recovers them first, and then plans again. */
  readonly pending_recovery: readonly string[];
  /** What could not be restored exactly; empty in a preview. */
  readonly degradations: Degradations;
  /** The hooks that ran, in their order. One after the change may have failed: the change is made all the same. */
  readonly hooks: readonly {
    /** Which hook. */
    readonly hook: "pre-snapshot" | "post-snapshot" | "pre-restore" | "post-restore";
    /** Its exit code; null if a signal ended it. */
    readonly code: number | null;
    /** The signal that ended it; null if none did. */
    readonly signal: string | null;
    /** Why JVS ended it: its time was over, or JVS was interrupted. Null if JVS did not. */
    readonly stopped: "timeout" | "interrupt" | null;
  }[];
}

/** What `worktree create` is given. */
export interface WorktreeCreateInput {
  /** The new worktree's name; its folder is worktrees/<name>. */
  readonly name: string;
  /** The snapshot to start from; without one the worktree is empty. */
  readonly from?: string | undefined;
  /** Hash the content before it appears in the worktree; --no-verify never does. */
  readonly verify?: boolean | undefined;
}

/** The result of `worktree create`. */
export interface WorktreeCreateResult {
  /** The worktree's name. */
  readonly name: string;
  /** The absolute path of the worktree's folder: go there to work in it. */
  readonly path: string;
  /** The worktree's id, which stays the same when it is renamed. */
  readonly worktree_id: string;
  /** The snapshot that its line begins with; null if it has none. */
  readonly head_snapshot_id: string | null;
  /** It was copied from a worktree as that is now, not from a snapshot. */
  readonly live: boolean;
  /** Whether the content was hashed before the worktree became visible. */
  readonly verified: boolean;
  /** What could not be copied exactly. */
  readonly degradations: Degradations;
}

/** What `worktree fork` is given. */
export interface WorktreeForkInput {
  /** The snapshot to continue from; by default the current worktree's head. */
  readonly snapshot?: string | undefined;
  /** The new worktree's name; its folder is worktrees/<name>. */
  readonly name: string;
  /** Start from the files as they are now, also unsaved and ignored ones. By default `false`. */
  readonly live?: boolean | undefined;
  /** The worktree to continue from; by default the one you are in. */
  readonly worktree?: string | undefined;
  /** Hash the content before it appears in the worktree; --no-verify never does. */
  readonly verify?: boolean | undefined;
}

/** The result of `worktree fork`. */
export interface WorktreeForkResult {
  /** The worktree's name. */
  readonly name: string;
  /** The absolute path of the worktree's folder: go there to work in it. */
  readonly path: string;
  /** The worktree's id, which stays the same when it is renamed. */
  readonly worktree_id: string;
  /** The snapshot that its line begins with; null if it has none. */
  readonly head_snapshot_id: string | null;
  /** It was copied from a worktree as that is now, not from a snapshot. */
  readonly live: boolean;
  /** Whether the content was hashed before the worktree became visible. */
  readonly verified: boolean;
  /** What could not be copied exactly. */
  readonly degradations: Degradations;
}

/** What `worktree list` is given. */
export interface WorktreeListInput {
}

/** The result of `worktree list`. */
export interface WorktreeListResult {
  /** All worktrees, by name, with damaged ones. */
  readonly worktrees: readonly {
    /** The worktree's name. */
    readonly name: string;
    /** The absolute path of its folder; null if it is damaged. */
    readonly path: string | null;
    /** Its id, which stays the same when it is renamed; null if it is damaged. */
    readonly worktree_id: string | null;
    /** The snapshot that the worktree stands on; null if it has none yet. */
    readonly head_snapshot_id: string | null;
    /** The newest snapshot of the worktree's line; null if it has none yet. */
    readonly latest_snapshot_id: string | null;
    /** The worktree stands on another snapshot than the newest of its line. */
    readonly detached: boolean;
    /** It is a folder that `jvs adopt` put under version control where it is. */
    readonly adopted: boolean;
    /** You are in it. */
    readonly current: boolean;
    /** The lease that a session holds; null if nobody does, or its file is damaged: `jvs lock status` says that. */
    readonly lease: {
      /** Who acquired it: host, user, process id and the time when that process started. */
      readonly holder_id: string;
      /** When it was acquired. */
      readonly created_at: string;
      /** Until when it holds, unless it is renewed. */
      readonly lease_expires_at: string;
      /** Its number: each lease of the worktree has a higher one. */
      readonly fencing_token: number;
      /** The lease is of the session that asks. */
      readonly is_mine: boolean;
    } | null;
    /** missing: no folder; replaced: another folder is in its place; damaged: its record is lost or unreadable, so that all else but the name is null or false. */
    readonly state: "ok" | "missing" | "replaced" | "damaged";
  }[];
}

/** What `worktree path` is given. */
export interface WorktreePathInput {
  /** The worktree; by default the one you are in. */
  readonly name?: string | undefined;
}

/** The result of `worktree path`. */
export interface WorktreePathResult {
  /** The worktree's name. */
  readonly name: string;
  /** The absolute path of the worktree's folder: go there to work in it. */
  readonly path: string;
}

/** What `worktree rename` is given. */
export interface WorktreeRenameInput {
  /** The worktree. */
  readonly name: string;
  /** Its new name. */
  readonly new_name: string;
}

/** The result of `worktree rename`. */
export interface WorktreeRenameResult {
  /** The worktree's name. */
  readonly name: string;
  /** The worktree's name before. */
  readonly old_name: string;
  /** The absolute path of the worktree's folder: go there to work in it. */
  readonly path: string;
}

/** What `worktree remove` is given. */
export interface WorktreeRemoveInput {
  /** The worktree. */
  readonly name: string;
  /** Save unsaved work as an autosave first. By default `false`. */
  readonly force?: boolean | undefined;
  /** Remove the worktree and lose its unsaved work. By default `false`. */
  readonly discard?: boolean | undefined;
}

/** The result of `worktree remove`. */
export interface WorktreeRemoveResult {
  /** The worktree's name. */
  readonly name: string;
  /** The absolute path of the folder that it had. */
  readonly path: string;
  /** The newest snapshot of its line, to fork and continue from; null if it had none. */
  readonly latest_snapshot_id: string | null;
  /** Pins protect that line and the unsaved work until then; null if there is neither. */
  readonly kept_until: string | null;
  /** The snapshot that holds the unsaved work; null if none was saved. */
  readonly autosave_snapshot_id: string | null;
}

/** What `ref create` is given. */
export interface RefCreateInput {
  /** The ref's name. */
  readonly name: string;
  /** The snapshot. By default `"HEAD"`. */
  readonly snapshot?: string | undefined;
  /** What it means, in your own words. By default `""`. */
  readonly note?: string | undefined;
  /** Keep what the snapshot descends from, too. By default `false`. */
  readonly line?: boolean | undefined;
}

/** The result of `ref create`. */
export interface RefCreateResult {
  /** The new ref. */
  readonly ref: Ref;
}

/** What `ref list` is given. */
export interface RefListInput {
}

/** The result of `ref list`. */
export interface RefListResult {
  /** All refs, by name. */
  readonly refs: readonly Ref[];
}

/** What `ref delete` is given. */
export interface RefDeleteInput {
  /** The ref. */
  readonly name: string;
}

/** The result of `ref delete`. */
export interface RefDeleteResult {
  /** The deleted ref. */
  readonly ref: Ref;
}

/** What `lock acquire` is given. */
export interface LockAcquireInput {
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
  /** How long the lease holds unless it is renewed, in milliseconds; 30000 by default. */
  readonly lease_ms?: number | undefined;
}

/** The result of `lock acquire`. */
export interface LockAcquireResult {
  /** The worktree's name. */
  readonly worktree: string;
  /** The lease. */
  readonly lease: {
    /** The lease's id; each one that is acquired anew has its own. */
    readonly lock_id: string;
    /** The worktree that only its holder may change; its file has this name. */
    readonly worktree_id: string;
    /** Who acquired it: host, user, process id and the time when that process started. */
    readonly holder_id: string;
    /** Random: no two leases have the same. */
    readonly holder_nonce: string;
    /** The session that may use it. */
    readonly session_id: string;
    /** How many times in a row its session acquired it. */
    readonly acquire_seq: number;
    /** When it was acquired. */
    readonly created_at: string;
    /** When it was acquired or renewed last. */
    readonly last_renewed_at: string;
    /** How long it holds after that. */
    readonly lease_duration_ms: number;
    /** How often a running operation renews it. */
    readonly renew_interval_ms: number;
    /** How far the clocks of hosts may be apart. */
    readonly max_clock_skew_ms: number;
    /** How long another session waits beyond that. */
    readonly steal_grace_ms: number;
    /** Until when it holds, unless it is renewed. */
    readonly lease_expires_at: string;
    /** Its number: each lease of the worktree has a higher one. */
    readonly fencing_token: number;
  };
  /** `held`; `expired`: it ran out, and nobody else may take it over yet; `over`: anybody may; `future`: a clock is wrong. */
  readonly state: "held" | "expired" | "over" | "future";
  /** The lease is of the session that asks. */
  readonly is_mine: boolean;
  /** No session was given, so a new one was made: the next commands are refused unless they give it. */
  readonly is_new_session: boolean;
}

/** What `lock status` is given. */
export interface LockStatusInput {
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
}

/** The result of `lock status`. */
export interface LockStatusResult {
  /** The worktree's name. */
  readonly worktree: string;
  /** The lease; null if there is none. */
  readonly lease: {
    /** The lease's id; each one that is acquired anew has its own. */
    readonly lock_id: string;
    /** The worktree that only its holder may change; its file has this name. */
    readonly worktree_id: string;
    /** Who acquired it: host, user, process id and the time when that process started. */
    readonly holder_id: string;
    /** Random: no two leases have the same. */
    readonly holder_nonce: string;
    /** The session that may use it. */
    readonly session_id: string;
    /** How many times in a row its session acquired it. */
    readonly acquire_seq: number;
    /** When it was acquired. */
    readonly created_at: string;
    /** When it was acquired or renewed last. */
    readonly last_renewed_at: string;
    /** How long it holds after that. */
    readonly lease_duration_ms: number;
    /** How often a running operation renews it. */
    readonly renew_interval_ms: number;
    /** How far the clocks of hosts may be apart. */
    readonly max_clock_skew_ms: number;
    /** How long another session waits beyond that. */
    readonly steal_grace_ms: number;
    /** Until when it holds, unless it is renewed. */
    readonly lease_expires_at: string;
    /** Its number: each lease of the worktree has a higher one. */
    readonly fencing_token: number;
  } | null;
  /** Where the lease is in its life; null if there is none. */
  readonly state: "held" | "expired" | "over" | "future" | null;
  /** The lease is of the session that asks. */
  readonly is_mine: boolean;
  /** From when on another session may take the lease over, unless it is renewed; null if there is none. */
  readonly takeable_from: string | null;
  /** The highest fencing token of a lease on it; 0 if there was no lease. */
  readonly fencing_token: number;
}

/** What `lock renew` is given. */
export interface LockRenewInput {
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
}

/** The result of `lock renew`. */
export interface LockRenewResult {
  /** The worktree's name. */
  readonly worktree: string;
  /** The lease. */
  readonly lease: {
    /** The lease's id; each one that is acquired anew has its own. */
    readonly lock_id: string;
    /** The worktree that only its holder may change; its file has this name. */
    readonly worktree_id: string;
    /** Who acquired it: host, user, process id and the time when that process started. */
    readonly holder_id: string;
    /** Random: no two leases have the same. */
    readonly holder_nonce: string;
    /** The session that may use it. */
    readonly session_id: string;
    /** How many times in a row its session acquired it. */
    readonly acquire_seq: number;
    /** When it was acquired. */
    readonly created_at: string;
    /** When it was acquired or renewed last. */
    readonly last_renewed_at: string;
    /** How long it holds after that. */
    readonly lease_duration_ms: number;
    /** How often a running operation renews it. */
    readonly renew_interval_ms: number;
    /** How far the clocks of hosts may be apart. */
    readonly max_clock_skew_ms: number;
    /** How long another session waits beyond that. */
    readonly steal_grace_ms: number;
    /** Until when it holds, unless it is renewed. */
    readonly lease_expires_at: string;
    /** Its number: each lease of the worktree has a higher one. */
    readonly fencing_token: number;
  };
  /** `held`; `expired`: it ran out, and nobody else may take it over yet; `over`: anybody may; `future`: a clock is wrong. */
  readonly state: "held" | "expired" | "over" | "future";
  /** The lease is of the session that asks. */
  readonly is_mine: boolean;
}

/** What `lock release` is given. */
export interface LockReleaseInput {
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
}

/** The result of `lock release`. */
export interface LockReleaseResult {
  /** The worktree's name. */
  readonly worktree: string;
  /** The lease. */
  readonly lease: {
    /** The lease's id; each one that is acquired anew has its own. */
    readonly lock_id: string;
    /** The worktree that only its holder may change; its file has this name. */
    readonly worktree_id: string;
    /** Who acquired it: host, user, process id and the time when that process started. */
    readonly holder_id: string;
    /** Random: no two leases have the same. */
    readonly holder_nonce: string;
    /** The session that may use it. */
    readonly session_id: string;
    /** How many times in a row its session acquired it. */
    readonly acquire_seq: number;
    /** When it was acquired. */
    readonly created_at: string;
    /** When it was acquired or renewed last. */
    readonly last_renewed_at: string;
    /** How long it holds after that. */
    readonly lease_duration_ms: number;
    /** How often a running operation renews it. */
    readonly renew_interval_ms: number;
    /** How far the clocks of hosts may be apart. */
    readonly max_clock_skew_ms: number;
    /** How long another session waits beyond that. */
    readonly steal_grace_ms: number;
    /** Until when it holds, unless it is renewed. */
    readonly lease_expires_at: string;
    /** Its number: each lease of the worktree has a higher one. */
    readonly fencing_token: number;
  };
  /** `held`; `expired`: it ran out, and nobody else may take it over yet; `over`: anybody may; `future`: a clock is wrong. */
  readonly state: "held" | "expired" | "over" | "future";
  /** The lease is of the session that asks. */
  readonly is_mine: boolean;
}

/** What `lock run` is given. */
export interface LockRunInput {
  /** The command and its arguments, behind --. */
  readonly command: readonly string[];
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
  /** How long the lease holds unless it is renewed, in milliseconds; 30000 by default. */
  readonly lease_ms?: number | undefined;
}

/** The result of `lock run`. */
export interface LockRunResult {
  /** The worktree's name. */
  readonly worktree: string;
  /** The lease by which it ran, as it was at the begin. */
  readonly lease: {
    /** The lease's id; each one that is acquired anew has its own. */
    readonly lock_id: string;
    /** The worktree that only its holder may change; its file has this name. */
    readonly worktree_id: string;
    /** Who acquired it: host, user, process id and the time when that process started. */
    readonly holder_id: string;
    /** Random: no two leases have the same. */
    readonly holder_nonce: string;
    /** The session that may use it. */
    readonly session_id: string;
    /** How many times in a row its session acquired it. */
    readonly acquire_seq: number;
    /** When it was acquired. */
    readonly created_at: string;
    /** When it was acquired or renewed last. */
    readonly last_renewed_at: string;
    /** How long it holds after that. */
    readonly lease_duration_ms: number;
    /** How often a running operation renews it. */
    readonly renew_interval_ms: number;
    /** How far the clocks of hosts may be apart. */
    readonly max_clock_skew_ms: number;
    /** How long another session waits beyond that. */
    readonly steal_grace_ms: number;
    /** Until when it holds, unless it is renewed. */
    readonly lease_expires_at: string;
    /** Its number: each lease of the worktree has a higher one. */
    readonly fencing_token: number;
  };
  /** The command and its arguments. */
  readonly command: readonly string[];
  /** Its exit code; 128 and the number of the signal if one ended it, 127 if there is no such program. */
  readonly code: number;
  /** The signal that ended it; null if none did. */
  readonly signal: string | null;
  /** The lease was given back. It is not if its session had it before, or acquired it again meanwhile. */
  readonly released: boolean;
}

/** What `lock steal` is given. */
export interface LockStealInput {
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
  /** How long the lease holds unless it is renewed, in milliseconds; 30000 by default. */
  readonly lease_ms?: number | undefined;
  /** Also take a lease that lies in the future or is damaged. By default `false`. */
  readonly force?: boolean | undefined;
}

/** The result of `lock steal`. */
export interface LockStealResult {
  /** The worktree's name. */
  readonly worktree: string;
  /** The lease. */
  readonly lease: {
    /** The lease's id; each one that is acquired anew has its own. */
    readonly lock_id: string;
    /** The worktree that only its holder may change; its file has this name. */
    readonly worktree_id: string;
    /** Who acquired it: host, user, process id and the time when that process started. */
    readonly holder_id: string;
    /** Random: no two leases have the same. */
    readonly holder_nonce: string;
    /** The session that may use it. */
    readonly session_id: string;
    /** How many times in a row its session acquired it. */
    readonly acquire_seq: number;
    /** When it was acquired. */
    readonly created_at: string;
    /** When it was acquired or renewed last. */
    readonly last_renewed_at: string;
    /** How long it holds after that. */
    readonly lease_duration_ms: number;
    /** How often a running operation renews it. */
    readonly renew_interval_ms: number;
    /** How far the clocks of hosts may be apart. */
    readonly max_clock_skew_ms: number;
    /** How long another session waits beyond that. */
    readonly steal_grace_ms: number;
    /** Until when it holds, unless it is renewed. */
    readonly lease_expires_at: string;
    /** Its number: each lease of the worktree has a higher one. */
    readonly fencing_token: number;
  };
  /** `held`; `expired`: it ran out, and nobody else may take it over yet; `over`: anybody may; `future`: a clock is wrong. */
  readonly state: "held" | "expired" | "over" | "future";
  /** The lease is of the session that asks. */
  readonly is_mine: boolean;
  /** No session was given, so a new one was made: the next commands are refused unless they give it. */
  readonly is_new_session: boolean;
}

/** What `verify` is given. */
export interface VerifyInput {
  /** The snapshot; by default the one the worktree stands on. */
  readonly snapshot?: string | undefined;
  /** Verify every snapshot, and the records around them. By default `false`. */
  readonly all?: boolean | undefined;
  /** Read only a part of the content: `x%`, each time the next, or `n/t`, always the same. */
  readonly subset?: string | undefined;
  /** Do not read again what this host read since then: a date, a time, or `7d` ago. */
  readonly since?: string | undefined;
  /** Stop at the first damage. By default `false`. */
  readonly fail_fast?: boolean | undefined;
  /** A `head` of `jvs audit verify` that was noted before: the trail must still have that record. */
  readonly expect_head?: string | undefined;
  /** Take unsigned snapshots too, where signatures are required, this once; the audit log records it. By default `false`. */
  readonly allow_unsigned?: boolean | undefined;
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
}

/** The result of `verify`. */
export interface VerifyResult {
  /** What was found for each snapshot, the oldest first. */
  readonly snapshots: readonly {
    /** The snapshot that was checked. */
    readonly snapshot_id: string;
    /** Descriptor and READY are as they were written; null when they may not be read. */
    readonly checksum_valid: boolean | null;
    /** The tree has the hash that was saved; null when not all was read. */
    readonly payload_hash_valid: boolean | null;
    /** Its records or its content are not what was saved. */
    readonly tamper_detected: boolean;
    /** `degraded`: all content is there, but metadata was lost, as some copiers do; a restore brings it back. `unchecked`: nothing wrong was found, but you may not read all of it. */
    readonly severity: "ok" | "degraded" | "unchecked" | "critical";
    /** The class of the error that was found, `E_PERMISSION` if it is `unchecked`; else null. */
    readonly error: string | null;
    /** What is wrong, why it is `unchecked`, or that it was pruned; else null. */
    readonly message: string | null;
    /** Each path of its content that is not what was saved. */
    readonly files: readonly {
      /** Encoded as in the payload root hash; empty for the payload root. */
      readonly path: string;
      /** `missing`, `extra`, `unreadable` (the disk reports an error), or what differs: content, type, target, device. */
      readonly problem: string;
    }[];
    /** What you may not read, and so was not checked. */
    readonly unchecked: readonly {
      /** Encoded as in the payload root hash; of a folder, all that is in it. */
      readonly path: string;
      /** The owner: the user's name, else the number. */
      readonly owner: string;
    }[];
    /** What is whole, but lost metadata. */
    readonly worn: readonly {
      /** Encoded as in the payload root hash; empty for the payload root. */
      readonly path: string;
      /** The metadata that it lost. */
      readonly lost: "mode" | "owner" | "times" | "xattrs" | "hardlink";
    }[];
    /** How it is signed; null if its record cannot be read. One with a `problem` makes the snapshot `critical`. */
    readonly signature: {
      /** `valid`: by a key that is trusted; `untrusted`: right, by a key that is not; `revoked`: by one that is not any more; `invalid`: not that of what it stands beside, or damaged. */
      readonly state: "valid" | "untrusted" | "revoked" | "unsigned" | "invalid";
      /** The name of the key that signed; null if you have none for it. */
      readonly signer: string | null;
      /** The key that signed; null without a signature. */
      readonly public_key: string | null;
      /** When, as the signer says; null without a signature. */
      readonly signed_at: string | null;
      /** Why it is not as it must be; null if it is. */
      readonly problem: string | null;
    } | null;
    /** When all its content was read and was what was saved: in this run, or with --since before it, the oldest reading; null if that is not so. */
    readonly read_at: string | null;
  }[];
  /** With --all: what is wrong with the records around the snapshots; with --allow-unsigned: with the audit log's signature. */
  readonly findings: readonly Finding[];
  /** How many snapshots were checked. */
  readonly verified: number;
  /** All was checked; false where --fail-fast stopped. */
  readonly complete: boolean;
  /** Null if a record could not be read, and no other is wrong. */
  readonly checksum_valid: boolean | null;
  /** Null if some content was not read, and no other is wrong. */
  readonly payload_hash_valid: boolean | null;
  /** Records or content are not what was saved: `severity` is `critical`. */
  readonly tamper_detected: boolean;
  /** The worst that was found. `unchecked`: nothing is wrong, but you may not read everything. `error`: with --all, a record around the snapshots, such as a ref, is wrong. */
  readonly severity: "ok" | "degraded" | "unchecked" | "error" | "critical";
}

/** What `doctor` is given. */
export interface DoctorInput {
  /** Also read every snapshot's content. By default `false`. */
  readonly strict?: boolean | undefined;
  /** Finish or undo interrupted operations, and do the repairs that cannot lose anything. By default `false`. */
  readonly repair_runtime?: boolean | undefined;
  /** Also do this repair; may be given several times. By default `[]`. */
  readonly repair?:
    | readonly (
      | "clean_tmp"
      | "rebuild_index"
      | "audit_repair"
      | "advance_head"
      | "rebuild_ready"
      | "clean_locks"
      | "clean_intents"
    )[]
    | undefined;
}

/** The result of `doctor`. */
export interface DoctorResult {
  /** No finding is an `error` or `critical`. */
  readonly healthy: boolean;
  /** What was found after the repairs, the worst first. */
  readonly findings: readonly Finding[];
  /** The repairs that were made, as sentences. */
  readonly repaired: readonly string[];
}

/** What `audit` is given. */
export interface AuditInput {
  /** Only what was done since then: a date, a time, or `3d` ago. */
  readonly since?: string | undefined;
  /** Only what was done until then. */
  readonly until?: string | undefined;
  /** Only this operation, such as `snapshot`, `worktree fork`, or all that begin with `worktree`. */
  readonly operation?: string | undefined;
  /** Only what was done to this: a name, or a snapshot's id or its first digits; the garbage collection that took it, too. */
  readonly target?: string | undefined;
  /** Only what this actor did: `user@host`, or the user alone. */
  readonly actor?: string | undefined;
  /** Only what was done in or to this worktree, also under its earlier names; where none has the name now, the last that had it. */
  readonly worktree?: string | undefined;
  /** At most so many. By default `50`. */
  readonly limit?: number | undefined;
  /** Only what came before this event: `next` of the page before. */
  readonly before?: string | undefined;
}

/** The result of `audit`. */
export interface AuditResult {
  /** The records that match, the newest first. */
  readonly records: readonly AuditRecord[];
  /** There are more: give this as --before for the next page; null if these are all. */
  readonly next: string | null;
}

/** What `audit verify` is given. */
export interface AuditVerifyInput {
  /** A `head` of `jvs audit verify` that was noted before: the trail must still have that record. */
  readonly expect_head?: string | undefined;
}

/** The result of `audit verify`. */
export interface AuditVerifyResult {
  /** Every record follows the one before it, up to the end that HEAD names; and --expect-head is among them. */
  readonly whole: boolean;
  /** How many records there are; of a broken chain, how many before the break. */
  readonly count: number;
  /** The hash of the newest of them: it stands for all. */
  readonly head: string;
  /** The newest is announced and not written yet; the next change does that. */
  readonly pending: boolean;
  /** The files of the trail, the oldest first. */
  readonly files: readonly string[];
  /** Where the chain breaks; null if it does not. */
  readonly broken: {
    /** The file. */
    readonly file: string;
    /** The line, counted from 1; null if it is in no line. */
    readonly line: number | null;
    /** What is wrong. */
    readonly why: string;
  } | null;
  /** Whether a record has the hash of --expect-head; null without it. */
  readonly expected_found: boolean | null;
  /** The newest signature of the trail. */
  readonly signature: {
    /** `valid`: by a key that is trusted; `untrusted`: right, by a key that is not; `revoked`: by one that is not any more; `invalid`: not that of what it stands beside, or damaged. */
    readonly state: "valid" | "untrusted" | "revoked" | "unsigned" | "invalid";
    /** The name of the key that signed; null if you have none for it. */
    readonly signer: string | null;
    /** The key that signed; null without a signature. */
    readonly public_key: string | null;
    /** When, as the signer says; null without a signature. */
    readonly signed_at: string | null;
    /** Why it is not as it must be; null if it is. */
    readonly problem: string | null;
    /** Up to which record it is signed: all before are too; 0 without a signature. */
    readonly covers: number;
  };
}

/** What `gc plan` is given. */
export interface GcPlanInput {
  /** A policy of gc/retention.json, or `thin`, which thins out the lines of worktrees too; without it the settings retention.*. */
  readonly policy?: string | undefined;
  /** List each snapshot with what keeps it, not only the first of those that go; JSON always has all. By default `false`. */
  readonly all?: boolean | undefined;
}

/** The result of `gc plan`. */
export interface GcPlanResult {
  /** The version of plans: others are not carried out. */
  readonly plan_version: 1;
  /** Its id, which depends on nothing but what it says: the same plan has the same id. */
  readonly plan_id: string;
  /** The repository that it was made for. */
  readonly repo_id: string;
  /** When it was made. */
  readonly created_at: string;
  /** What it keeps besides that which something names. */
  readonly policy: {
    /** Its name. */
    readonly name: string;
    /** Whether ancestors of heads and of kept lines lose their content too; heads and newest snapshots never do. */
    readonly prune_ancestors: boolean;
    /** The newest N of each worktree that there is keep their content; 0: none for that reason. */
    readonly keep_last_n: number;
    /** What is younger than so many days keeps it; 0: none for that reason. */
    readonly keep_days: number;
    /** What has a tag that begins with one of these keeps it. */
    readonly keep_tag_prefixes: readonly string[];
    /** Above this size of the repository, what is kept only by number or age goes too, the oldest first; 0: no limit. */
    readonly max_repo_bytes: number;
    /** Autosaves that are younger than so many days keep their content. */
    readonly keep_autosave_days: number;
  };
  /** The snapshots that lose their content, the oldest first. */
  readonly candidates: readonly string[];
  /** How many that are. */
  readonly candidate_count: number;
  /** How many are kept because of a pin. A snapshot may be kept for several reasons. */
  readonly protected_by_pin: number;
  /** How many are kept because a worktree stands on them, has them as its newest, or has a descendant of them. */
  readonly protected_by_lineage: number;
  /** How many are kept because a ref names them. */
  readonly protected_by_ref: number;
  /** How many are kept by number, age or tag. */
  readonly protected_by_retention: number;
  /** How many are kept for another reason: a change under way, damaged records around them, or another member made them. */
  readonly protected_by_other: number;
  /** What comes free in all. */
  readonly deletable_bytes_estimate: number;
  /** Whether all could be looked at; else a part of the bytes is a guess. */
  readonly is_exact: boolean;
  /** What all snapshots take now. */
  readonly total_bytes: number;
  /** Each snapshot, the oldest first, with what happens to it, and why. */
  readonly snapshots: readonly {
    /** The snapshot. */
    readonly snapshot_id: string;
    /** `prune`: its content goes, its place in the history stays; `delete`: nothing stays, because nothing descends from it. */
    readonly action: "keep" | "prune" | "delete";
    /** Why it is kept; or, where it goes, why its record stays. Empty if it goes whole. */
    readonly reasons: readonly string[];
    /** What comes free with it; what several have comes free with the newest of them. */
    readonly bytes: number;
  }[];
  /** What people wrote of the candidates, in the same order. */
  readonly going: readonly {
    /** The candidate. */
    readonly snapshot_id: string;
    /** Its tags. */
    readonly tags: readonly string[];
    /** Its note; of a long one the beginning. */
    readonly note: string;
  }[];
  /** How many of those that stay were pruned before: only their place in the history stays. */
  readonly kept_pruned: number;
  /** The reasons of `protected_by_other`; a snapshot may have several. */
  readonly other_reasons: readonly {
    /** The reason. */
    readonly why: string;
    /** How many are kept for it. */
    readonly count: number;
    /** Whether a damaged or missing record is the cause: `jvs doctor` says what to do. */
    readonly is_damage: boolean;
  }[];
}

/** What `gc run` is given. */
export interface GcRunInput {
  /** The plan to carry out. */
  readonly plan_id?: string | undefined;
  /** Make a plan and carry it out at once. By default `false`. */
  readonly yes?: boolean | undefined;
  /** A policy of gc/retention.json, or `thin`, which thins out the lines of worktrees too; without it the settings retention.*. */
  readonly policy?: string | undefined;
}

/** The result of `gc run`. */
export interface GcRunResult {
  /** The plan that was carried out. */
  readonly plan: {
    /** The version of plans: others are not carried out. */
    readonly plan_version: 1;
    /** Its id, which depends on nothing but what it says: the same plan has the same id. */
    readonly plan_id: string;
    /** The repository that it was made for. */
    readonly repo_id: string;
    /** When it was made. */
    readonly created_at: string;
    /** What it keeps besides that which something names. */
    readonly policy: {
      /** Its name. */
      readonly name: string;
      /** Whether ancestors of heads and of kept lines lose their content too; heads and newest snapshots never do. */
      readonly prune_ancestors: boolean;
      /** The newest N of each worktree that there is keep their content; 0: none for that reason. */
      readonly keep_last_n: number;
      /** What is younger than so many days keeps it; 0: none for that reason. */
      readonly keep_days: number;
      /** What has a tag that begins with one of these keeps it. */
      readonly keep_tag_prefixes: readonly string[];
      /** Above this size of the repository, what is kept only by number or age goes too, the oldest first; 0: no limit. */
      readonly max_repo_bytes: number;
      /** Autosaves that are younger than so many days keep their content. */
      readonly keep_autosave_days: number;
    };
    /** The snapshots that lose their content, the oldest first. */
    readonly candidates: readonly string[];
    /** How many that are. */
    readonly candidate_count: number;
    /** How many are kept because of a pin. A snapshot may be kept for several reasons. */
    readonly protected_by_pin: number;
    /** How many are kept because a worktree stands on them, has them as its newest, or has a descendant of them. */
    readonly protected_by_lineage: number;
    /** How many are kept because a ref names them. */
    readonly protected_by_ref: number;
    /** How many are kept by number, age or tag. */
    readonly protected_by_retention: number;
    /** How many are kept for another reason: a change under way, damaged records around them, or another member made them. */
    readonly protected_by_other: number;
    /** What comes free in all. */
    readonly deletable_bytes_estimate: number;
    /** Whether all could be looked at; else a part of the bytes is a guess. */
    readonly is_exact: boolean;
    /** What all snapshots take now. */
    readonly total_bytes: number;
    /** Each snapshot, the oldest first, with what happens to it, and why. */
    readonly snapshots: readonly {
      /** The snapshot. */
      readonly snapshot_id: string;
      /** `prune`: its content goes, its place in the history stays; `delete`: nothing stays, because nothing descends from it. */
      readonly action: "keep" | "prune" | "delete";
      /** Why it is kept; or, where it goes, why its record stays. Empty if it goes whole. */
      readonly reasons: readonly string[];
      /** What comes free with it; what several have comes free with the newest of them. */
      readonly bytes: number;
    }[];
  };
  /** The snapshots that lost their content and keep their place in the history. */
  readonly pruned: readonly string[];
  /** The snapshots of which nothing stays. */
  readonly deleted: readonly string[];
  /** Candidates that somebody used at that moment, and that stay until the next run. */
  readonly in_use: readonly string[];
  /** What an earlier run took out of the history and could not delete whole: this run did. */
  readonly finished: readonly string[];
  /** What came free with all that was deleted, by the plan of each; what the two parts of an interrupted run shared is counted in both. */
  readonly freed_bytes: number;
  /** What came free besides with what restores had replaced and restore.keep_replaced keeps no longer. No plan says it, so it is not in `freed_bytes`. */
  readonly replaced_bytes: number;
}

/** What `gc pin` is given. */
export interface GcPinInput {
  /** The snapshot. By default `"HEAD"`. */
  readonly snapshot?: string | undefined;
  /** Why it is kept. By default `""`. */
  readonly reason?: string | undefined;
  /** Until when it is kept: a date, a time, or `90d`; without it, forever. */
  readonly expires?: string | undefined;
  /** Keep what it descends from, too. By default `false`. */
  readonly line?: boolean | undefined;
}

/** The result of `gc pin`. */
export interface GcPinResult {
  /** The new pin. */
  readonly pin: {
    /** The pin's id; its file has this name. */
    readonly pin_id: string;
    /** The snapshot that is kept. */
    readonly snapshot_id: string;
    /** Why it is kept. */
    readonly reason: string;
    /** When the pin was made. */
    readonly created_at: string;
    /** Until when it is kept; null: forever. */
    readonly expires_at: string | null;
    /** Whether the snapshots that it descends from are kept with it. */
    readonly keeps_line: boolean;
  };
}

/** What `gc unpin` is given. */
export interface GcUnpinInput {
  /** The pin's id or its first digits, or a snapshot. */
  readonly pin: string;
}

/** The result of `gc unpin`. */
export interface GcUnpinResult {
  /** The pins that were removed. */
  readonly pins: readonly {
    /** The pin's id; its file has this name. */
    readonly pin_id: string;
    /** The snapshot that is kept. */
    readonly snapshot_id: string;
    /** Why it is kept. */
    readonly reason: string;
    /** When the pin was made. */
    readonly created_at: string;
    /** Until when it is kept; null: forever. */
    readonly expires_at: string | null;
    /** Whether the snapshots that it descends from are kept with it. */
    readonly keeps_line: boolean;
  }[];
}

/** What `gc pins` is given. */
export interface GcPinsInput {
}

/** The result of `gc pins`. */
export interface GcPinsResult {
  /** All pins, the oldest first. */
  readonly pins: readonly {
    /** The pin's id; its file has this name. */
    readonly pin_id: string;
    /** The snapshot that is kept. */
    readonly snapshot_id: string;
    /** Why it is kept. */
    readonly reason: string;
    /** When the pin was made. */
    readonly created_at: string;
    /** Until when it is kept; null: forever. */
    readonly expires_at: string | null;
    /** Whether the snapshots that it descends from are kept with it. */
    readonly keeps_line: boolean;
    /** Its time is over: it keeps nothing any more. */
    readonly expired: boolean;
  }[];
}

/** What `pin add` is given. */
export interface PinAddInput {
  /** The snapshot. By default `"HEAD"`. */
  readonly snapshot?: string | undefined;
  /** Why it is kept. By default `""`. */
  readonly reason?: string | undefined;
  /** Until when it is kept: a date, a time, or `90d`; without it, forever. */
  readonly expires?: string | undefined;
  /** Keep what it descends from, too. By default `false`. */
  readonly line?: boolean | undefined;
}

/** The result of `pin add`. */
export interface PinAddResult {
  /** The new pin. */
  readonly pin: {
    /** The pin's id; its file has this name. */
    readonly pin_id: string;
    /** The snapshot that is kept. */
    readonly snapshot_id: string;
    /** Why it is kept. */
    readonly reason: string;
    /** When the pin was made. */
    readonly created_at: string;
    /** Until when it is kept; null: forever. */
    readonly expires_at: string | null;
    /** Whether the snapshots that it descends from are kept with it. */
    readonly keeps_line: boolean;
  };
}

/** What `pin list` is given. */
export interface PinListInput {
}

/** The result of `pin list`. */
export interface PinListResult {
  /** All pins, the oldest first. */
  readonly pins: readonly {
    /** The pin's id; its file has this name. */
    readonly pin_id: string;
    /** The snapshot that is kept. */
    readonly snapshot_id: string;
    /** Why it is kept. */
    readonly reason: string;
    /** When the pin was made. */
    readonly created_at: string;
    /** Until when it is kept; null: forever. */
    readonly expires_at: string | null;
    /** Whether the snapshots that it descends from are kept with it. */
    readonly keeps_line: boolean;
    /** Its time is over: it keeps nothing any more. */
    readonly expired: boolean;
  }[];
}

/** What `pin remove` is given. */
export interface PinRemoveInput {
  /** The pin's id or its first digits, or a snapshot. */
  readonly pin: string;
}

/** The result of `pin remove`. */
export interface PinRemoveResult {
  /** The pins that were removed. */
  readonly pins: readonly {
    /** The pin's id; its file has this name. */
    readonly pin_id: string;
    /** The snapshot that is kept. */
    readonly snapshot_id: string;
    /** Why it is kept. */
    readonly reason: string;
    /** When the pin was made. */
    readonly created_at: string;
    /** Until when it is kept; null: forever. */
    readonly expires_at: string | null;
    /** Whether the snapshots that it descends from are kept with it. */
    readonly keeps_line: boolean;
  }[];
}

/** What `key trust` is given. */
export interface KeyTrustInput {
  /** The key: its 64 hex digits, or your own name of it. */
  readonly key?: string | undefined;
  /** What you call it; by default as before, or the first 8 digits. A name that the repository's settings have is never taken. */
  readonly name?: string | undefined;
  /** Every new snapshot must be signed by a key that you trust; --no-require ends that. */
  readonly require?: boolean | undefined;
  /** Trust the key in every repository, and not only here. By default `false`. */
  readonly everywhere?: boolean | undefined;
  /** Also write it into the repository's settings. By default `false`. */
  readonly team?: boolean | undefined;
}

/** The result of `key trust`. */
export interface KeyTrustResult {
  /** The key; null if none was given. */
  readonly public_key: string | null;
  /** What you call it; null without a key. */
  readonly name: string | null;
  /** Whether you require signatures here. */
  readonly required: boolean;
  /** The end of the audit log that was noted. */
  readonly head: {
    /** How many records there were. */
    readonly count: number;
    /** The `record_hash` of the newest of them. */
    readonly hash: string;
    /** When the user's own JVS saw it. */
    readonly seen_at: string;
  };
}

/** What `key revoke` is given. */
export interface KeyRevokeInput {
  /** The key: its 64 hex digits, or your own name of it: one of your keys, or one that you trust. */
  readonly key: string;
  /** Since when another than its owner may have it: a date, a time, or `7d` ago; by default now. */
  readonly since?: string | undefined;
  /** Also write it into the repository's settings, for all users. By default `false`. */
  readonly team?: boolean | undefined;
}

/** The result of `key revoke`. */
export interface KeyRevokeResult {
  /** The key. */
  readonly public_key: string;
  /** Since when it is not trusted here: the earliest time that you or the settings say. */
  readonly revoked_at: string;
}

/** What `config get` is given. */
export interface ConfigGetInput {
  /** The setting. */
  readonly key: string;
}

/** The result of `config get`. */
export interface ConfigGetResult {
  /** The setting's name. */
  readonly key: string;
  /** Its value: a size in bytes, a time as text such as `30s`, or a word. */
  readonly value: unknown;
}

/** What `config set` is given. */
export interface ConfigSetInput {
  /** The setting. */
  readonly key: string;
  /** Its new value. */
  readonly value: string;
}

/** The result of `config set`. */
export interface ConfigSetResult {
  /** The setting's name. */
  readonly key: string;
  /** Its value: a size in bytes, a time as text such as `30s`, or a word. */
  readonly value: unknown;
}

/** What `config list` is given. */
export interface ConfigListInput {
}

/** The result of `config list`. */
export interface ConfigListResult {
  /** Every setting of this version. */
  readonly settings: readonly {
    /** The setting's name. */
    readonly key: string;
    /** Its value: a size in bytes, a time as text such as `30s`, or a word. */
    readonly value: unknown;
    /** The value that it has if the settings file has none. */
    readonly default: unknown;
    /** The value is the default. */
    readonly is_default: boolean;
    /** What it decides, in one sentence. */
    readonly about: string;
  }[];
  /** The file that holds them. */
  readonly path: string;
}

/** A method for each operation on a repository. */
export interface RepositoryMethods {
  /** Show what this repository is, how it saves, and what works here. For an overview and for bug reports. It repairs nothing. */
  info(input?: InfoInput, options?: CallOptions): Promise<InfoResult>;
  /** Show where this worktree stands, and what is not saved. */
  status(input?: StatusInput, options?: CallOptions): Promise<StatusResult>;
  /** Save the worktree as it is now. Makes an immutable, verified copy of the whole worktree and adds it to the worktree's line. It shares unchanged files with the snapshot before. */
  snapshot(input?: SnapshotInput, options?: CallOptions): Promise<SnapshotResult>;
  /** List the snapshots of this worktree's line. */
  history(input?: HistoryInput, options?: CallOptions): Promise<HistoryResult>;
  /** Show everything about a snapshot. */
  show(input?: ShowInput, options?: CallOptions): Promise<ShowResult>;
  /** Show how two snapshots, or a snapshot and a worktree, differ. Compares any two of: a snapshot, this worktree as it is now (`@`), another worktree as it is now (`@name`). Without arguments it compares the snapshot the worktree stands on with the worktree now. */
  diff(input?: DiffInput, options?: CallOptions): Promise<DiffResult>;
  /** Show the absolute path of a snapshot's files, or of a worktree. A snapshot is an ordinary folder: you can read it, compare it, and copy from it. Do not write into it. */
  path(input?: PathInput, options?: CallOptions): Promise<PathResult>;
  /** Make the worktree equal to a snapshot; unsaved work is saved first. Changes only what differs. First saves unsaved work as an autosave and prints its id. Ignored files stay. If a restore is interrupted, the next change completes or undoes it. */
  restore(input: RestoreInput, options?: CallOptions): Promise<RestoreResult>;
  /** Make a new worktree, empty or from a snapshot. Each worktree is a folder with its own line. All worktrees of a repository share their snapshots. To start from your current work, use `jvs worktree fork`. */
  worktreeCreate(input: WorktreeCreateInput, options?: CallOptions): Promise<WorktreeCreateResult>;
  /** Make a new worktree that continues from a snapshot, or from here. If the file system supports copy-on-write, a hundred forks of a large tree need almost no space. Without a snapshot the fork starts from the head of the current worktree. With --live it starts from that worktree's files as they are now, including unsaved and ignored ones. */
  worktreeFork(input: WorktreeForkInput, options?: CallOptions): Promise<WorktreeForkResult>;
  /** List the worktrees and the snapshot that each stands on. */
  worktreeList(input?: WorktreeListInput, options?: CallOptions): Promise<WorktreeListResult>;
  /** Show the absolute path of a worktree. */
  worktreePath(input?: WorktreePathInput, options?: CallOptions): Promise<WorktreePathResult>;
  /** Give a worktree another name. Its folder worktrees/<name> becomes worktrees/<new-name>; shells in it keep working. The folder of `main` keeps its name. */
  worktreeRename(input: WorktreeRenameInput, options?: CallOptions): Promise<WorktreeRenameResult>;
  /** Remove a worktree; its snapshots stay. Refuses a worktree with work that no snapshot holds; ignored files count too. --force saves that work first; --discard loses it. The snapshots of the worktree's line and that of its unsaved work are kept for at least 30 days. */
  worktreeRemove(input: WorktreeRemoveInput, options?: CallOptions): Promise<WorktreeRemoveResult>;
  /** Give a snapshot a name that is valid in the whole repository. A tag is part of its snapshot forever. A ref can be created and deleted at any time. */
  refCreate(input: RefCreateInput, options?: CallOptions): Promise<RefCreateResult>;
  /** List the names that were given to snapshots. */
  refList(input?: RefListInput, options?: CallOptions): Promise<RefListResult>;
  /** Delete a ref; its snapshot stays. A ref whose file is lost, as `jvs doctor` says, is given up in the same way. */
  refDelete(input: RefDeleteInput, options?: CallOptions): Promise<RefDeleteResult>;
  /** Reserve a worktree for one session, for a time. Until the lease is released or runs out, changes of the worktree without its session are refused. Every command takes the session by --session, --session-file or JVS_SESSION; without one a new one is made. --session-file FILE also makes the file. A running operation renews the lease by itself. Acquired again by its session, a lease that holds is renewed. */
  lockAcquire(input?: LockAcquireInput, options?: CallOptions): Promise<LockAcquireResult>;
  /** Show whose lease a worktree has, and until when. */
  lockStatus(input?: LockStatusInput, options?: CallOptions): Promise<LockStatusResult>;
  /** Let the lease of this session hold for its whole time again. A lease that ran out cannot be renewed, only acquired again: another session may have had the worktree meanwhile. */
  lockRenew(input?: LockRenewInput, options?: CallOptions): Promise<LockRenewResult>;
  /** Give the lease of this session back. It is not waited for an operation that runs by the lease: that one stops before it publishes anything. */
  lockRelease(input?: LockReleaseInput, options?: CallOptions): Promise<LockReleaseResult>;
  /** Run a command that has the worktree for itself. Acquires the lease, runs the command with its session in JVS_SESSION, renews the lease as long as the command runs, and gives it back at the end. The command has the terminal, gets the signals that jvs gets, and its exit code is that of jvs (128 and more: a signal ended it). If the lease is lost, the command gets SIGTERM, and 10 s later SIGKILL. Only `jvs` asks for leases: other programs still write where they like.

Write -- before the command, so that its flags are its own. */
  lockRun(input: LockRunInput, options?: CallOptions): Promise<LockRunResult>;
  /** Take over the lease of a session that is gone. As `jvs lock acquire`: a lease that holds is never taken, and the refusal says from when on one that is not renewed can be. With --force it also takes one that lies in the future, because a clock was wrong, or whose file is damaged. */
  lockSteal(input?: LockStealInput, options?: CallOptions): Promise<LockStealResult>;
  /** Check that snapshots are still what was saved. Checks the descriptor, the manifest and every byte of the payload. Names each path that was changed, is missing, is extra, or lost only metadata. Reads a file that snapshots share only once. --all also checks commit markers, records of worktrees, the lineage, the audit log and all signatures. Changes nothing. */
  verify(input?: VerifyInput, options?: CallOptions): Promise<VerifyResult>;
  /** Check the repository, and repair it on request. Checks the layout, snapshots, lineage, worktrees, audit log, interrupted operations and the clock, and says what `jvs verify` found damaged and has not found sound since. Changes nothing unless you ask for a repair. --repair-runtime recovers interrupted operations and rebuilds what can be rebuilt. It does other repairs only by name: clean_tmp, rebuild_index, audit_repair, advance_head, rebuild_ready, clean_locks, clean_intents. */
  doctor(input?: DoctorInput, options?: CallOptions): Promise<DoctorResult>;
  /** Show what was done in this repository, by whom and why, newest first. Reads the audit trail backwards, over all its files. Each record that is shown was proved by the one after it, and the newest by HEAD. `jvs audit verify` proves the whole. */
  audit(input?: AuditInput, options?: CallOptions): Promise<AuditResult>;
  /** Prove that the audit trail is one unbroken chain. Note `head` somewhere else, such as in a ticket or another repository: with --expect-head you see later whether the whole trail was exchanged for an earlier one, which no chain can show by itself. */
  auditVerify(input?: AuditVerifyInput, options?: CallOptions): Promise<AuditVerifyResult>;
  /** Say which snapshots can go, why the others stay, and how much space that frees. Nothing but the plan is written. A snapshot keeps its content while a worktree stands on it, on its newest or on a descendant of it, while a ref or a pin names it, and while the settings retention.* or a policy keep it. The others are pruned (their place in the history stays) or, where nothing kept descends from them, deleted. */
  gcPlan(input?: GcPlanInput, options?: CallOptions): Promise<GcPlanResult>;
  /** Free the space of snapshots that nothing keeps. Carries out a plan of `jvs gc plan`, if it still holds. A snapshot that is being restored, forked or verified at that moment stays. Also deletes what restores replaced, once it was kept for restore.keep_replaced. If it is interrupted, or files cannot be deleted, the same command goes on. */
  gcRun(input?: GcRunInput, options?: CallOptions): Promise<GcRunResult>;
  /** Keep a snapshot from garbage collection, forever or for a time. `jvs gc pin` and `jvs pin add` are two names of one command. */
  gcPin(input?: GcPinInput, options?: CallOptions): Promise<GcPinResult>;
  /** Remove a pin, or all pins of a snapshot. `jvs gc unpin` and `jvs pin remove` are two names of one command. A pin whose file is lost, as `jvs doctor` says, is given up in the same way. */
  gcUnpin(input: GcUnpinInput, options?: CallOptions): Promise<GcUnpinResult>;
  /** List what pins keep from garbage collection. `jvs gc pins` and `jvs pin list` are two names of one command. */
  gcPins(input?: GcPinsInput, options?: CallOptions): Promise<GcPinsResult>;
  /** Keep a snapshot from garbage collection, forever or for a time. `jvs gc pin` and `jvs pin add` are two names of one command. */
  pinAdd(input?: PinAddInput, options?: CallOptions): Promise<PinAddResult>;
  /** List what pins keep from garbage collection. `jvs gc pins` and `jvs pin list` are two names of one command. */
  pinList(input?: PinListInput, options?: CallOptions): Promise<PinListResult>;
  /** Remove a pin, or all pins of a snapshot. `jvs gc unpin` and `jvs pin remove` are two names of one command. A pin whose file is lost, as `jvs doctor` says, is given up in the same way. */
  pinRemove(input: PinRemoveInput, options?: CallOptions): Promise<PinRemoveResult>;
  /** Trust a key in this repository; with --require, take nothing unsigned. What you trust is written into your own config folder, with the end of the audit log as it is now: `jvs verify --all` tells you when the repository is not the one any more that you saw. --require refuses what is not signed from now on. Without a key it only notes that, and takes the repository as it is, also where it is not the one any more that you saw: with a key it refuses that. --team also writes the key into the repository's settings, for those who have not said whom they trust; whoever can write there can change them.

Compare the 64 hex digits with its owner, by another way than the repository. */
  keyTrust(input?: KeyTrustInput, options?: CallOptions): Promise<KeyTrustResult>;
  /** Trust a key no more, from a time on. What the key signed stays valid only where something else that you trust saw it in the audit log before that time: you yourself, now or earlier, or a signature of another key. What the key says of the time itself proves nothing, because a thief can choose it. So run it in each repository that the key signed, and give --since if the key was stolen earlier. Without --since each repository has the time at which you say it there, and until then the first one. Of several times the earliest holds. It cannot be taken back. */
  keyRevoke(input: KeyRevokeInput, options?: CallOptions): Promise<KeyRevokeResult>;
  /** Show a setting. */
  configGet(input: ConfigGetInput, options?: CallOptions): Promise<ConfigGetResult>;
  /** Change a setting of this repository. Keeps the comments in .jvs/config.jsonc. */
  configSet(input: ConfigSetInput, options?: CallOptions): Promise<ConfigSetResult>;
  /** List the settings of this repository, with what they mean. They are in .jvs/config.jsonc. You may also edit that file by hand. */
  configList(input?: ConfigListInput, options?: CallOptions): Promise<ConfigListResult>;
}
