import type { JvsError } from "../model/errors.ts";
import { isUuid, newUuid } from "../model/ids.ts";
import { Intent } from "../model/records.ts";
import { SchemaMismatch } from "../model/schema.ts";
import { nowIso, randomBytes } from "../platform/clock.ts";
import type { Host } from "../platform/platform.ts";
import { AuditEntry } from "./audit_record.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { damaged, readRecord, writeRecord } from "./record_file.ts";

const WHAT = "the intent";

/** What a change says of itself when it begins. */
export type NewIntent = Pick<Intent, "operation" | "worktree_id" | "target" | "details">;

/** An intent's file that cannot be read: what it was about to do is not known. */
export interface DamagedIntent {
  readonly path: string;
  readonly error: JvsError;
}

/** What changes are about to do, durable before they do it, so that what was interrupted can be finished or undone. */
export class Intents {
  constructor(private readonly layout: Layout, private readonly host: Host) {}

  /** Writes down that a change begins. */
  begin(change: NewIntent): OpenIntent {
    const open = this.open({
      ...change,
      id: newUuid(randomBytes(16)),
      ...this.self(),
      started_at: nowIso(),
      state: "active",
      steps: [],
      audit: null,
    });
    open.write();
    return open;
  }

  /** All that can be read, oldest first. */
  list(): Intent[] {
    return this.read().intents;
  }

  /** All, oldest first, and those that are damaged. */
  read(): { intents: Intent[]; damaged: DamagedIntent[] } {
    const intents: Intent[] = [];
    const damaged: DamagedIntent[] = [];
    for (const name of this.layout.intents.names()) {
      const id = name.replace(/\.json$/, "");
      if (id === name || !isUuid(id)) continue;
      const file = this.layout.intent(id);
      try {
        const intent = readRecord(file, Intent, { what: WHAT });
        if (intent !== undefined) intents.push(intent); // completed meanwhile
      } catch (error) {
        if (!isUnreadableRecord(error)) throw error;
        damaged.push({ path: file.path, error });
      }
    }
    return { intents: intents.sort(byAge), damaged };
  }

  /**
   * Whether whoever began it is known to be gone: a process of this machine that has ended, or of an earlier boot of it. Of
   * another machine's nothing is known: only the lock that it was made under tells.
   */
  isAbandoned(intent: Intent): boolean {
    const { host } = this;
    if (intent.host !== host.id) return false;
    return intent.boot_id !== host.bootId || !host.isAlive(intent.pid, intent.process_start);
  }

  /** Takes an intent over, to recover it: the caller holds its lock, or knows that it is abandoned. */
  adopt(intent: Intent): OpenIntent {
    return this.open({ ...intent, ...this.self() });
  }

  private self(): Pick<Intent, "host" | "boot_id" | "pid" | "process_start"> {
    const { id, bootId, pid, startTime } = this.host;
    return { host: id, boot_id: bootId, pid, process_start: startTime };
  }

  private open(intent: Intent): OpenIntent {
    return new OpenIntent(this.layout.intent(intent.id), intent);
  }
}

/** An intent in the hands of the one that acts on it; all that it is told is durable when the call returns. */
export class OpenIntent {
  /** Whether this process has written the audit record: then it is done, whatever fails from now on. */
  isRecorded = false;
  #intent: Intent;

  constructor(private readonly file: ControlPath, intent: Intent) {
    this.#intent = intent;
  }

  get id(): string {
    return this.#intent.id;
  }

  /** As it stands now. */
  get intent(): Intent {
    return this.#intent;
  }

  /** Says that a step is about to be taken, with what recovery must know of it. */
  step(name: string, details: Intent["details"] = {}): void {
    const { steps, details: before } = this.#intent;
    this.#intent = { ...this.#intent, steps: [...steps, name], details: { ...before, ...details } };
    this.write();
  }

  /** Settles what the audit log will say, before the step that makes the change true. */
  decide(entry: AuditEntry): void {
    this.#intent = { ...this.#intent, audit: entry };
    this.write();
  }

  /** What was settled, or null. */
  decided(): AuditEntry | null {
    const { audit } = this.#intent;
    try {
      return audit === null ? null : AuditEntry.check(audit, "audit");
    } catch (error) {
      if (error instanceof SchemaMismatch) throw damaged({ what: WHAT, path: this.file.path }, error.message);
      throw error;
    }
  }

  /** Is done with it; its audit record, if it has one, is in the log. Repeatable. */
  complete(): void {
    this.file.remove();
  }

  /** Writes it whole. */
  write(): void {
    writeRecord(this.file, this.#intent);
  }
}

function byAge(a: Intent, b: Intent): number {
  return a.started_at < b.started_at ? -1 : a.started_at > b.started_at ? 1 : 0;
}
