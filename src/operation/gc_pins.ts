import { Pin } from "../model/records.ts";
import { boolean, list, record } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { requireFolders } from "../repo/kept_folders.ts";
import { isExpired } from "../repo/pins.ts";
import { defineOperation } from "./define.ts";

/** Lists the pins. */
export const gcPins = defineOperation({
  name: "gc pins",
  summary: "List what pins keep from garbage collection",
  about: "`jvs gc pins` and `jvs pin list` are two names of one command.",
  examples: [["jvs gc pins", "each pin with its snapshot, its reason and its end"]],
  changes: "nothing",
  input: record({}, { closed: true }),
  output: record({
    pins: list(record({
      ...Pin.fields,
      expired: boolean().about("Its time is over: it keeps nothing any more."),
    })).about("All pins, the oldest first."),
  }),
  run({ store }) {
    requireFolders(store.layout, ["pins"], "list the pins");
    const now = nowMs();
    return Promise.resolve({
      pins: store.pins.list().map((pin) => ({ ...pin, expired: isExpired(pin, now) })),
    });
  },
});

/** The same by another name. */
export const pinList = { ...gcPins, name: "pin list" };
