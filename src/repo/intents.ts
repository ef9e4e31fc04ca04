import { type JvsError, unlessThrown } from "../model/errors.ts";
import { isUuid } from "../model/ids.ts";
import { type Claims, Intent } from "../model/records.ts";
import { type Schema, SchemaMismatch } from "../model/schema.ts";
import { nowIso } from "../platform/clock.ts";
import type { Host } from "../platform/platform.ts";
import { AuditEntry } from "./audit_record.ts";
import { isUnusableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { damaged, MOST_BYTES, parseRecord, writeRecord } from "./record_file.ts";

const WHAT = "the intent";

/** One kind of intent: its name, what recovery must know, and its steps. */
export interface IntentForm<D extends object = object, S extends string = string> {
  /** The name in intents and in the audit log: `worktree fork`. */
  readonly operation: string;
  /** Fields that are known only at a later step are optional. */
  readonly details: Schema<D>;
  readonly steps: readonly S[];
  /** Recovery changes files of users as the intent says, so it takes an intent from no other member of a group. */
  readonly touchesFiles?: boolean;
}

/** What a change says when it begins. */
export interface NewIntent<D> extends Pick<Intent, "worktree_id" | "target"> {
  readonly details: D;
  /** Nothing by default. */
  readonly claims?: Claims;
}

/** Where an intent was read. */
interface Source {
  readonly file: ControlPath;
  /** Its user: where others may write, that of the folder it lies in; else the owner of the file. */
  readonly user: number;
}

/** What keeps a caller from recovering an intent. */
export interface Distrusted {
  readonly user: number;
  /** The file, if JVS does not keep such an intent there, so that even its user does not recover it. */
  readonly misplaced: string | undefined;
}

/**
 * What changes are about to do. It is durable before they do it, so that recovery can finish or undo it.
 *
 * Where others may write, an intent that says what to do to files outside `.jvs` lies in a folder that only its user may write
 * (`Layout.ownIntents`). The others lie in one folder, where each member can complete what another began.
 */
export class Intents {
  private readonly sources = new WeakMap<object, Source>();

  constructor(private readonly layout: Layout, private readonly host: Host) {}

  /** Records that a change begins. */
  begin<D extends object, S extends string>(
    form: IntentForm<D, S>,
    { worktree_id, target, details, claims = {} }: NewIntent<D>,
  ): OpenIntent<D, S> {
    if (form.touchesFiles) this.layout.ensureOwn();
    const id = crypto.randomUUID();
    const folder = form.touchesFiles ? this.layout.ownIntents : this.layout.intents;
    const open = this.own(this.layout.intent(id, folder), form, {
      id,
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
    const take = (path: string, read: () => void) => {
      try {
        read();
      } catch (error) {
        if (!isUnusableRecord(error)) throw error;
        unreadable.push({ path, error });
      }
    };
    for (const { folder, user } of this.folders()) {
      take(folder.path, () => {
        for (const id of folder.jsonNames().filter(isUuid)) {
          const file = this.layout.intent(id, folder);
          take(file.path, () => intents.push(...this.readFrom(file, id, user)));
        }
      });
    }
    return { intents: intents.sort(byAge), damaged: unreadable };
  }

  /** Where intents are; `user` is whose alone. */
  private folders(): { readonly folder: ControlPath; readonly user?: number }[] {
    const owned = this.layout.userFolders().map(({ uid, folder }) => ({
      folder: folder.at("intents"),
      user: uid,
    }));
    return [{ folder: this.layout.intents }, ...owned];
  }

  /** The intent in a file; none if it was completed in between. */
  private readFrom(file: ControlPath, id: string, user: number | undefined): Intent[] {
    const found = file.readFreshOwned(MOST_BYTES.usual);
    const intent = parseRecord(file, Intent, WHAT, found?.text);
    if (found === undefined || intent === undefined) return [];
    if (intent.id !== id) throw damaged(file, WHAT, `it is of another change, ${intent.id}`);
    this.sources.set(intent, { file, user: user ?? found.uid });
    return [intent];
  }

  /** The names of the files of intents, without `.json`; of damaged ones too. */
  names(): string[] {
    return this.folders().flatMap(({ folder }) =>
      unlessThrown(isUnusableRecord, () => folder.names().map((name) => name.replace(/\.json$/, ""))) ?? []
    );
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
   * What keeps the caller from recovering an intent that `list` gave, if that changes files outside `.jvs`; nothing if the
   * caller wrote it. Recovery does what it says with the caller's rights.
   */
  distrust(intent: Intent): Distrusted | undefined {
    const { file, user } = this.sources.get(intent) as Source;
    const { plane, plane: { owners: { isOfAnotherAlone, owner = user } } } = this.layout;
    if (plane.mayDecide(file)) return undefined;
    if (file.own !== undefined) return { user, misplaced: undefined };
    return isOfAnotherAlone ? { user: owner, misplaced: undefined } : { user, misplaced: file.path };
  }

  /** Takes over an intent that `list` gave, to recover it. The caller holds its lock or knows that its process has ended. */
  takeOver<D extends object, S extends string>(form: IntentForm<D, S>, intent: Intent): OpenIntent<D, S> {
    return this.own((this.sources.get(intent) as Source).file, form, intent);
  }

  private own<D extends object, S extends string>(
    file: ControlPath,
    form: IntentForm<D, S>,
    intent: Omit<Intent, "host" | "boot_id" | "pid" | "process_start">,
  ): OpenIntent<D, S> {
    const { id: host, bootId: boot_id, pid, startTime: process_start } = this.host;
    return new OpenIntent(file, form, { ...intent, host, boot_id, pid, process_start });
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
