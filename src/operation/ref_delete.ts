import { Ref } from "../model/records.ts";
import { record, text } from "../model/schema.ts";
import { changeRepository } from "../protocol/change/change.ts";
import { commitChange } from "../protocol/change/commit.ts";
import { defineOperation } from "./define.ts";
import { checkRefName } from "../model/names.ts";

/** Takes a name from a snapshot. */
export const refDelete = defineOperation({
  name: "ref delete",
  summary: "Delete a ref; its snapshot stays",
  about: "The snapshot stays.",
  examples: [["jvs ref delete best", "takes that name away"]],
  changes: "repository",
  input: record({
    name: text().about("The ref.").cli({ positional: true, placeholder: "NAME", completes: "ref" }),
  }, { closed: true }),
  output: record({ ref: Ref.about("What it was.") }),
  async run(context, input) {
    const { store } = context;
    const name = checkRefName(input.name);
    return await changeRepository(context, { operation: "ref delete", target: name }, async (change) => {
      const ref = store.refs.get(name);
      const note = { target: name, details: { ref_name: name, snapshot_id: ref.snapshot_id } };
      await commitChange(change, "ref delete", note, () => void store.refs.remove(name));
      return { ref };
    });
  },
});
