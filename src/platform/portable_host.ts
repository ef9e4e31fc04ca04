import { hostId, hostName, userNameOf } from "./host_names.ts";
import { rightsOf } from "./linux_rights.ts";
import type { Host, Rights } from "./platform.ts";

/** This machine and user as far as Deno tells without the C library. */
export class PortableHost implements Host {
  readonly pid = Deno.pid;
  /** When it was asked first: /proc is closed, so this names the process only to itself. */
  readonly startTime = `t${Math.round(performance.timeOrigin)}`;
  readonly bootId = "unknown";

  get name(): string {
    return hostName();
  }

  get id(): string {
    return hostId();
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

  /** /proc is closed. */
  get rights(): Rights {
    return rightsOf(undefined, this.uid, this.gid);
  }

  /** Whether another process runs cannot be told, and taking a living one for dead would do harm. */
  isAlive(pid: number, startTime: string): boolean {
    return pid !== this.pid || startTime === this.startTime;
  }
}
