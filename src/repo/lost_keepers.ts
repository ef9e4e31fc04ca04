import type { Pin, Ref } from "../model/records.ts";
import { nowMs } from "../platform/clock.ts";
import { isExpired } from "./pins.ts";
import { type RecordedKeepers, recordedKeepers } from "./recorded_keepers.ts";
import type { Store } from "./store.ts";

/** Refs and pins whose files are gone, with what the audit trail knows of them. */
export interface LostKeepers {
  readonly refs: readonly Ref[];
  readonly pins: readonly Pin[];
}

/**
 * The refs and pins that the audit trail says are there, and that are not: what they kept must not look as if nothing kept it. Those of
 * changes under way are left out: such a change has an open intent at the first look, or is done by the second one. The trail is read whole.
 */
export function lostKeepers(store: Store, told = recordedKeepers(store.layout)): LostKeepers {
  const first = missingKeepers(store, told);
  if (!isAnyLost(first)) return first;
  const busy = new Set(store.intents.list().filter(({ operation }) => ENDS.has(operation)).flatMap(named));
  const second = missingKeepers(store, recordedKeepers(store.layout));
  const [refs, pins] = [new Set(namesOf(second.refs)), new Set(idsOf(second.pins))];
  return {
    refs: first.refs.filter(({ ref_name: name }) => refs.has(name) && !busy.has(name)),
    pins: first.pins.filter(({ pin_id: id }) => pins.has(id) && !busy.has(id)),
  };
}

/** Whether a ref or a pin is lost. */
export function isAnyLost({ pins, refs }: LostKeepers): boolean {
  return refs.length > 0 || pins.length > 0;
}

/** What removes a ref or a pin before its record is written. */
const ENDS: ReadonlySet<string> = new Set(["ref delete", "gc unpin"]);

function named({ details, target }: { target: string; details: Record<string, unknown> }): unknown[] {
  const { pin_ids: ids = [] } = details;
  return [target, ...Array.isArray(ids) ? ids : []];
}

function missingKeepers({ pins, refs }: Store, recorded: RecordedKeepers): LostKeepers {
  const [names, ids, now] = [new Set(refs.names()), new Set(pins.ids()), nowMs()];
  return {
    refs: [...recorded.refs.values()].filter(({ ref_name: name }) => !names.has(name)),
    pins: [...recorded.pins.values()].filter((pin) => !ids.has(pin.pin_id) && !isExpired(pin, now)),
  };
}

function namesOf(refs: readonly Ref[]): string[] {
  return refs.map(({ ref_name }) => ref_name);
}

function idsOf(pins: readonly Pin[]): string[] {
  return pins.map(({ pin_id }) => pin_id);
}
