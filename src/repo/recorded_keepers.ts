import { AuditRecord, Pin, Ref, snapshotId, time, uuid } from "../model/records.ts";
import { type Infer, list, nullable, record, SchemaMismatch } from "../model/schema.ts";
import { readTrail, type TrailReader } from "./audit_mentions.ts";
import type { Layout } from "./layout.ts";

/** The refs and pins that there must be, as the audit trail knows them: made, and neither deleted nor unpinned since. Pins may have run out. */
export interface RecordedKeepers {
  readonly refs: ReadonlyMap<string, Ref>;
  readonly pins: ReadonlyMap<string, Pin>;
}

/** The ref of a line that was left by `snapshot --branch`, in the audit record of that snapshot. */
export const KeptLine = record({ ref_name: Ref.fields.ref_name, snapshot_id: snapshotId() });
export type KeptLine = Infer<typeof KeptLine>;

/** A pin that `worktree remove` made, in its audit record. All end at its `kept_until`. */
export const RemovalPin = record({
  pin_id: uuid(),
  snapshot_id: snapshotId(),
  keeps_line: Pin.fields.keeps_line,
  pin_reason: Pin.fields.reason,
});
export type RemovalPin = Infer<typeof RemovalPin>;

/** The ref that keeps the line of a worktree which it left by `snapshot --branch`. */
export function refOfLeftLine(
  { ref_name, snapshot_id }: KeptLine,
  worktree: string,
  { at, by }: { readonly at: string; readonly by: string },
): Ref {
  const note = `the line of ${worktree} before it branched`;
  return { ref_name, snapshot_id, created_at: at, created_by: by, note, keeps_line: true };
}

/** Why JVS pinned a line of a worktree by itself. */
export function reasonOfKeptLine(worktree: string): string {
  return `a line of worktree ${worktree} that its record did not know`;
}

const TELLS =
  /"operation": ?"(?:ref create|ref delete|gc pin|gc unpin|worktree remove|doctor keep_line|audit repair)"|"kept_line": ?\{/;

/** The refs and pins that there must be, as all records of the log say, and the one in HEAD. Nothing is proved. Of what was made before a repair it knows nothing: that may have cut off the end. */
export function recordedKeepers(layout: Layout): RecordedKeepers {
  const told = new KeepersTold();
  readTrail(layout, [told]);
  return told.recorded();
}

/** What the log tells of refs and pins. */
export class KeepersTold implements TrailReader {
  readonly tells = TELLS;
  readonly #found: Found = { refs: new Map(), pins: new Map(), ended: new Set() };

  /** Notes what the record in a line says, or that in HEAD. */
  note(line: string): void {
    try {
      const parsed: unknown = JSON.parse(line);
      const said = AuditRecord.check(nextOf(parsed));
      NOTES[said.operation]?.(said, this.#found);
    } catch (error) {
      // Torn or damaged: `Chain` reports it.
      if (!(error instanceof SyntaxError || error instanceof SchemaMismatch)) throw error;
    }
  }

  /** The refs and pins that there must be. */
  recorded(): RecordedKeepers {
    for (const id of this.#found.ended) this.#found.pins.delete(id);
    return this.#found;
  }
}

interface Found {
  readonly refs: Map<string, Ref>;
  readonly pins: Map<string, Pin>;
  /** A pin may be ended before the change that made it wrote its record. No id is used twice. */
  readonly ended: Set<string>;
}

// Earlier versions left out what has a default here.
const RefMade = record({
  ref_name: Ref.fields.ref_name,
  snapshot_id: snapshotId(),
  note: Ref.fields.note.default(""),
  keeps_line: Ref.fields.keeps_line.default(true),
});
const PinMade = record({
  pin_id: uuid(),
  expires_at: Pin.fields.expires_at.default(null),
  pin_reason: Pin.fields.reason.default(""),
  keeps_line: Pin.fields.keeps_line.default(true),
});
const Unpinned = record({ pin_ids: list(uuid()) });
const LineKept = record({ worktree: Ref.fields.ref_name, pin_id: uuid() });
const Saved = record({ worktree: Ref.fields.ref_name, kept_line: KeptLine });
const Removed = record({
  worktree: Ref.fields.ref_name,
  latest_snapshot_id: nullable(snapshotId()),
  kept_until: nullable(time()),
  pins: list(RemovalPin).optional(),
});

/** What the record of each operation tells. */
const NOTES: Readonly<Record<string, (said: AuditRecord, found: Found) => void>> = {
  "ref create"({ actor, details, timestamp }, { refs }) {
    const made = RefMade.check(details);
    refs.set(made.ref_name, { ...made, created_at: timestamp, created_by: actor });
  },
  "ref delete": ({ target }, { refs }) => void refs.delete(target),
  snapshot({ actor: by, details, timestamp: at }, { refs }) {
    const { kept_line, worktree } = Saved.check(details);
    refs.set(kept_line.ref_name, refOfLeftLine(kept_line, worktree, { at, by }));
  },
  "gc pin"({ details, target: snapshot_id, timestamp: created_at }, { pins }) {
    const { pin_reason: reason, ...made } = PinMade.check(details);
    pins.set(made.pin_id, { ...made, snapshot_id, reason, created_at });
  },
  "gc unpin"({ details }, { ended }) {
    for (const id of Unpinned.check(details).pin_ids) ended.add(id);
  },
  "doctor keep_line"({ details, target: snapshot_id, timestamp: created_at }, { pins }) {
    const { pin_id, worktree } = LineKept.check(details);
    const reason = reasonOfKeptLine(worktree);
    pins.set(pin_id, { pin_id, snapshot_id, reason, created_at, expires_at: null, keeps_line: true });
  },
  "worktree remove"({ details, event_id, timestamp: created_at }, { pins }) {
    const { kept_until: expires_at, latest_snapshot_id: latest, worktree, ...removed } = Removed.check(
      details,
    );
    if (expires_at === null) return;
    const reason = reasonOfRemoval("the line of", worktree);
    // Earlier versions named no pins: that of the line has the id of the change.
    const line = latest === null
      ? []
      : [{ pin_id: event_id, snapshot_id: latest, keeps_line: true, pin_reason: reason }];
    for (const { pin_id, snapshot_id, keeps_line, pin_reason } of removed.pins ?? line) {
      pins.set(pin_id, { pin_id, snapshot_id, reason: pin_reason, created_at, expires_at, keeps_line });
    }
  },
  "audit repair"(_said, { pins, refs }) {
    pins.clear();
    refs.clear();
  },
};

/** Why the removal of a worktree pinned something of it. */
export function reasonOfRemoval(what: string, worktree: string): string {
  return `${what} worktree ${worktree}, which was removed`;
}

/** The record in a line, or that in HEAD. */
function nextOf(parsed: unknown): unknown {
  return typeof parsed === "object" && parsed !== null && "next" in parsed ? parsed.next : parsed;
}
