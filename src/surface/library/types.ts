/*
 * The types of the library. Made by `deno task docs` from the descriptions in the code: change those, not this file.
 */

import type { CallOptions } from "./options.ts";

/** A snapshot: where it came from, and the hashes that prove its content. It never changes. */
export interface Descriptor {
  /**  */
  readonly snapshot_id: string;
  /**  */
  readonly worktree_id: string;
  /**  */
  readonly parent_snapshot_id: string | null;
  /**  */
  readonly created_at: string;
  /**  */
  readonly note: string;
  /**  */
  readonly tags: readonly string[];
  /**  */
  readonly kind: "manual" | "autosave" | "partial";
  /**  */
  readonly paths: readonly string[] | null;
  /**  */
  readonly engine: "juicefs-clone" | "btrfs-snapshot" | "reflink-copy" | "copy";
  /**  */
  readonly consistency_level: "quiesced" | "best_effort";
  /**  */
  readonly ignore_rules: string | null;
  /**  */
  readonly stats: Stats;
  /**  */
  readonly fencing_token: number | null;
  /**  */
  readonly environment: unknown;
  /**  */
  readonly meta: { readonly [name: string]: unknown };
  /**  */
  readonly degradations: Degradations;
  /**  */
  readonly payload_root_hash: {
    /**  */
    readonly algo: "sha256";
    /**  */
    readonly value: string;
  } | null;
  /**  */
  readonly manifest_hash: {
    /**  */
    readonly algo: "sha256";
    /**  */
    readonly value: string;
  };
  /**  */
  readonly descriptor_checksum: {
    /**  */
    readonly algo: "sha256";
    /**  */
    readonly value: string;
  };
}

/** How much a snapshot holds. */
export interface Stats {
  /**  */
  readonly files: number;
  /**  */
  readonly directories: number;
  /**  */
  readonly symlinks: number;
  /**  */
  readonly other: number;
  /**  */
  readonly bytes: number;
  /**  */
  readonly changed_bytes: number;
}

/** Something that could not be kept. */
export interface Degradation {
  /**  */
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
  /** The path in the tree, encoded as in the payload root hash. */
  readonly path: string;
  /**  */
  readonly reason: string;
}

/** All that could not be kept: counts, and the first hundred. */
export interface Degradations {
  /**  */
  readonly counts: { readonly [name: string]: number };
  /**  */
  readonly first: readonly Degradation[];
}

/** A name for a snapshot, the same in each worktree. */
export interface Ref {
  /**  */
  readonly ref_name: string;
  /**  */
  readonly snapshot_id: string;
  /**  */
  readonly created_at: string;
  /**  */
  readonly created_by: string;
  /**  */
  readonly note: string;
}

/** Something that `doctor` or `verify` found. */
export interface Finding {
  /**  */
  readonly severity: "info" | "warning" | "error" | "critical";
  /**  */
  readonly code: string;
  /**  */
  readonly message: string;
  /**  */
  readonly repair: string | null;
  /**  */
  readonly path: string | null;
  /**  */
  readonly snapshot_id: string | null;
  /**  */
  readonly healthy?: boolean;
}

/** One line of the audit log. */
export interface AuditRecord {
  /**  */
  readonly event_id: string;
  /**  */
  readonly timestamp: string;
  /**  */
  readonly operation: string;
  /**  */
  readonly actor: string;
  /**  */
  readonly target: string;
  /**  */
  readonly fencing_token: number | null;
  /**  */
  readonly session_id: string | null;
  /**  */
  readonly reason: string | null;
  /**  */
  readonly details: { readonly [name: string]: unknown };
  /**  */
  readonly prev_hash: string;
  /**  */
  readonly record_hash: string;
}

/** What `info` is given. */
export interface InfoInput {
}

/** The result of `info`. */
export interface InfoResult {
  /**  */
  readonly repository: string;
  /**  */
  readonly repo_id: string;
  /**  */
  readonly format_version: number;
  /**  */
  readonly jvs_version: string;
  /** The worktree you are in. */
  readonly worktree: string | null;
  /**  */
  readonly engine: {
    /** Null if none works. */
    readonly name: "juicefs-clone" | "btrfs-snapshot" | "reflink-copy" | "copy" | null;
    /** Why JVS uses this one. */
    readonly reason: string;
  };
  /**  */
  readonly file_system: {
    /**  */
    readonly kind: string;
    /**  */
    readonly id: string;
    /**  */
    readonly read_only: boolean;
    /**  */
    readonly free_bytes: number;
    /**  */
    readonly free_inodes: number;
  };
  /**  */
  readonly counts: {
    /**  */
    readonly snapshots: number;
    /**  */
    readonly worktrees: number;
    /**  */
    readonly refs: number;
    /**  */
    readonly pins: number;
    /** Interrupted changes. The next change, or doctor, finishes or undoes them. */
    readonly interrupted: number;
  };
  /** The group of its folder may use it. */
  readonly shared: boolean;
  /** What the system lets JVS keep and do. */
  readonly abilities: { readonly [name: string]: boolean };
  /**  */
  readonly permissions: {
    /** Whether JVS may call the C library. Without it JVS can keep less. */
    readonly c_library: boolean;
    /** Which programs JVS may run. */
    readonly run: "any" | "named";
    /** False, unless JVS was started with more permissions than it needs. */
    readonly network: boolean;
  };
  /** Those that differ from their default. */
  readonly settings: readonly {
    /**  */
    readonly key: string;
    /**  */
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
  /**  */
  readonly worktree: string;
  /**  */
  readonly path: string;
  /**  */
  readonly base_snapshot_id: string | null;
  /**  */
  readonly head_snapshot_id: string | null;
  /**  */
  readonly latest_snapshot_id: string | null;
  /**  */
  readonly detached: boolean;
  /** Everything in the worktree that you may read is in the snapshot it stands on. */
  readonly clean: boolean;
  /**  */
  readonly changes: {
    /**  */
    readonly added: number;
    /**  */
    readonly removed: number;
    /**  */
    readonly modified: number;
    /**  */
    readonly renamed: number;
  };
  /**  */
  readonly differences: readonly {
    /**  */
    readonly kind: "added" | "removed" | "modified" | "renamed";
    /** Encoded as in the payload root hash. */
    readonly path: string;
    /**  */
    readonly old_path: string | null;
    /**  */
    readonly type: "file" | "dir" | "symlink" | "fifo" | "socket" | "char" | "block";
    /** What differs: content, type, mode, owner, target, device, xattrs, hardlink, times. */
    readonly aspects: readonly string[];
    /**  */
    readonly size_before: number | null;
    /**  */
    readonly size_after: number | null;
  }[];
  /** Paths that you may not read, so they are not compared. Encoded. */
  readonly hidden: readonly string[];
  /** Files, folders and links in the worktree, ignored ones left out. */
  readonly entries: number;
  /** Files and whole folders that .jvsignore leaves out. */
  readonly ignored: number;
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
  /**  */
  readonly worktree: string;
  /**  */
  readonly head_snapshot_id: string | null;
  /** The ref by which --branch keeps the old line. */
  readonly kept_line_as: string | null;
  /**  */
  readonly degradations: Degradations;
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
  /**  */
  readonly worktree: string;
  /**  */
  readonly head_snapshot_id: string | null;
  /**  */
  readonly latest_snapshot_id: string | null;
  /**  */
  readonly detached: boolean;
  /**  */
  readonly snapshots: readonly (Descriptor & {
    /**  */
    readonly is_head: boolean;
    /**  */
    readonly is_latest: boolean;
    /** It is not on the line: an autosave or a partial snapshot. */
    readonly side: boolean;
    /** Its content was deleted; its place in the line was kept. */
    readonly pruned: boolean;
  })[];
  /** How many there are without --limit. */
  readonly total: number;
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
  /**  */
  readonly snapshot: Descriptor;
  /** sealed: its record is valid and has the hash of its content (`jvs verify` reads the content too); unsealed: its content is not hashed yet; pruned: only its place in the history was kept. */
  readonly integrity_state: "sealed" | "unsealed" | "pruned";
  /** Its worktree; null if that was removed. */
  readonly worktree: string | null;
  /**  */
  readonly refs: readonly string[];
  /** The folder of its files. */
  readonly path: string;
  /** Null unless you ask for them. */
  readonly files:
    | readonly {
      /** Encoded as in the payload root hash; `.` is the payload root. */
      readonly path: string;
      /**  */
      readonly type: "file" | "dir" | "symlink" | "fifo" | "socket" | "char" | "block";
      /** Four octal digits. */
      readonly mode: string;
      /**  */
      readonly uid: number;
      /**  */
      readonly gid: number;
      /**  */
      readonly size: number;
      /** Seconds since 1970, with nine decimals. */
      readonly mtime: string;
      /** SHA-256 of a file's content or a link's target. */
      readonly content_hash: string | null;
      /** The target of a symbolic link. */
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
  /** Show the lines that differ in text files, as a unified diff. By default `false`. */
  readonly patch?: boolean | undefined;
  /** Exit with 1 if anything differs. By default `false`. */
  readonly exit_code?: boolean | undefined;
}

/** The result of `diff`. */
export interface DiffResult {
  /** A snapshot's id, `@name` for a worktree as it is now, or `nothing`. */
  readonly from: string;
  /**  */
  readonly to: string;
  /**  */
  readonly worktree: string | null;
  /** Empty with `stat`. */
  readonly differences: readonly {
    /**  */
    readonly kind: "added" | "removed" | "modified" | "renamed";
    /** Encoded as in the payload root hash. */
    readonly path: string;
    /**  */
    readonly old_path: string | null;
    /**  */
    readonly type: "file" | "dir" | "symlink" | "fifo" | "socket" | "char" | "block";
    /** What differs: content, type, mode, owner, target, device, xattrs, hardlink, times. */
    readonly aspects: readonly string[];
    /**  */
    readonly size_before: number | null;
    /**  */
    readonly size_after: number | null;
    /** With `patch`: a unified diff, or why there is none. Null if no file content differs. */
    readonly patch?: string | null;
  }[];
  /**  */
  readonly summary: {
    /**  */
    readonly added: number;
    /**  */
    readonly removed: number;
    /**  */
    readonly modified: number;
    /**  */
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
  /**  */
  readonly path: string;
  /**  */
  readonly snapshot_id: string | null;
  /**  */
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
  /**  */
  readonly worktree: string;
  /**  */
  readonly path: string;
  /**  */
  readonly snapshot_id: string;
  /**  */
  readonly previous_head: string | null;
  /**  */
  readonly head_snapshot_id: string | null;
  /**  */
  readonly detached: boolean;
  /**  */
  readonly preview: boolean;
  /**  */
  readonly changed: number;
  /**  */
  readonly added: number;
  /**  */
  readonly removed: number;
  /** Entries whose content stayed and whose mode, owner, times or attributes were set. */
  readonly metadata: number;
  /** Folders that came and hold no file. */
  readonly folders_added: number;
  /** Folders that went and held no file. */
  readonly folders_removed: number;
  /** What stays although the snapshot does not have it: ignored files, mount points. */
  readonly kept: readonly string[];
  /** Not touched, as the snapshot does not hold it, or it cannot be read, entered or made here and now. */
  readonly left_alone: readonly string[];
  /** Holds the unsaved work there was. */
  readonly autosave_snapshot_id: string | null;
  /** Holds what others wrote while the restore was under way. */
  readonly second_autosave_id: string | null;
  /** Whether restored content was hashed before it became visible. */
  readonly verified: boolean;
  /** Other programs at work in the worktree: what they had open may be the replaced file. */
  readonly processes: readonly {
    /**  */
    readonly pid: number;
    /**  */
    readonly name: string;
    /** It stands in the worktree, or has a file in it open. */
    readonly uses: "folder" | "file";
  }[];
  /** Of a preview: operations that were interrupted; a restore recovers them first, and then plans again. */
  readonly pending_recovery: readonly string[];
  /**  */
  readonly degradations: Degradations;
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
  /**  */
  readonly name: string;
  /** Absolute: go there to work in it. */
  readonly path: string;
  /**  */
  readonly worktree_id: string;
  /** The snapshot that its line begins with. */
  readonly head_snapshot_id: string | null;
  /** It was copied from a worktree as that is now, not from a snapshot. */
  readonly live: boolean;
  /** Whether the content was hashed before the worktree became visible. */
  readonly verified: boolean;
  /**  */
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
  /**  */
  readonly name: string;
  /** Absolute: go there to work in it. */
  readonly path: string;
  /**  */
  readonly worktree_id: string;
  /** The snapshot that its line begins with. */
  readonly head_snapshot_id: string | null;
  /** It was copied from a worktree as that is now, not from a snapshot. */
  readonly live: boolean;
  /** Whether the content was hashed before the worktree became visible. */
  readonly verified: boolean;
  /**  */
  readonly degradations: Degradations;
}

/** What `worktree list` is given. */
export interface WorktreeListInput {
}

/** The result of `worktree list`. */
export interface WorktreeListResult {
  /**  */
  readonly worktrees: readonly {
    /**  */
    readonly name: string;
    /** Absolute. */
    readonly path: string | null;
    /**  */
    readonly worktree_id: string | null;
    /** The snapshot it stands on. */
    readonly head_snapshot_id: string | null;
    /** The newest snapshot of its line. */
    readonly latest_snapshot_id: string | null;
    /**  */
    readonly detached: boolean;
    /**  */
    readonly adopted: boolean;
    /** You are in it. */
    readonly current: boolean;
    /** missing: no folder; replaced: another folder is in its place; damaged: its record is lost or unreadable. */
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
  /**  */
  readonly name: string;
  /**  */
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
  /**  */
  readonly name: string;
  /**  */
  readonly old_name: string;
  /**  */
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
  /**  */
  readonly name: string;
  /** Where it was. */
  readonly path: string;
  /** The newest snapshot of its line: fork it to continue. */
  readonly latest_snapshot_id: string | null;
  /** A pin protects that line until then. */
  readonly kept_until: string | null;
  /** The snapshot that holds the unsaved work. */
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
}

/** The result of `ref create`. */
export interface RefCreateResult {
  /**  */
  readonly ref: Ref;
}

/** What `ref list` is given. */
export interface RefListInput {
}

/** The result of `ref list`. */
export interface RefListResult {
  /**  */
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

/** What `verify` is given. */
export interface VerifyInput {
  /** The snapshot; by default the one the worktree stands on. */
  readonly snapshot?: string | undefined;
  /** Verify every snapshot, and the records around them. By default `false`. */
  readonly all?: boolean | undefined;
  /** Read only a part of the content: `x%`, each time the next, or `n/t`, always the same. */
  readonly subset?: string | undefined;
  /** Another worktree than the one you are in. */
  readonly worktree?: string | undefined;
}

/** The result of `verify`. */
export interface VerifyResult {
  /**  */
  readonly snapshots: readonly {
    /**  */
    readonly snapshot_id: string;
    /** Descriptor and READY are as they were written; null when they may not be read. */
    readonly checksum_valid: boolean | null;
    /** The tree has the hash that was saved; null when not all was read. */
    readonly payload_hash_valid: boolean | null;
    /**  */
    readonly tamper_detected: boolean;
    /** `degraded`: all content is there, but metadata was lost, as some copiers do; a restore brings it back. `unchecked`: nothing wrong was found, but you may not read all of it. */
    readonly severity: "ok" | "degraded" | "unchecked" | "critical";
    /**  */
    readonly error: string | null;
    /**  */
    readonly message: string | null;
    /**  */
    readonly files: readonly {
      /** Encoded as in the payload root hash. */
      readonly path: string;
      /** `missing`, `extra`, or what differs: content, type, target, device. */
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
      /** Encoded as in the payload root hash. */
      readonly path: string;
      /**  */
      readonly lost: "mode" | "owner" | "times" | "xattrs" | "hardlink";
    }[];
  }[];
  /** With --all: what is wrong with the records around the snapshots. */
  readonly findings: readonly Finding[];
  /** How many snapshots were checked. */
  readonly verified: number;
  /** Null if a record could not be read, and no other is wrong. */
  readonly checksum_valid: boolean | null;
  /** Null if some content was not read, and no other is wrong. */
  readonly payload_hash_valid: boolean | null;
  /**  */
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
  /**  */
  readonly healthy: boolean;
  /**  */
  readonly findings: readonly Finding[];
  /** The repairs that were made, as sentences. */
  readonly repaired: readonly string[];
}

/** What `config get` is given. */
export interface ConfigGetInput {
  /** The setting. */
  readonly key: string;
}

/** The result of `config get`. */
export interface ConfigGetResult {
  /**  */
  readonly key: string;
  /**  */
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
  /**  */
  readonly key: string;
  /**  */
  readonly value: unknown;
}

/** What `config list` is given. */
export interface ConfigListInput {
}

/** The result of `config list`. */
export interface ConfigListResult {
  /**  */
  readonly settings: readonly {
    /**  */
    readonly key: string;
    /**  */
    readonly value: unknown;
    /**  */
    readonly default: unknown;
    /**  */
    readonly is_default: boolean;
    /**  */
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
  /** Remove a worktree; its snapshots stay. Refuses a worktree with work that no snapshot holds; ignored files count too. --force saves that work first; --discard loses it. The snapshots of the worktree's line are kept for at least 30 days. */
  worktreeRemove(input: WorktreeRemoveInput, options?: CallOptions): Promise<WorktreeRemoveResult>;
  /** Give a snapshot a name that is valid in the whole repository. A tag is part of its snapshot forever. A ref can be created and deleted at any time. */
  refCreate(input: RefCreateInput, options?: CallOptions): Promise<RefCreateResult>;
  /** List the names that were given to snapshots. */
  refList(input?: RefListInput, options?: CallOptions): Promise<RefListResult>;
  /** Delete a ref; its snapshot stays. */
  refDelete(input: RefDeleteInput, options?: CallOptions): Promise<RefDeleteResult>;
  /** Check that snapshots are still what was saved. Checks the descriptor, the manifest and every byte of the payload. Names each path that was changed, is missing, is extra, or lost only metadata. Reads a file that snapshots share only once. --all also checks commit markers, records of worktrees, the lineage and the audit log. Changes nothing. */
  verify(input?: VerifyInput, options?: CallOptions): Promise<VerifyResult>;
  /** Check the repository, and repair it on request. Checks the layout, snapshots, lineage, worktrees, audit log, interrupted operations and the clock. Changes nothing unless you ask for a repair. --repair-runtime recovers interrupted operations and rebuilds what can be rebuilt. It does other repairs only by name: clean_tmp, rebuild_index, audit_repair, advance_head, rebuild_ready, clean_locks, clean_intents. */
  doctor(input?: DoctorInput, options?: CallOptions): Promise<DoctorResult>;
  /** Show a setting. */
  configGet(input: ConfigGetInput, options?: CallOptions): Promise<ConfigGetResult>;
  /** Change a setting of this repository. Keeps the comments in .jvs/config.jsonc. */
  configSet(input: ConfigSetInput, options?: CallOptions): Promise<ConfigSetResult>;
  /** List the settings of this repository, with what they mean. They are in .jvs/config.jsonc. You may also edit that file by hand. */
  configList(input?: ConfigListInput, options?: CallOptions): Promise<ConfigListResult>;
}
