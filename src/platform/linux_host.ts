import type { Libc } from "./libc.ts";
import { bootIdOf } from "./linux_file_system.ts";
import { rightsOf } from "./linux_rights.ts";
import type { Host, Rights } from "./platform.ts";
import { DenoHost } from "./host_names.ts";

// Fields of /proc/<pid>/stat after the name in brackets: the first is the state, the 20th the start time (ticks since
// boot).
const STATE = 0;
const PROCESS_GROUP = 2;
const FOREGROUND_GROUP = 5; // of its terminal; -1 without one
const START_TIME = 19;

/** This machine and user. Each fact is looked up when it is first needed. */
export class LinuxHost extends DenoHost implements Host {
  #bootId: string | undefined;
  #startTime: string | undefined;
  #rights: Rights | undefined;

  constructor(private readonly libc: Libc) {
    super();
  }

  get bootId(): string {
    return this.#bootId ??= bootIdOf(this.libc);
  }

  get startTime(): string {
    return this.#startTime ??= this.#processFacts(this.pid)?.[START_TIME] ?? "unknown";
  }

  get rights(): Rights {
    return this.#rights ??= rightsOf(this.libc.readText("/proc/self/status"), this.uid, this.gid);
  }

  get isInForeground(): boolean {
    const facts = this.#processFacts(this.pid);
    return facts !== undefined && facts[PROCESS_GROUP] === facts[FOREGROUND_GROUP];
  }

  isAlive(pid: number, startTime: string): boolean {
    if (this.libc.reason((call) => call.kill(pid, 0)) === "ESRCH") return false;
    const facts = this.#processFacts(pid);
    // /proc can be closed to us (hidepid). A process that exists but cannot be examined counts as the one asked about.
    if (facts === undefined) return true;
    return facts[STATE] !== "Z" && facts[STATE] !== "X" && facts[START_TIME] === startTime;
  }

  #processFacts(pid: number): string[] | undefined {
    const line = this.libc.readText(`/proc/${pid}/stat`);
    // The name itself may contain brackets and spaces.
    return line?.slice(line.lastIndexOf(")") + 2).trim().split(" ");
  }
}
