import type { JvsError } from "../model/errors.ts";
import { isUuid, newUuid } from "../model/ids.ts";
import { type Claims, Intent } from "../model/records.ts";
import { type Schema, SchemaMismatch } from "../model/schema.ts";
import { nowIso, randomBytes } from "../platform/clock.ts";
import type { Host } from "../platform/platform.ts";
import { AuditEntry } from "./audit_record.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { damaged, parseRecord, writeRecord } from "./record_file.ts";

const WHAT = "the intent";

/** The form of one kind of intent: what it is called, what recovery must know, and which steps it goes through. */
export interface IntentForm<D extends object = object, S extends string = string> {
  /** As intents and the audit trail have it: `worktree fork`. */
  readonly operation: string;
  /** Fields that are known only from a later step on are optional. */
  readonly details: Schema<D>;
  readonly steps: readonly S[];
}

/** What a change says of itself when it begins. */
export interface NewIntent<D> extends Pick<Intent, "worktree_id" | "target"> {
  readonly details: D;
  /** Nothing by default. */
  readonly claims?: Claims;
}

/** An intent's file that cannot be read: what it was about to do is not known. */
export interface DamagedIntent {
  readonly path: string;
  readonly error: JvsError;
}

/** What changes are about to do, durable before they do it, so that what was interrupted can be finished or undone. */
export class Intents {
  /** Who wrote the intents that were read, by their ids. */
  private readonly makers = new Map<string, number>();

  constructor(private readonly layout: Layout, private readonly host: Host) {}

  /** Writes down that a change begins. */
  begin<D extends object, S extends string>(
    form: IntentForm<D, S>,
    { worktree_id, target, details, claims = {} }: NewIntent<D>,
  ): OpenIntent<D, S> {
    const open = this.open(form, {
      operation: form.operation,
      worktree_id,
      target,
      details: { ...details } as Intent["details"],
      claims,
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
        const found = file.readFreshOwned();
        if (found === undefined) continue; // completed meanwhile
        intents.push(parseRecord(found.text, Intent, { what: WHAT, path: file.path }));
        this.makers.set(id, found.uid);
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

  /**
   * Who began a change of these that were read, where that is a user whose word the caller must not take for what is done to
   * the caller's own files; nothing where it may be taken.
   */
  distrustedMaker({ id }: Pick<Intent, "id">): number | undefined {
    const uid = this.makers.get(id);
    return uid === undefined || this.layout.plane.isTrustedMaker(uid) ? undefined : uid;
  }

  /** Takes an intent over, to recover it: the caller holds its lock, or knows that its process has ended. */
  takeOver<D extends object, S extends string>(
    form: IntentForm<D, S>,
    intent: Intent,
  ): OpenIntent<D, S> {
    return this.open(form, { ...intent, ...this.self() });
  }

  private self(): Pick<Intent, "host" | "boot_id" | "pid" | "process_start"> {
    const { id, bootId, pid, startTime } = this.host;
    return { host: id, boot_id: bootId, pid, process_start: startTime };
  }

  private open<D extends object, S extends string>(
    form: IntentForm<D, S>,
    intent: Intent,
  ): OpenIntent<D, S> {
    return new OpenIntent(this.layout.intent(intent.id), form, intent);
  }
}

/** An intent in the hands of the process that acts on it; all that it is told is durable when the call returns. */
export class OpenIntent<D extends object = object, S extends string = string> {
  /** Whether this process has written the audit record: then it is done, whatever fails from now on. */
  isRecorded = false;
  #intent: Intent;

  constructor(private readonly file: ControlPath, private readonly form: IntentForm<D, S>, intent: Intent) {
    this.#intent = intent;
  }

  get id(): string {
    return this.#intent.id;
  }

  get operation(): string {
    return this.#intent.operation;
  }

  get target(): string {
    return this.#intent.target;
  }

  get worktreeId(): string | null {
    return this.#intent.worktree_id;
  }

  /** What other changes leave alone while it is open. */
  get claims(): Claims {
    return this.#intent.claims;
  }

  /** What recovery knows, as far as the change came. */
  get details(): D {
    return this.checked(() => this.form.details.check(this.#intent.details, "details"));
  }

  /** Whether this step was begun. */
  has(step: S): boolean {
    return this.#intent.steps.includes(step);
  }

  /** Says that a step is about to be taken, with what recovery must know of it and what the step claims. */
  step(name: S, details: Partial<D> = {}, claims: Claims = {}): void {
    const before = this.#intent;
    this.#intent = {
      ...before,
      steps: [...before.steps, name],
      details: { ...before.details, ...details },
      claims: { ...before.claims, ...claims },
    };
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
    return audit === null ? null : this.checked(() => AuditEntry.check(audit, "audit"));
  }

  /** Is done with it; its audit record, if it has one, is in the log. Repeatable. */
  complete(): void {
    this.file.remove();
  }

  /** Writes it whole. */
  write(): void {
    writeRecord(this.file, this.#intent);
  }

  private checked<T>(check: () => T): T {
    try {
      return check();
    } catch (error) {
      if (error instanceof SchemaMismatch) throw damaged({ what: WHAT, path: this.file.path }, error.message);
      throw error;
    }
  }
}

function byAge(a: Intent, b: Intent): number {
  return a.started_at < b.started_at ? -1 : a.started_at > b.started_at ? 1 : 0;
}
