import type { JvsError } from "../model/errors.ts";
import { isUuid } from "../model/ids.ts";
import { type Claims, Intent } from "../model/records.ts";
import { type Schema, SchemaMismatch } from "../model/schema.ts";
import { nowIso } from "../platform/clock.ts";
import type { Host, Stat } from "../platform/platform.ts";
import { AuditEntry } from "./audit_record.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { damaged, parseRecord, writeRecord } from "./record_file.ts";

const WHAT = "the intent";

/** One kind of intent: its name, what recovery must know, and its steps. */
export interface IntentForm<D extends object = object, S extends string = string> {
  /** The name in intents and in the audit log: `worktree fork`. */
  readonly operation: string;
  /** Fields that are known only at a later step are optional. */
  readonly details: Schema<D>;
  readonly steps: readonly S[];
}

/** What a change says when it begins. */
export interface NewIntent<D> extends Pick<Intent, "worktree_id" | "target"> {
  readonly details: D;
  /** Nothing by default. */
  readonly claims?: Claims;
}

/** Who wrote the file of an intent, and who may. */
type Maker = Pick<Stat, "uid" | "mode">;

/** What changes are about to do. It is durable before they do it, so that recovery can finish or undo it. */
export class Intents {
  /** Who wrote the intents that were read, by their ids. */
  private readonly makers = new Map<string, Maker>();

  constructor(private readonly layout: Layout, private readonly host: Host) {}

  /** Records that a change begins. */
  begin<D extends object, S extends string>(
    form: IntentForm<D, S>,
    { worktree_id, target, details, claims = {} }: NewIntent<D>,
  ): OpenIntent<D, S> {
    const open = this.takeOver(form, {
      id: crypto.randomUUID(),
      operation: form.operation,
      worktree_id,
      target,
      details: { ...details } as Intent["details"],
      claims,
      started_at: nowIso(),
      state: "active",
      steps: [],
      audit: null,
    });
    open.write();
    return open;
  }

  /** All intents that can be read, oldest first. */
  list(): Intent[] {
    return this.read().intents;
  }

  /** All intents, oldest first, and the files that cannot be read: what those changes were about to do is unknown. */
  read(): { intents: Intent[]; damaged: { path: string; error: JvsError }[] } {
    const intents: Intent[] = [];
    const unreadable: { path: string; error: JvsError }[] = [];
    for (const id of this.layout.intents.jsonNames().filter(isUuid)) {
      const file = this.layout.intent(id);
      try {
        const found = file.readFreshOwned();
        const intent = parseRecord(file, Intent, WHAT, found?.text);
        if (found === undefined || intent === undefined) continue; // it may have been completed in between
        // What is trusted in an intent depends on who wrote the file of its id.
        if (intent.id !== id) throw damaged(file, WHAT, `it is of another change, ${intent.id}`);
        intents.push(intent);
        this.makers.set(id, found);
      } catch (error) {
        if (!isUnreadableRecord(error)) throw error;
        unreadable.push({ path: file.path, error });
      }
    }
    return { intents: intents.sort(byAge), damaged: unreadable };
  }

  /**
   * Whether the process that began it has ended: a process of this machine, or of an earlier boot of it. For another
   * machine this is unknown; only the lock of the change tells.
   */
  isAbandoned(intent: Intent): boolean {
    const { host } = this;
    if (intent.host !== host.id) return false;
    return intent.boot_id !== host.bootId || !host.isAlive(intent.pid, intent.process_start);
  }

  /**
   * The user who wrote an intent that was read, if the caller must not take that user's word for changes to the caller's
   * own files; nothing otherwise.
   */
  distrustedMaker({ id }: Pick<Intent, "id">): number | undefined {
    const maker = this.makers.get(id);
    return maker === undefined || this.layout.plane.owners.isTrustedMaker(maker) ? undefined : maker.uid;
  }

  /** Takes over an intent to recover it. The caller holds its lock or knows that its process has ended. */
  takeOver<D extends object, S extends string>(
    form: IntentForm<D, S>,
    intent: Omit<Intent, "host" | "boot_id" | "pid" | "process_start">,
  ): OpenIntent<D, S> {
    const { id: host, bootId: boot_id, pid, startTime: process_start } = this.host;
    const ours: Intent = { ...intent, host, boot_id, pid, process_start };
    return new OpenIntent(this.layout.intent(intent.id), form, ours);
  }
}

/** An intent that this process works on. Each change of it is durable when the call returns. */
export class OpenIntent<D extends object = object, S extends string = string> {
  /** Whether this process wrote the audit record: then the change is done, even when a later step fails. */
  isRecorded = false;
  readonly id: string;
  readonly operation: string;
  readonly target: string;
  readonly worktreeId: string | null;

  constructor(
    private readonly file: ControlPath,
    private readonly form: IntentForm<D, S>,
    private intent: Intent,
  ) {
    ({ id: this.id, operation: this.operation, target: this.target, worktree_id: this.worktreeId } = intent);
  }

  /** What other changes must leave alone while it is open. */
  get claims(): Claims {
    return this.intent.claims;
  }

  /** What recovery needs to know, as far as the change has come. */
  get details(): D {
    return this.checked(() => this.form.details.check(this.intent.details, "details"));
  }

  /** Whether this step has begun. */
  has(step: S): boolean {
    return this.intent.steps.includes(step);
  }

  /** Records that a step begins, with what recovery must know and what the step claims. */
  step(name: S, details: Partial<D> = {}, claims: Claims = {}): void {
    const before = this.intent;
    this.intent = {
      ...before,
      steps: [...before.steps, name],
      details: { ...before.details, ...details },
      claims: { ...before.claims, ...claims },
    };
    this.write();
  }

  /** Sets the audit record, before the step that makes the change true. */
  decide(entry: AuditEntry): void {
    this.intent = { ...this.intent, audit: entry };
    this.write();
  }

  /** The audit record that was set, or null. */
  decided(): AuditEntry | null {
    const { audit } = this.intent;
    return audit === null ? null : this.checked(() => AuditEntry.check(audit, "audit"));
  }

  /** Removes the intent; its audit record, if it has one, is in the log. Repeatable. */
  complete(): void {
    this.file.remove();
  }

  /** Writes the whole intent. */
  write(): void {
    writeRecord(this.file, this.intent);
  }

  private checked<T>(check: () => T): T {
    try {
      return check();
    } catch (error) {
      if (error instanceof SchemaMismatch) throw damaged(this.file, WHAT, error.message);
      throw error;
    }
  }
}

function byAge(a: Intent, b: Intent): number {
  return a.started_at < b.started_at ? -1 : a.started_at > b.started_at ? 1 : 0;
}
