import type { Libc } from "./libc.ts";
import { errnoName } from "./errno.ts";
import { bootIdOf } from "./linux_file_system.ts";
import { readSystemFile } from "./linux_read.ts";
import { rightsOf } from "./linux_rights.ts";
import type { Host, Rights } from "./platform.ts";
import { hostId, hostName, userNameOf } from "./host_names.ts";

// Of /proc/<pid>/stat behind the name in brackets: the state comes first, the start time (ticks since boot) 20th.
const STATE = 0;
const START_TIME = 19;

/** This machine and user; each fact is looked up when it is first asked for. */
export class LinuxHost implements Host {
  readonly pid = Deno.pid;
  readonly #libc: Libc;
  #bootId: string | undefined;
  #startTime: string | undefined;
  #rights: Rights | undefined;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  get name(): string {
    return hostName();
  }

  get id(): string {
    return hostId();
  }

  get bootId(): string {
    return this.#bootId ??= bootIdOf(this.#libc);
  }

  get startTime(): string {
    return this.#startTime ??= this.#processFacts(this.pid)?.[START_TIME] ?? "unknown";
  }

  get uid(): number {
    return Deno.uid() ?? 0;
  }

  get gid(): number {
    return Deno.gid() ?? 0;
  }

  get userName(): string {
    return userNameOf(this.uid);
  }

  get rights(): Rights {
    return this.#rights ??= rightsOf(readSystemFile(this.#libc, "/proc/self/status"), this.uid, this.gid);
  }

  isAlive(pid: number, startTime: string): boolean {
    if (this.#libc.call.kill(pid, 0) < 0 && errnoName(this.#libc.errno) === "ESRCH") return false;
    const facts = this.#processFacts(pid);
    // /proc can be closed to us (hidepid): what is there but cannot be looked at is taken for the one asked about.
    if (facts === undefined) return true;
    return facts[STATE] !== "Z" && facts[STATE] !== "X" && facts[START_TIME] === startTime;
  }

  #processFacts(pid: number): string[] | undefined {
    const line = readSystemFile(this.#libc, `/proc/${pid}/stat`);
    // The name may hold brackets and spaces itself.
    return line?.slice(line.lastIndexOf(")") + 2).trim().split(" ");
  }
}
