import {
  type BytePath,
  bytesOf,
  bytesOfHex,
  compareBytes,
  equalBytes,
  hexOf,
  textOf,
} from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { decodePath, encodePath } from "../../model/path_text.ts";
import {
  boolean,
  type Infer,
  integer,
  list,
  nullable,
  oneOf,
  record,
  SchemaMismatch,
  text,
} from "../../model/schema.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { readWhole } from "../../platform/read_whole.ts";
import { type FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { at, NONE, type TreeTable } from "../../tree/table.ts";
import { type Aspects, aspectsOf } from "./aspects.ts";
import type { RestorePlan } from "./plan.ts";
import type { PreparedRestore } from "./prepare.ts";

/** What a restore is about to do. With it recovery can tell from the disk what was done. docs/design/restore.md. */
export interface Journal {
  readonly units: readonly JournalUnit[];
  /** Folders before what is in them. */
  readonly aspects: readonly JournalAspects[];
}

/** One rename or exchange. */
export interface JournalUnit {
  readonly kind: "swap" | "create" | "remove";
  readonly path: BytePath;
  /** Inode of what the worktree has there; null for nothing. */
  readonly before: string | null;
  /** Inode of what is staged; null for nothing. */
  readonly after: string | null;
}

/** Aspects to set on what is at a path. */
export interface JournalAspects {
  readonly path: BytePath;
  /** Whether it is a folder: then every change in it changes its time. */
  readonly folder: boolean;
  /** Null for what the restore makes. */
  readonly before: Aspects | null;
  readonly after: Aspects;
}

const NAME = bytesOf("journal");
const VERSION = 1;

const AspectsLine = record({
  mode: integer(),
  uid: integer(),
  gid: integer(),
  mtime: list(integer()),
  xattrs: list(list(text())),
});
const Lines = record({
  version: integer(),
  units: list(record({
    kind: oneOf("swap", "create", "remove"),
    path: text(),
    before: nullable(text()),
    after: nullable(text()),
  })),
  aspects: list(record({
    path: text(),
    folder: boolean(),
    before: nullable(AspectsLine),
    after: AspectsLine,
  })),
});

/** The inode of what has this name, as the journal writes it; null if nothing has. */
export function inodeAt(folder: Folder, name: Uint8Array): string | null {
  const stat = new Stat();
  return folder.stat(name, stat) ? `${stat.inoHi}:${stat.inoLo}` : null;
}

/** What a journal is made from. */
export type JournalRequest = Pick<PreparedRestore, "plan" | "then" | "scope"> & { readonly now: TreeTable };

/** Describes each step that is about to come, with the inodes that show later whether it was done. */
export function journalOf(fresh: FoldersByPath, { plan, now, then, scope }: JournalRequest): Journal {
  const units = plan.units.map((unit): JournalUnit => {
    const path = unit.then === NONE ? now.path(unit.now) : then.path(unit.then);
    const before = unit.now === NONE ? null : `${now.inoHi[unit.now]}:${now.inoLo[unit.now]}`;
    const after = unit.then === NONE ? null : inodeAt(fresh.get(parentPath(path)), lastName(path));
    return { kind: unit.kind, path, before, after };
  });
  const aspects = [
    ...changedAspects(plan, now, then),
    ...foldersOf(plan, now, then, scope),
    ...movedFolders(plan, now, then),
  ];
  return { units, aspects: inOrder(aspects) };
}

function changedAspects(plan: RestorePlan, now: TreeTable, then: TreeTable): JournalAspects[] {
  return plan.metadata.map(({ now: i, then: j }) => ({
    path: then.path(j),
    folder: now.type[i] === DIR,
    before: aspectsOf(now, i),
    after: aspectsOf(then, j),
  }));
}

/** Folders in which something comes or goes. That changes their times, so these are set again. */
function foldersOf(plan: RestorePlan, now: TreeTable, then: TreeTable, scope: Uint8Array): JournalAspects[] {
  const folders = new Map<number, JournalAspects>();
  for (const unit of plan.units) {
    const i = unit.now === NONE ? now.find(then.path(at(then.parent, unit.then))) : at(now.parent, unit.now);
    if (folders.has(i)) continue;
    const path = now.path(i);
    const j = then.find(path);
    const before = aspectsOf(now, i);
    const isThen = j !== -1 && then.type[j] === DIR && scope[j] === 1;
    folders.set(i, { path, folder: true, before, after: isThen ? aspectsOf(then, j) : before });
  }
  return [...folders.values()];
}

/**
 * Folders that are moved themselves. For that their owner may need another mode, and on XFS an exchange changes their own
 * time. For a folder that only goes nothing is set at the end.
 */
function movedFolders(plan: RestorePlan, now: TreeTable, then: TreeTable): JournalAspects[] {
  const isFolder = (table: TreeTable, index: number) => index !== NONE && table.type[index] === DIR;
  const moved: JournalAspects[] = [];
  for (const unit of plan.units) {
    if (isFolder(now, unit.now)) {
      const before = aspectsOf(now, unit.now);
      const after = unit.then === NONE ? before : aspectsOf(then, unit.then);
      moved.push({ path: now.path(unit.now), folder: true, before, after });
    } else if (isFolder(then, unit.then)) {
      const after = aspectsOf(then, unit.then);
      moved.push({ path: then.path(unit.then), folder: true, before: null, after });
    }
  }
  return moved;
}

/** Each path once, folders before what is in them. */
function inOrder(aspects: readonly JournalAspects[]): JournalAspects[] {
  const sorted = [...aspects].sort((a, b) => compareBytes(a.path, b.path));
  return sorted.filter((entry, k) =>
    k === 0 || !equalBytes((sorted[k - 1] as JournalAspects).path, entry.path)
  );
}

/** Writes the journal into the staging folder; durable when it returns. */
export function writeJournal(staging: Folder, journal: Journal): void {
  const content = {
    version: VERSION,
    units: journal.units.map((unit) => ({ ...unit, path: encodePath(unit.path) })),
    aspects: journal.aspects.map(({ path, folder, before, after }) => ({
      path: encodePath(path),
      folder,
      before: before === null ? null : toLine(before),
      after: toLine(after),
    })),
  };
  using file = staging.openFile(NAME, "create");
  file.write(bytesOf(JSON.stringify(content)));
  file.sync();
  staging.sync();
}

/** Reads it back. */
export function readJournal(staging: Folder): Journal {
  try {
    using file = staging.openFile(NAME, "read");
    const lines = Lines.check(JSON.parse(textOf(readWhole(file))));
    return {
      units: lines.units.map((unit) => ({ ...unit, path: decodePath(unit.path) })),
      aspects: lines.aspects.map(({ path, folder, before, after }) => ({
        path: decodePath(path),
        folder,
        before: before === null ? null : fromLine(before),
        after: fromLine(after),
      })),
    };
  } catch (error) {
    if (!(error instanceof SchemaMismatch) && !(error instanceof SyntaxError)) throw error;
    throw new JvsError(
      "E_DESCRIPTOR_CORRUPT",
      `Cannot recover an interrupted restore: its journal in "${staging.path}" is damaged (${error.message})`,
      {
        hint:
          "Nothing was deleted: what the restore took out of the worktree is in that folder, under the same paths. " +
          "Compare by hand, then remove the folder.",
        cause: error,
      },
    );
  }
}

function toLine({ mode, uid, gid, mtime, xattrs }: Aspects): Infer<typeof AspectsLine> {
  return { mode, uid, gid, mtime, xattrs: xattrs.map(({ name, value }) => [name, hexOf(value)]) };
}

function fromLine({ mode, uid, gid, mtime, xattrs }: Infer<typeof AspectsLine>): Aspects {
  return {
    mode,
    uid,
    gid,
    mtime: [mtime[0] ?? 0, mtime[1] ?? 0],
    xattrs: xattrs.map(([name = "", value = ""]) => ({ name, value: bytesOfHex(value) })),
  };
}
