import { isUuid } from "../model/ids.ts";
import { Pin } from "../model/records.ts";
import { record } from "../model/schema.ts";
import { requireKeepers } from "./kept_folders.ts";
import type { Layout } from "./layout.ts";
import { damaged, readRecord, writeRecord } from "./record_file.ts";

/** A pin that does not say so was made when pins of removed worktrees were the only ones: those keep the line. */
const StoredPin = record({ ...Pin.fields, keeps_line: Pin.fields.keeps_line.default(true) });

/** Whether a pin keeps nothing any more. A time that is none, such as the 30th of February, ends nothing. */
export function isExpired({ expires_at }: Pin, now: number): boolean {
  return expires_at !== null && Date.parse(expires_at) <= now;
}

/** Pins keep snapshots from garbage collection, as lines and refs do. The caller holds the lock for changes. */
export class Pins {
  constructor(private readonly layout: Layout) {}

  /** The ids of all pins, with expired and damaged ones. */
  ids(): string[] {
    return this.layout.pins.jsonNames().filter(isUuid);
  }

  /** All pins, oldest first. A damaged one is `E_DESCRIPTOR_CORRUPT`: its snapshot must not look unpinned. */
  list(): Pin[] {
    const pins = this.ids().flatMap((id) => this.find(id) ?? []);
    return pins.sort((a, b) => a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0);
  }

  /** The pin, or nothing. */
  find(id: string): Pin | undefined {
    if (!isUuid(id)) return undefined;
    const file = this.layout.pin(id);
    const pin = readRecord(file, StoredPin, "the pin");
    if (pin === undefined || pin.pin_id === id) return pin;
    throw damaged(file, "the pin", `it is another pin, ${pin.pin_id}`);
  }

  /** Adds a pin, durably. Repeatable. */
  add(pin: Pin): void {
    requireKeepers(this.layout, `pin snapshot ${pin.snapshot_id}`);
    this.layout.gc.make();
    this.layout.pins.make();
    writeRecord(this.layout.pin(pin.pin_id), Pin.check(pin));
  }

  /** Removes a pin; false if there was none. */
  remove(id: string): boolean {
    return isUuid(id) && this.layout.pin(id).remove();
  }
}
