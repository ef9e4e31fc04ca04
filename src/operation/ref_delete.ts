import { Ref, snapshotId } from "../model/records.ts";
import { record, text } from "../model/schema.ts";
import { recordedKeepers } from "../repo/recorded_keepers.ts";
import { changeRepository } from "../protocol/change/change.ts";
import { commitChange, finishIf } from "../protocol/change/commit.ts";
import { defineChange } from "../protocol/change/kind.ts";
import { defineOperation } from "./define.ts";
import { checkRefName } from "../model/names.ts";

const deletion = defineChange({
  operation: "ref delete",
  details: record({}),
  steps: [],
  audit: record({ ref_name: text(), snapshot_id: snapshotId() }),
  recover: (context, intent) =>
    finishIf(context.store.refs.find(intent.target) === undefined, context, intent),
});

/** Deletes the name of a snapshot. */
export const refDelete = defineOperation({
  name: "ref delete",
  summary: "Delete a ref; its snapshot stays",
  examples: [["jvs ref delete best", "deletes that name"]],
  changes: "repository",
  kinds: [deletion],
  about: "A ref whose file is lost, as `jvs doctor` says, is given up in the same way.",
  input: record({
    name: text().about("The ref.").cli({ positional: true, placeholder: "NAME", completes: "ref" }),
  }, { closed: true }),
  output: record({ ref: Ref.about("The deleted ref.") }),
  async run(context, input) {
    const { store } = context;
    const name = checkRefName(input.name);
    return await changeRepository(context, { kind: deletion, target: name, details: {} }, async (change) => {
      const found = store.refs.find(name);
      const ref = found ?? recordedKeepers(store.layout).refs.get(name) ??
        store.refs.get(name);
      const note = { target: name, details: { ref_name: name, snapshot_id: ref.snapshot_id } };
      await commitChange(change, note, {
        commit: () => void (found === undefined || store.refs.remove(name)),
      });
      return { ref };
    });
  },
});
