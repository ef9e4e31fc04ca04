import { isUuid } from "../model/ids.ts";
import { Pin } from "../model/records.ts";
import type { Layout } from "./layout.ts";
import { readRecord, writeRecord } from "./record_file.ts";

/** What keeps snapshots from the garbage collection besides lines and refs. Changes ask for the caller's lock. */
export class Pins {
  constructor(private readonly layout: Layout) {}

  /** The ids of all, expired and damaged ones too. */
  ids(): string[] {
    const names = this.layout.pins.names().filter((name) => name.endsWith(".json"));
    return names.map((name) => name.slice(0, -".json".length)).filter(isUuid);
  }

  /** All pins, expired ones too, oldest first; a damaged one is `E_DESCRIPTOR_CORRUPT`: it must not look unpinned. */
  list(): Pin[] {
    const pins = this.ids().flatMap((id) => this.find(id) ?? []);
    return pins.sort((a, b) => a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0);
  }

  /** The pin, or nothing. */
  find(id: string): Pin | undefined {
    return isUuid(id) ? readRecord(this.layout.pin(id), Pin, { what: "the pin" }) : undefined;
  }

  /** Adds a pin, durably. Repeatable. */
  add(pin: Pin): void {
    this.layout.gc.make(); // a copier may have left empty folders out
    this.layout.pins.make();
    writeRecord(this.layout.pin(pin.pin_id), Pin.check(pin));
  }

  /** Removes a pin; false when there was none. */
  remove(id: string): boolean {
    return isUuid(id) && this.layout.pin(id).remove();
  }
}
