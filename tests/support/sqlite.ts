import { assertEquals } from "@std/assert";
import { mustRun, python } from "./run.ts";

/** How a process writes a database. */
interface WriterOptions {
  readonly mode: "wal" | "delete" | "truncate" | "persist";
  /** `exclusive`: no other process may use the database. */
  readonly locking?: "normal" | "exclusive";
  readonly seed?: number;
  /** After so many transactions it closes the database and opens it again; 0: never. */
  readonly reopen?: number;
  /** The longest pause after a transaction. */
  readonly pauseMs?: number;
  /** In WAL mode: how many rows of 4 kB the database has besides, so that it takes a while to copy it. */
  readonly rows?: number;
}

/** A process that writes a database all the time: `tests/support/sqlite_writer.py`. */
export class SqliteWriter {
  private constructor(private readonly process: Deno.ChildProcess, private readonly stop: string) {}

  /** Returns when the database is there. `stop` is a path for a file that ends it. */
  static async start(
    path: string,
    stop: string,
    { mode, locking = "normal", seed = 1, reopen = 0, pauseMs = 2, rows = 6000 }: WriterOptions,
  ): Promise<SqliteWriter> {
    const script = new URL("sqlite_writer.py", import.meta.url).pathname;
    const process = new Deno.Command(python(), {
      args: ["-B", script, path, stop, mode, locking, `${seed}`, `${reopen}`, `${pauseMs / 1000}`, `${rows}`],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const writer = new SqliteWriter(process, stop);
    await writer.ready();
    return writer;
  }

  private async ready(): Promise<void> {
    const reader = this.process.stdout.getReader();
    await reader.read();
    reader.releaseLock();
  }

  /** Ends it, and returns how many transactions it committed. */
  async end(): Promise<number> {
    Deno.writeTextFileSync(this.stop, "");
    const { code, stdout } = await this.process.output();
    assertEquals(code, 0);
    return Number(new TextDecoder().decode(stdout));
  }

  /** Ends it in the middle of its work. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.output();
  }
}

/** How many transactions a database has; fails if it is damaged, or has parts of one. It may be opened and recovered. */
export function transactionsIn(path: string): number {
  const script = new URL("check_sqlite.py", import.meta.url).pathname;
  const said = mustRun(python(), "-B", script, path).trim();
  const count = Number(said);
  if (said === "" || Number.isNaN(count)) throw new Error(`The database "${path}" is not whole: ${said}`);
  return count;
}

/** The same for a database in a payload, which must not be changed. `copy` is a path for a copy of its files. */
export function transactionsInCopy(folder: string, name: string, copy: string): number {
  return inCopy(folder, name, copy, transactionsIn);
}

function inCopy<T>(folder: string, name: string, copy: string, read: (path: string) => T): T {
  Deno.mkdirSync(copy);
  try {
    for (const entry of Deno.readDirSync(folder)) {
      if (entry.name.startsWith(name)) mustRun("cp", `${folder}/${entry.name}`, copy);
    }
    mustRun("chmod", "-R", "u+w", copy);
    return read(`${copy}/${name}`);
  } finally {
    Deno.removeSync(copy, { recursive: true });
  }
}
