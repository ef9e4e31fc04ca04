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
import { type Folder, inodeAt, inodeText, readWhole } from "../../platform/platform.ts";
import { type FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { at, NONE, type TreeTable } from "../../tree/table.ts";
import { type Aspects, aspectsOf } from "./aspects.ts";
import type { Unit } from "./plan.ts";
import type { PreparedRestore } from "./prepare.ts";

/** What a restore is about to do. With it recovery can tell from the disk what was done. docs/design/restore.md. */
export interface Journal {
  readonly units: readonly JournalUnit[];
  /** Folders before what is in them. */
  readonly aspects: readonly JournalAspects[];
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
const MOST_TEXT = 1024 * 1024;

const UnitLine = record({
  kind: oneOf("swap", "create", "remove"),
  path: text(),
  before: nullable(text()).about("Inode of what the worktree has there; null for nothing."),
  after: nullable(text()).about("Inode of what is staged; null for nothing."),
});
const AspectsLine = record({
  mode: integer(),
  uid: integer(),
  gid: integer(),
  mtime: list(integer()),
  xattrs: list(list(text())),
});
const Lines = record({
  version: integer(),
  units: list(UnitLine),
  aspects: list(record({
    path: text(),
    folder: boolean(),
    before: nullable(AspectsLine),
    after: AspectsLine,
  })),
});

/** One rename or exchange. */
export type JournalUnit = Omit<Infer<typeof UnitLine>, "path"> & { readonly path: BytePath };

/** A unit that is about to be carried out. */
export type PlannedUnit = Unit & { readonly path: BytePath };

/** A journal that is not written yet. */
export interface PlannedJournal {
  /** Each is made when it is asked for: a million of them at once take 200 MB. */
  readonly units: Iterable<PlannedUnit>;
  readonly aspects: readonly JournalAspects[];
}

type JournalRequest = Pick<PreparedRestore, "plan" | "then" | "scope"> & { readonly now: TreeTable };

/** Describes each step that is about to come. */
export function journalOf(request: JournalRequest): PlannedJournal {
  const { plan, now, then } = request;
  const changed = plan.metadata.map(({ now: i, then: j }): JournalAspects => ({
    path: then.path(j),
    folder: now.type[i] === DIR,
    before: aspectsOf(now, i),
    after: aspectsOf(then, j),
  }));
  const pathOf = (unit: Unit) => unit.then === NONE ? now.path(unit.now) : then.path(unit.then);
  const units = {
    *[Symbol.iterator]() {
      for (const unit of plan.units) yield { ...unit, path: pathOf(unit) };
    },
  };
  return { units, aspects: inOrder([...changed, ...foldersOf(request), ...movedFolders(request)]) };
}

/** Folders in which something comes or goes. That changes their times, so these are set again. */
function* foldersOf({ plan, now, then, scope }: JournalRequest): Generator<JournalAspects> {
  const folders = new Set<number>();
  for (const unit of plan.units) {
    const i = unit.now === NONE ? now.find(then.path(at(then.parent, unit.then))) : at(now.parent, unit.now);
    if (folders.has(i)) continue;
    folders.add(i);
    const path = now.path(i);
    const j = then.find(path);
    const before = aspectsOf(now, i);
    const isThen = j !== -1 && then.type[j] === DIR && scope[j] === 1;
    yield { path, folder: true, before, after: isThen ? aspectsOf(then, j) : before };
  }
}

/**
 * Folders that are moved themselves. For that their owner may need another mode, and on XFS an exchange changes their own
 * time. For a folder that only goes nothing is set at the end.
 */
function* movedFolders({ plan, now, then }: JournalRequest): Generator<JournalAspects> {
  const isFolder = (table: TreeTable, index: number) => index !== NONE && table.type[index] === DIR;
  for (const { now: i, then: j } of plan.units) {
    if (isFolder(now, i)) {
      const before = aspectsOf(now, i);
      yield { path: now.path(i), folder: true, before, after: j === NONE ? before : aspectsOf(then, j) };
    } else if (isFolder(then, j)) {
      yield { path: then.path(j), folder: true, before: null, after: aspectsOf(then, j) };
    }
  }
}

/** Each path once, folders before what is in them. */
function inOrder(aspects: readonly JournalAspects[]): JournalAspects[] {
  const sorted = [...aspects].sort((a, b) => compareBytes(a.path, b.path));
  return sorted.filter((entry, k) =>
    k === 0 || !equalBytes((sorted[k - 1] as JournalAspects).path, entry.path)
  );
}

/** Writes the journal into the staging folder, with the inodes that show later what was done; durable when it returns. */
export function writeJournal(
  staging: Folder,
  now: TreeTable,
  fresh: FoldersByPath,
  { units, aspects }: PlannedJournal,
): void {
  using file = staging.openFile(NAME, "create");
  let text = `{"version":${VERSION},"units":[`;
  let comma = "";
  for (const { kind, path, now: i, then } of units) {
    const before = i === NONE ? null : inodeText(at(now.inoHi, i), at(now.inoLo, i));
    const after = then === NONE ? null : inodeAt(fresh.get(parentPath(path)), lastName(path));
    text += comma + JSON.stringify({ kind, path: encodePath(path), before, after });
    comma = ",";
    if (text.length < MOST_TEXT) continue;
    file.write(bytesOf(text));
    text = "";
  }
  const lines = aspects.map(({ path, folder, before, after }) => (
    { path: encodePath(path), folder, before: before && toLine(before), after: toLine(after) }
  ));
  file.write(bytesOf(`${text}],"aspects":${JSON.stringify(lines)}}`));
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
        before: before && fromLine(before),
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

function toLine(aspects: Aspects): Infer<typeof AspectsLine> {
  return { ...aspects, xattrs: aspects.xattrs.map(({ name, value }) => [name, hexOf(value)]) };
}

function fromLine({ mtime: [sec = 0, nsec = 0], xattrs, ...line }: Infer<typeof AspectsLine>): Aspects {
  return {
    ...line,
    mtime: [sec, nsec],
    xattrs: xattrs.map(([name = "", value = ""]) => ({ name, value: bytesOfHex(value) })),
  };
}
