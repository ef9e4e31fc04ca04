import type { Libc } from "./libc.ts";
import { errnoName } from "./errno.ts";
import { bootIdOf } from "./linux_file_system.ts";
import { readSystemFile } from "./linux_read.ts";
import { rightsOf } from "./linux_rights.ts";
import type { Host, Rights } from "./platform.ts";
import { DenoHost } from "./host_names.ts";

// Fields of /proc/<pid>/stat after the name in brackets: the first is the state, the 20th the start time (ticks since
// boot).
const STATE = 0;
const START_TIME = 19;

/** This machine and user. Each fact is looked up when it is first needed. */
export class LinuxHost extends DenoHost implements Host {
  readonly #libc: Libc;
  #bootId: string | undefined;
  #startTime: string | undefined;
  #rights: Rights | undefined;

  constructor(libc: Libc) {
    super();
    this.#libc = libc;
  }

  get bootId(): string {
    return this.#bootId ??= bootIdOf(this.#libc);
  }

  get startTime(): string {
    return this.#startTime ??= this.#processFacts(this.pid)?.[START_TIME] ?? "unknown";
  }

  get rights(): Rights {
    return this.#rights ??= rightsOf(readSystemFile(this.#libc, "/proc/self/status"), this.uid, this.gid);
  }

  isAlive(pid: number, startTime: string): boolean {
    if (this.#libc.call.kill(pid, 0) < 0 && errnoName(this.#libc.errno) === "ESRCH") return false;
    const facts = this.#processFacts(pid);
    // /proc can be closed to us (hidepid). A process that exists but cannot be examined counts as the one asked about.
    if (facts === undefined) return true;
    return facts[STATE] !== "Z" && facts[STATE] !== "X" && facts[START_TIME] === startTime;
  }

  #processFacts(pid: number): string[] | undefined {
    const line = readSystemFile(this.#libc, `/proc/${pid}/stat`);
    // The name itself may contain brackets and spaces.
    return line?.slice(line.lastIndexOf(")") + 2).trim().split(" ");
  }
}
