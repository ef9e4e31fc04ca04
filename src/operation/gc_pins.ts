import { Pin } from "../model/records.ts";
import { boolean, list, record } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { defineOperation } from "./define.ts";

/** Lists the pins. */
export const gcPins = defineOperation({
  name: "gc pins",
  summary: "List what pins keep from garbage collection",
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
    const now = nowMs();
    const isOver = ({ expires_at }: Pin) => expires_at !== null && Date.parse(expires_at) <= now;
    return Promise.resolve({ pins: store.pins.list().map((pin) => ({ ...pin, expired: isOver(pin) })) });
  },
});

/** The same by another name. */
export const pinList = { ...gcPins, name: "pin list" };
