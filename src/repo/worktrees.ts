import { bytesOf } from "../model/bytes.ts";
import { SYMLINK } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { newUuid } from "../model/ids.ts";
import { checkName } from "../model/names.ts";
import { quoted } from "../model/path_text.ts";
import { type Identity, WorktreeConfig } from "../model/records.ts";
import { nowIso, randomBytes } from "../platform/clock.ts";
import { type Folder, type Platform, Stat } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import { sameIdentity } from "./identity.ts";
import type { Layout } from "./layout.ts";
import { recordText, writeRecord } from "./record_file.ts";
import {
  missingRecord,
  pathEscape,
  payloadParts,
  payloadRoot,
  readWorktree,
  worktreeAt,
  worktreeNames,
} from "./worktree_files.ts";

/** What a new worktree's record is made of. */
export interface NewWorktree {
  readonly name: string;
  /** Relative to the repository; `../name` for an adopted one. */
  readonly path: string;
  readonly identity: Identity;
  /** The snapshot that it begins from; null for an empty beginning. */
  readonly snapshotId: string | null;
}

/** The record of a new worktree, which has no snapshot of its own yet. */
export function newWorktreeConfig({ name, path, identity, snapshotId }: NewWorktree): WorktreeConfig {
  return {
    worktree_id: newUuid(randomBytes(16)),
    name: checkName(name, "worktree"),
    path,
    identity,
    isolation: "exclusive",
    created_at: nowIso(),
    base_snapshot_id: snapshotId,
    head_snapshot_id: snapshotId,
    latest_snapshot_id: snapshotId,
    fencing_token: 0,
    label: "",
  };
}

/** The worktrees of a repository: their records, and the way to their payload roots. Changes ask for the caller's lock. */
export class Worktrees {
  constructor(private readonly layout: Layout, private readonly platform: Platform) {}

  /** The names of all, sorted, damaged ones included. */
  names(): string[] {
    return worktreeNames(this.layout);
  }

  /** All records, sorted by name; a damaged one is `E_DESCRIPTOR_CORRUPT`. */
  list(): WorktreeConfig[] {
    return this.names().flatMap((name) => readWorktree(this.layout, name) ?? []);
  }

  /** The record, or nothing. */
  find(name: string): WorktreeConfig | undefined {
    return readWorktree(this.layout, name);
  }

  /** What to say of a name under which there is something, but no record; nothing for any other. */
  withoutRecord(name: string): JvsError | undefined {
    return this.names().includes(name) && this.find(name) === undefined
      ? missingRecord(this.layout, name)
      : undefined;
  }

  /** The record with this id, or nothing; a damaged one stops nobody, unless it may be the one that is looked for. */
  withId(id: string | null): WorktreeConfig | undefined {
    let problem: JvsError | undefined;
    for (const name of this.names()) {
      try {
        const config = this.find(name);
        if (config?.worktree_id === id) return config;
      } catch (error) {
        if (!isUnreadableRecord(error)) throw error;
        problem = error;
      }
    }
    if (problem !== undefined) throw problem;
    return undefined;
  }

  /** Whether there is a worktree with this id, or may be: its record can be one that is damaged. */
  isKnown(id: string): boolean {
    try {
      return this.withId(id) !== undefined;
    } catch (error) {
      if (isUnreadableRecord(error)) return true;
      throw error;
    }
  }

  /** The record, or `E_NOT_FOUND` naming those there are. */
  get(name: string): WorktreeConfig {
    const config = this.find(name);
    if (config !== undefined) return config;
    const names = this.names();
    throw new JvsError("E_NOT_FOUND", `Cannot find worktree ${quoted(name)}: there is none of that name`, {
      hint: names.length === 0 ? "This repository has no worktree." : `There are: ${names.join(", ")}.`,
      details: { name, worktrees: names },
    });
  }

  /** The worktree in which an absolute path without links lies. */
  containing(path: string): WorktreeConfig | undefined {
    const name = worktreeAt(this.layout, path);
    return name === undefined ? undefined : this.get(name);
  }

  /** The absolute path of the payload root; `E_PATH_ESCAPE` for one that a record must not name. */
  root(config: WorktreeConfig): string {
    return payloadRoot(this.layout, config);
  }

  /** Opens the payload root, following no link on the way: one that is there is `E_PATH_ESCAPE`. */
  openRoot(config: WorktreeConfig): Folder {
    const [first, ...rest] = payloadParts(this.layout, config);
    const isAdopted = first === "..";
    let folder = this.platform.openFolder(isAdopted ? `${this.layout.root}/..` : this.layout.root);
    for (const part of isAdopted ? rest : [first ?? "", ...rest]) {
      using outer = folder;
      folder = openWithoutLink(outer, part, config);
    }
    return folder;
  }

  /** What a payload root is known by, whatever its path and mount. SPEC 2. */
  identify(folder: Folder): Identity {
    const stat = new Stat();
    folder.stat(bytesOf("."), stat);
    const inode = (BigInt(stat.inoHi >>> 0) << 32n) | BigInt(stat.inoLo >>> 0);
    return { file_system: this.platform.fileSystem(folder).id, inode: String(inode) };
  }

  /** Whether the payload root is the folder that the record knows. */
  checkIdentity(config: WorktreeConfig): "same" | "replaced" | "missing" {
    try {
      using folder = this.openRoot(config);
      return sameIdentity(this.identify(folder), config.identity) ? "same" : "replaced";
    } catch (error) {
      if (isSystemError(error, "ENOENT", "ENOTDIR")) return "missing";
      throw error;
    }
  }

  /** Adds a worktree's record; `E_ALREADY_EXISTS` for a name that is taken, also for one of two at once. */
  add(config: WorktreeConfig): void {
    const name = checkName(config.name, "worktree");
    payloadParts(this.layout, config);
    this.layout.worktrees.make();
    this.layout.worktree(name).make(); // what a killed `add` left is taken as it is
    try {
      this.layout.worktreeConfig(name).create(recordText(WorktreeConfig.check(config)));
    } catch (error) {
      if (error instanceof JvsError && error.code === "E_ALREADY_EXISTS") throw nameTaken(name, error);
      throw error;
    }
  }

  /** Changes fields of a worktree's record, durably and as a whole; gives the new one. */
  update(name: string, patch: Partial<Omit<WorktreeConfig, "name" | "worktree_id">>): WorktreeConfig {
    const config = WorktreeConfig.check({ ...this.get(name), ...patch });
    payloadParts(this.layout, config);
    writeRecord(this.layout.worktreeConfig(name), config);
    return config;
  }

  /**
   * Gives a worktree another name, and the path that goes with it where it stood under the old one. The payload is the
   * caller's to move. Can be repeated after a crash.
   */
  rename(oldName: string, newName: string): WorktreeConfig {
    const name = checkName(newName, "worktree");
    const done = this.find(oldName) === undefined && this.find(name) !== undefined;
    if (!done) this.moveRecord(this.get(oldName).name, name);
    const config = this.get(name);
    const path = config.path === `worktrees/${oldName}` ? `worktrees/${name}` : config.path;
    return this.update(name, { path });
  }

  /** Removes a worktree's record; the payload is the caller's to remove. False when there was none. */
  remove(name: string): boolean {
    const existed = this.layout.worktreeConfig(checkName(name, "worktree")).remove();
    try {
      this.layout.worktree(name).removeFolder();
    } catch (error) {
      // Without a record it is no worktree, so what else somebody put there may stay.
      if (!isSystemError(error, "ENOENT", "ENOTEMPTY")) throw error;
    }
    return existed;
  }

  private moveRecord(oldName: string, newName: string): void {
    if (oldName === newName) return;
    if (this.find(newName) !== undefined) throw nameTaken(newName);
    this.layout.worktree(oldName).rename(newName);
  }
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

function nameTaken(name: string, cause?: unknown): JvsError {
  return new JvsError("E_ALREADY_EXISTS", `Cannot call a worktree "${name}": there is one of that name`, {
    hint: "Choose another name; `jvs worktree list` shows those there are.",
    details: { name },
    cause,
  });
}
