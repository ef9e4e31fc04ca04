import { isUuid } from "../model/ids.ts";
import { Pin } from "../model/records.ts";
import { attempt } from "../platform/deno_call.ts";
import { makeFolderDurable, removeDurable } from "../platform/durable.ts";
import { isSystemError } from "../platform/system_error.ts";
import type { Layout } from "./layout.ts";
import { readRecord, writeRecord } from "./record_file.ts";

/** What keeps snapshots from the garbage collection besides lines and refs. Changes ask for the caller's lock. */
export class Pins {
  constructor(private readonly layout: Layout) {}

  /** All pins, expired ones too, oldest first; a damaged one is `E_DESCRIPTOR_CORRUPT`. */
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
    makeFolderDurable(this.layout.gc);
    makeFolderDurable(this.layout.pins);
    writeRecord(this.layout.pin(pin.pin_id), Pin.check(pin));
  }

  /** Removes a pin; false when there was none. */
  remove(id: string): boolean {
    return isUuid(id) && removeDurable(this.layout.pin(id));
  }

  private ids(): string[] {
    try {
      const names = attempt(
        "list",
        this.layout.pins,
        () => Array.from(Deno.readDirSync(this.layout.pins), (e) => e.name),
      );
      return names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return []; // a copier left the empty folder out
      throw error;
    }
  }
}
