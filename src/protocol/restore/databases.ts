import { bytesOf } from "../../model/bytes.ts";
import { FILE } from "../../model/entry.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { compareEntries } from "../../tree/diff.ts";
import { hasOtherContent } from "./links.ts";
import { changesRights } from "./rights.ts";

/** What SQLite keeps beside a database; the first two say that there is one. */
const SUFFIXES = ["-wal", "-journal", "-shm"].map(bytesOf);
const LOGS = SUFFIXES.slice(0, 2);

/**
 * Files of the worktree that are as they should be, and are replaced all the same: the other files of their SQLite database
 * differ. A process that has the database open then goes on in the old files, all of them. If one stayed in its place, that process
 * would write what belongs to the old log into the restored database. docs/design/sqlite.md.
 */
export function replacedWithDatabase(now: TreeTable, then: TreeTable): ReadonlySet<number> {
  const replaced = new Set<number>();
  for (const path of databasesOf(now, then).values()) {
    const files = [path, ...SUFFIXES.map((suffix) => joined(path, suffix))]
      .map((each) => [now.find(each), then.find(each)] as const);
    if (!files.some(([i, j]) => (i === -1) !== (j === -1) || (i !== -1 && isReplaced(now, i, then, j)))) {
      continue;
    }
    for (const [i, j] of files) {
      if (i !== -1 && j !== -1 && isPlain(now, i) && isPlain(then, j)) replaced.add(i);
    }
  }
  return replaced;
}

function isReplaced(now: TreeTable, i: number, then: TreeTable, j: number): boolean {
  const differing = compareEntries(now, i, then, j, { metadata: true });
  return hasOtherContent(differing) || changesRights(now, i, then, j, differing);
}

/** The paths of files that have a log or journal beside them, in one tree or the other. */
function databasesOf(...tables: readonly TreeTable[]): Map<string, Uint8Array> {
  const paths = new Map<string, Uint8Array>();
  for (const table of tables) {
    for (let i = 1; i < table.count; i++) {
      const log = LOGS.find((suffix) => table.nameEndsWith(i, suffix));
      if (log === undefined || table.type[i] !== FILE) continue;
      const path = table.path(i);
      const database = path.subarray(0, path.length - log.length);
      paths.set(database.join(), database);
    }
  }
  return paths;
}

/** A file with one name: to replace one of several would make two files of them. */
function isPlain(table: TreeTable, index: number): boolean {
  return table.type[index] === FILE && at(table.linkGroup, index) === NONE;
}

function joined(path: Uint8Array, suffix: Uint8Array): Uint8Array {
  const whole = new Uint8Array(path.length + suffix.length);
  whole.set(path);
  whole.set(suffix, path.length);
  return whole;
}
