import { type BytePath, bytesOf, bytesOfHex, hexOf, textOf } from "../../model/bytes.ts";
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
import type { Folder } from "../../platform/platform.ts";
import { readWhole } from "../../platform/read_whole.ts";
import type { Aspects } from "./aspects.ts";

/** What a restore is about to do, so that it can be undone from what the disk shows. docs/design/restore.md. */
export interface Journal {
  readonly units: readonly JournalUnit[];
  /** Parents before what is in them. */
  readonly aspects: readonly JournalAspects[];
}

/** One rename or exchange. */
export interface JournalUnit {
  readonly kind: "swap" | "create" | "remove";
  readonly path: BytePath;
  /** Inode of what is there before; null where nothing is. */
  readonly before: string | null;
  /** Inode of what is staged; null where nothing comes. */
  readonly after: string | null;
}

/** Aspects that are set in place. */
export interface JournalAspects {
  readonly path: BytePath;
  /** A folder: its time changes by what is done in it. */
  readonly folder: boolean;
  /** Null for what the restore itself makes. */
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
