import { Pin, words } from "../model/records.ts";
import { parseLater } from "../model/duration.ts";
import { boolean, record, text } from "../model/schema.ts";
import { nowIso, nowMs } from "../platform/clock.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { changeRepository } from "../protocol/change/change.ts";
import { commitChange, finishIf } from "../protocol/change/commit.ts";
import { defineChange } from "../protocol/change/kind.ts";
import { defineOperation } from "./define.ts";

const pinning = defineChange({
  operation: "gc pin",
  details: record({}),
  steps: [],
  audit: record({
    pin_id: Pin.fields.pin_id,
    expires_at: Pin.fields.expires_at,
    pin_reason: text(),
    keeps_line: Pin.fields.keeps_line,
  }),
  // The pin is one file, with the id of the change. If it exists, the change was made.
  recover: (context, intent) => finishIf(context.store.pins.find(intent.id) !== undefined, context, intent),
});

/** Keeps a snapshot from garbage collection. */
export const gcPin = defineOperation({
  name: "gc pin",
  summary: "Keep a snapshot from garbage collection, forever or for a time",
  about: "`jvs gc pin` and `jvs pin add` are two names of one command.",
  examples: [
    ["jvs gc pin v1 --reason 'in the paper'", "keeps the snapshot tagged v1"],
    ["jvs gc pin HEAD~3 --expires 90d", "keeps a snapshot for 90 days"],
    ["jvs gc pin v1 --line", "keeps the snapshot and all that it descends from"],
  ],
  changes: "repository",
  kinds: [pinning],
  input: record({
    snapshot: text().default("HEAD").about("The snapshot.").cli({ positional: true, completes: "snapshot" }),
    reason: words().default("").about("Why it is kept."),
    expires: text().optional().about("Until when it is kept: a date, a time, or `90d`; without it, forever.")
      .cli({ placeholder: "TIME" }),
    line: boolean().default(false).about("Keep what it descends from, too."),
  }, { closed: true }),
  output: record({ pin: Pin.about("The new pin.") }),
  async run(context, input) {
    const { store } = context;
    const id = await resolveSnapshot(store, input.snapshot, context);
    const expires_at = input.expires === undefined
      ? null
      : new Date(parseLater(input.expires, nowMs())).toISOString();
    const begun = { kind: pinning, target: id, details: {}, claims: { snapshot_id: id } };
    return await changeRepository(context, begun, async (change) => {
      // Garbage collection needs the same lock, so from here on no process can collect it.
      store.snapshots.requireContent(id, "pin snapshot");
      const { line: keeps_line, reason } = input;
      const pin_id = change.intent.id;
      const pin = { pin_id, snapshot_id: id, reason, created_at: nowIso(), expires_at, keeps_line };
      const details = { pin_id, expires_at, pin_reason: reason, keeps_line };
      await commitChange(change, { target: id, details }, { commit: () => store.pins.add(pin) });
      return { pin };
    });
  },
});

/** The same by another name. */
export const pinAdd = { ...gcPin, name: "pin add" };
