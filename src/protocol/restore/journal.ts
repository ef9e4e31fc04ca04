import { type BytePath, bytesOf, bytesOfHex, hexOf, textOf } from "../../model/bytes.ts";
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
import { type Folder, readWhole } from "../../platform/platform.ts";
import { inodeText } from "../../platform/stat.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { type Aspects, aspectsOf } from "./aspects.ts";
import type { Unit } from "./plan_form.ts";
import type { PreparedRestore } from "./prepare.ts";
import type { StagedTree } from "./staged_tree.ts";

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
  /** Of what the worktree has there, to which `before` belongs; null for what the restore makes. */
  readonly inode: string | null;
  /** Null for what the restore makes. */
  readonly before: Aspects | null;
  readonly after: Aspects;
}

/** Its name in staging. */
export const JOURNAL = bytesOf("journal");
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
    inode: nullable(text()).default(null).about("Inode of what the worktree has there; null for nothing."),
    before: nullable(AspectsLine),
    after: AspectsLine,
  })),
});

/** One rename or exchange. */
export type JournalUnit = Omit<Infer<typeof UnitLine>, "path"> & { readonly path: BytePath };

/** A unit that is about to be carried out. */
export type PlannedUnit = Unit & { readonly path: BytePath };

/** A journal that is not written yet. Each step is made when it is asked for: a million of them at once take 200 MB and more. */
export interface PlannedJournal {
  readonly units: Iterable<PlannedUnit>;
  /** The folders of the units, and what they do in them: once for all units that follow each other. */
  readonly folders: Iterable<Pick<PlannedUnit, "kind" | "path">>;
  readonly aspects: Iterable<PlannedAspects>;
  /** The same, but folders after what is in them. */
  readonly aspectsUpwards: Iterable<PlannedAspects>;
}

/** Aspects that are about to be set. */
export interface PlannedAspects extends JournalAspects {
  /** The inode of what gets them; null if nothing there needs any: a folder went, or something else took its place. */
  readonly placed: string | null;
}

interface JournalRequest extends Pick<PreparedRestore, "plan" | "then" | "scope"> {
  readonly now: TreeTable;
  readonly staged: StagedTree;
}

/** Describes each step that is about to come. */
export function journalOf(request: JournalRequest): PlannedJournal {
  const { plan, now, then, staged } = request;
  const pathOf = (unit: Unit) => unit.then === NONE ? now.path(unit.now) : then.path(unit.then);
  const targets = [...targetsOf(request)];
  const aspectsAt = ({ now: i, then: j, gets }: Target): PlannedAspects => {
    const inStaging = gets === BROUGHT ? staged.inode(j) : null;
    if (i === NONE) {
      const made = { inode: null, before: null, placed: inStaging };
      return { path: then.path(j), folder: true, after: aspectsOf(then, j), ...made };
    }
    const before = aspectsOf(now, i);
    const after = j === NONE ? before : aspectsOf(then, j);
    const inode = inodeOf(now, i);
    const placed = gets === STAYING ? inode : inStaging;
    return { path: now.path(i), folder: now.type[i] === DIR, inode, before, after, placed };
  };
  const lazily = <T>(steps: () => Iterator<T>): Iterable<T> => ({ [Symbol.iterator]: steps });
  return {
    units: lazily(() => plan.units.values().map((unit) => ({ ...unit, path: pathOf(unit) }))),
    folders: lazily(() => foldersOfUnits(request)),
    aspects: lazily(() => targets.values().map(aspectsAt)),
    aspectsUpwards: lazily(() => targets.toReversed().values().map(aspectsAt)),
  };
}

function* foldersOfUnits({ plan, now, then }: JournalRequest): Generator<Pick<PlannedUnit, "kind" | "path">> {
  let last: { kind: Unit["kind"]; folder: number } | undefined;
  for (const { kind, now: i, then: j } of plan.units) {
    const [table, index] = kind === "remove" ? [now, i] : [then, j];
    const folder = at(table.parent, index);
    if (last?.kind === kind && last.folder === folder) continue;
    last = { kind, folder };
    yield { kind, path: table.path(folder) };
  }
}

const [STAYING, BROUGHT, NOTHING] = [1, 2, 3] as const;

/** What gets aspects, by its places in the two trees: `now` is NONE for what is made, `then` for what stays as it is. */
interface Target extends Pick<Unit, "now" | "then"> {
  /** Whether what is there now gets them, or the folder that is brought there, or nothing. */
  readonly gets: typeof STAYING | typeof BROUGHT | typeof NOTHING;
}

/** Each path once, folders before what is in them. */
function* targetsOf(request: JournalRequest): Generator<Target> {
  const { plan, now } = request;
  const known = new Uint8Array(now.count);
  const thenOf = new Uint32Array(now.count);
  const made: Target[] = [];
  const staying = plan.metadata.map((pair): Target => ({ ...pair, gets: STAYING }));
  for (const target of [...staying, ...foldersOf(request), ...movedFolders(request)]) {
    const { now: i, then: j, gets } = target;
    if (i === NONE) made.push(target);
    else if (known[i] === 0) [known[i], thenOf[i]] = [gets, j];
  }
  const kinds = [STAYING, BROUGHT, NOTHING];
  for (let i = 0; i < now.count; i++) {
    const gets = kinds.find((kind) => kind === known[i]);
    if (gets !== undefined) yield { now: i, then: at(thenOf, i), gets };
  }
  yield* made; // into folders of now
}

/** Folders in which something comes or goes. That changes their times, so these are set again. */
function* foldersOf({ plan, now, then, scope }: JournalRequest): Generator<Target> {
  const folders = new Set<number>();
  for (const unit of plan.units) {
    const i = unit.now === NONE ? now.find(then.path(at(then.parent, unit.then))) : at(now.parent, unit.now);
    if (folders.has(i)) continue;
    folders.add(i);
    const j = then.find(now.path(i));
    const isThen = j !== -1 && then.type[j] === DIR && scope[j] === 1;
    yield { now: i, then: isThen ? j : NONE, gets: STAYING };
  }
}

/** Folders that are moved themselves: their owner may need another mode for it, and on XFS it changes their own time. */
function* movedFolders({ plan, now, then }: JournalRequest): Generator<Target> {
  const isFolder = (table: TreeTable, index: number) => index !== NONE && table.type[index] === DIR;
  for (const unit of plan.units) {
    const isBrought = isFolder(then, unit.then);
    if (isFolder(now, unit.now)) yield { ...unit, gets: isBrought ? BROUGHT : NOTHING };
    else if (isBrought) yield { now: NONE, then: unit.then, gets: BROUGHT };
  }
}

/** Writes the journal into the staging folder, with the inodes that show later what was done; durable when it returns. */
export function writeJournal(
  staging: Folder,
  now: TreeTable,
  staged: StagedTree,
  { units, aspects }: PlannedJournal,
): void {
  using file = staging.openFile(JOURNAL, "create");
  let text = `{"version":${VERSION},"units":[`;
  let comma = "";
  const add = (line: object) => {
    text += comma + JSON.stringify(line);
    comma = ",";
    if (text.length < MOST_TEXT) return;
    file.write(bytesOf(text));
    text = "";
  };
  for (const { kind, path, now: i, then } of units) {
    const before = i === NONE ? null : inodeOf(now, i);
    const after = then === NONE ? null : staged.inode(then);
    add({ kind, path: encodePath(path), before, after });
  }
  text += `],"aspects":[`;
  comma = "";
  for (const { path, folder, inode, before, after } of aspects) {
    add({ path: encodePath(path), folder, inode, before: before && toLine(before), after: toLine(after) });
  }
  file.write(bytesOf(`${text}]}`));
  file.sync();
  staging.sync();
}

/** Reads it back. */
export function readJournal(staging: Folder): Journal {
  try {
    using file = staging.openFile(JOURNAL, "read");
    const lines = Lines.check(JSON.parse(textOf(readWhole(file))));
    return {
      units: lines.units.map((unit) => ({ ...unit, path: decodePath(unit.path) })),
      aspects: lines.aspects.map(({ path, folder, inode, before, after }) => ({
        path: decodePath(path),
        folder,
        inode,
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

function inodeOf(table: TreeTable, index: number): string {
  return inodeText(at(table.inoHi, index), at(table.inoLo, index));
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
