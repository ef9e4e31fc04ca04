import { isWithin } from "../model/absolute_path.ts";
import { bytesOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { isJvsError, JvsError, unlessThrown } from "../model/errors.ts";
import { checkName } from "../model/names.ts";
import { quoted } from "../model/path_text.ts";
import { type Identity, WorktreeConfig } from "../model/records.ts";
import { nowIso } from "../platform/clock.ts";
import type { Folder } from "../platform/platform.ts";
import { inodeText, Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { isTemporaryName } from "../platform/temporary_file.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import { sameIdentity } from "./identity.ts";
import type { Layout } from "./layout.ts";
import { isWorktreeName, likelyName, openPayload, pathEscape, payloadPath } from "./payload_place.ts";
import { damaged, readRecord, recordText, writeRecord } from "./record_file.ts";

/** The record of a new worktree without a snapshot of its own; it starts from `snapshotId`, null for an empty one. */
export function newWorktreeConfig(
  { name, path, identity, snapshotId }:
    & Pick<WorktreeConfig, "name" | "path" | "identity">
    & { readonly snapshotId: string | null },
): WorktreeConfig {
  return {
    worktree_id: crypto.randomUUID(),
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

/** The worktrees of a repository: their records and payload roots. The caller holds the lock for changes. */
export class Worktrees {
  constructor(private readonly layout: Layout) {}

  /** The names of all worktrees, sorted, with damaged ones: their records are not read. */
  names(): string[] {
    const { worktrees } = this.layout;
    // A name that no worktree may have belongs to a temporary file, or to another program.
    const names = worktrees.names().filter(isWorktreeName).sort();
    if (names.length === 0) return names;
    using folder = worktrees.open();
    const stat = new Stat();
    return names.filter((name) => folder.stat(bytesOf(name), stat) && stat.type === DIR);
  }

  /** All records, sorted by name; a damaged one is `E_DESCRIPTOR_CORRUPT`. */
  list(): WorktreeConfig[] {
    return this.names().flatMap((name) => this.find(name) ?? []);
  }

  /** The record; nothing when there is none, `E_DESCRIPTOR_CORRUPT` when it is damaged. */
  find(name: string): WorktreeConfig | undefined {
    const file = this.layout.worktreeConfig(checkName(name, "worktree"));
    const config = readRecord(file, WorktreeConfig, recordOf(name));
    if (config === undefined) return undefined;
    this.#refuseBorrowed(name, config.path);
    // The name of the folder counts: a rename changes it first, and a crash may leave the old name in the record.
    return { ...config, name };
  }

  /** `E_PATH_ESCAPE` for a record that names the folder of another worktree: what is done to one would be done to the other. */
  #refuseBorrowed(name: string, path: string): void {
    const [first, usual] = path.split("/");
    if (path === `worktrees/${name}` || (name === "main" && first !== "worktrees")) return;
    const pathOf = (other: string) =>
      unlessThrown(
        isUnreadableRecord,
        () => readRecord(this.layout.worktreeConfig(other), WorktreeConfig, recordOf(other))?.path,
      );
    const others = this.names().filter((other) => other !== name);
    const isBorrowed = first === "worktrees"
      ? others.some((other) => other === usual)
      : others.some((other) => pathOf(other) === path);
    if (isBorrowed) throw pathEscape(name, path, "it is the folder of another worktree");
  }

  /** The error for a worktree that has a folder but no record; nothing for any other name. */
  withoutRecord(name: string): JvsError | undefined {
    return this.names().includes(name) && this.find(name) === undefined
      ? missingRecord(this.layout, name)
      : undefined;
  }

  /** The record with this id, or nothing. A damaged record is an error only when no other record has the id. */
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

  /** The same worktree as it is now, whatever its name is by now; nothing if it was removed. */
  current({ name, worktree_id }: Pick<WorktreeConfig, "name" | "worktree_id">): WorktreeConfig | undefined {
    const sameName = this.find(name); // the usual case needs no search through all records
    return sameName?.worktree_id === worktree_id ? sameName : this.withId(worktree_id);
  }

  /** Whether a worktree has this id, or a damaged record could have it. */
  isKnown(id: string): boolean {
    return unlessThrown(isUnreadableRecord, () => this.withId(id) !== undefined) ?? true;
  }

  /** The record, or `E_NOT_FOUND`, which names the worktrees that exist. */
  get(name: string): WorktreeConfig {
    const config = this.find(name);
    if (config !== undefined) return config;
    const names = this.names();
    throw new JvsError("E_NOT_FOUND", `Cannot find worktree ${quoted(name)}: no worktree has that name`, {
      hint: names.length === 0 ? "There is no worktree." : `Use one of these: ${names.join(", ")}.`,
      details: { name, worktrees: names },
    });
  }

  /** The worktree that contains an absolute path without links. */
  containing(path: string): WorktreeConfig | undefined {
    const name = this.nameAt(path);
    return name === undefined ? undefined : this.get(name);
  }

  /**
   * The name of the worktree that contains an absolute path without links. For a worktree with a damaged record its usual
   * place counts, so that its files are not taken for those of another worktree.
   */
  nameAt(path: string): string | undefined {
    const likely = likelyName(this.layout, path);
    if (likely !== undefined && this.#holds(likely, path) !== false) return likely;
    return this.names().find((name) => name !== likely && this.#holds(name, path) === true);
  }

  /** Whether a worktree contains a path; nothing when its record is damaged. */
  #holds(name: string, path: string): boolean | undefined {
    const isDamaged = (error: unknown) => isUnreadableRecord(error) || isJvsError(error, "E_PATH_ESCAPE");
    return unlessThrown(isDamaged, () => {
      const config = this.find(name);
      return config !== undefined && isWithin(path, this.root(config));
    });
  }

  /** The absolute payload root; `E_PATH_ESCAPE` when a record must not name it. `openRoot` refuses links in it. */
  root(config: WorktreeConfig): string {
    return payloadPath(this.layout, config);
  }

  /** Opens the payload root; `E_PATH_ESCAPE` when there is a link on the way. */
  openRoot(config: WorktreeConfig): Folder {
    return openPayload(this.layout, config);
  }

  /** The identity of a payload root, which does not depend on its path and mount. SPEC 2. */
  identify(folder: Folder): Identity {
    const { inoHi, inoLo } = Stat.ofFolder(folder);
    return { file_system: this.layout.plane.platform.fileSystem(folder).id, inode: inodeText(inoHi, inoLo) };
  }

  /** Whether the payload root is the folder that the record describes. */
  checkIdentity(config: WorktreeConfig): "same" | "replaced" | "missing" {
    const found = unlessFailed(["ENOENT", "ENOTDIR"], () => {
      using folder = this.openRoot(config);
      return sameIdentity(this.identify(folder), config.identity) ? "same" : "replaced";
    });
    return found ?? "missing";
  }

  /** Adds the record of a worktree; `E_ALREADY_EXISTS` when the name is taken, also when two processes add it at once. */
  add(config: WorktreeConfig): void {
    const name = checkName(config.name, "worktree");
    payloadPath(this.layout, config);
    this.layout.worktrees.make();
    this.layout.worktree(name).make(); // a folder that a killed `add` left is used
    try {
      this.layout.worktreeConfig(name).create(recordText(WorktreeConfig.check(config)));
    } catch (error) {
      throw isJvsError(error, "E_ALREADY_EXISTS") ? nameTaken(name, error) : error;
    }
  }

  /** Changes fields of the record of a worktree, durably; returns the new record. */
  update(name: string, patch: Partial<Omit<WorktreeConfig, "name" | "worktree_id">>): WorktreeConfig {
    const config = WorktreeConfig.check({ ...this.get(name), ...patch });
    payloadPath(this.layout, config);
    writeRecord(this.layout.worktreeConfig(name), config);
    return config;
  }

  /** Renames a worktree, and its path if that had the old name. The caller moves the payload. Repeatable after a crash. */
  rename(oldName: string, newName: string): WorktreeConfig {
    const name = checkName(newName, "worktree");
    const done = this.find(oldName) === undefined && this.find(name) !== undefined;
    if (!done) this.moveRecord(this.get(oldName).name, name);
    const config = this.get(name);
    const path = config.path === `worktrees/${oldName}` ? `worktrees/${name}` : config.path;
    return this.update(name, { path });
  }

  /** Removes the record of a worktree; the caller removes the payload. False if there was none. */
  remove(name: string): boolean {
    const existed = this.layout.worktreeConfig(checkName(name, "worktree")).remove();
    this.removeTemporaries(name);
    // Without a record it is no worktree, so other files in the folder may stay.
    unlessFailed(["ENOENT", "ENOTEMPTY"], () => this.layout.worktree(name).removeFolder());
    return existed;
  }

  private moveRecord(oldName: string, newName: string): void {
    if (oldName === newName) return;
    if (this.find(newName) !== undefined) throw nameTaken(newName);
    this.removeTemporaries(newName); // a rename replaces only an empty folder
    this.layout.worktree(oldName).rename(newName);
  }

  /** Removes what killed changes left half written in the folder of a name that has no record. */
  private removeTemporaries(name: string): void {
    const folder = this.layout.worktree(name);
    for (const each of folder.names()) if (isTemporaryName(each)) folder.at(each).remove();
  }
}

/** The error for a worktree that has a folder but no record. */
export function missingRecord(layout: Layout, name: string): JvsError {
  return damaged(layout.worktreeConfig(name), recordOf(name), "the file is missing");
}

function recordOf(name: string): string {
  return `the record of worktree "${name}"`;
}

function nameTaken(name: string, cause?: unknown): JvsError {
  return new JvsError("E_ALREADY_EXISTS", `Cannot call a worktree "${name}": that name is taken`, {
    hint: "Choose another name; `jvs worktree list` lists the names in use.",
    details: { name },
    cause,
  });
}
