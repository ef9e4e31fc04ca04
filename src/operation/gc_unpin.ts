import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { Pin, uuid } from "../model/records.ts";
import { list, record, text } from "../model/schema.ts";
import { lostKeepers } from "../repo/lost_keepers.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { changeRepository } from "../protocol/change/change.ts";
import { commitChange, finishIf } from "../protocol/change/commit.ts";
import { defineChange } from "../protocol/change/kind.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { defineOperation } from "./define.ts";

const unpinning = defineChange({
  operation: "gc unpin",
  details: record({ pin_ids: list(uuid()) }),
  steps: [],
  audit: record({ pin_ids: list(uuid()), snapshot_id: Pin.fields.snapshot_id }),
  async recover(context, intent): Promise<void> {
    const { pins } = context.store;
    if (intent.decided() !== null) { for (const id of intent.details.pin_ids) pins.remove(id); }
    await finishIf(intent.decided() !== null, context, intent);
  },
});

/** Removes pins. */
export const gcUnpin = defineOperation({
  name: "gc unpin",
  summary: "Remove a pin, or all pins of a snapshot",
  about:
    "`jvs gc unpin` and `jvs pin remove` are two names of one command. A pin whose file is lost, as `jvs doctor` says, " +
    "is given up in the same way.",
  examples: [
    ["jvs gc unpin v1", "removes the pins of the snapshot tagged v1"],
    ["jvs gc unpin 3f2a", "removes the pin whose id begins so"],
  ],
  changes: "repository",
  kinds: [unpinning],
  input: record({
    pin: text().about("The pin's id or its first digits, or a snapshot.").cli({
      positional: true,
      placeholder: "PIN",
      completes: "snapshot",
    }),
  }, { closed: true }),
  output: record({ pins: list(Pin).about("The pins that were removed.") }),
  async run(context, input) {
    const { store } = context;
    const pins = await pinsNamed(context, input.pin);
    const pin_ids = pins.map(({ pin_id }) => pin_id);
    const snapshot_id = pins[0]?.snapshot_id ?? "";
    const begun = { kind: unpinning, target: snapshot_id, details: { pin_ids } };
    return await changeRepository(context, begun, async (change) => {
      await commitChange(change, { target: snapshot_id, details: { pin_ids, snapshot_id } }, {
        commit: () => pin_ids.forEach((id) => void store.pins.remove(id)),
      });
      return { pins };
    });
  },
});

/** The same by another name. */
export const pinRemove = { ...gcUnpin, name: "pin remove" };

/** The pins that a word means: those with this id, or else those of the snapshot. */
async function pinsNamed(context: RepositoryContext, word: string): Promise<Pin[]> {
  const { store } = context;
  const pins = [...store.pins.list(), ...lostKeepers(store).pins];
  const byId = /^[0-9a-f-]{4,36}$/.test(word) ? pins.filter(({ pin_id }) => pin_id.startsWith(word)) : [];
  if (byId.length === 1) return byId;
  if (byId.length > 1) {
    throw new JvsError("E_AMBIGUOUS", `Cannot remove the pin ${quoted(word)}: ${byId.length} pins begin so`, {
      hint: "Give more of its id. `jvs gc pins` lists them.",
      details: { pin_ids: byId.map(({ pin_id }) => pin_id) },
    });
  }
  const id = await resolveSnapshot(store, word, context);
  const ofSnapshot = pins.filter(({ snapshot_id }) => snapshot_id === id);
  if (ofSnapshot.length > 0) return ofSnapshot;
  throw new JvsError("E_NOT_FOUND", `Cannot remove the pin of ${quoted(word)}: no pin keeps that snapshot`, {
    hint: "`jvs gc pins` lists all pins.",
    details: { snapshot_id: id },
  });
}
