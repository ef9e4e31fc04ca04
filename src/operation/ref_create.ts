import { shortId } from "../model/ids.ts";
import { checkRefName } from "../model/names.ts";
import { Ref, snapshotId, words } from "../model/records.ts";
import { boolean, record, text } from "../model/schema.ts";
import { nowIso } from "../platform/clock.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { changeRepository } from "../protocol/change/change.ts";
import { commitChange, finishIf } from "../protocol/change/commit.ts";
import { defineChange } from "../protocol/change/kind.ts";
import { defineOperation } from "./define.ts";

const creation = defineChange({
  operation: "ref create",
  details: record({}),
  steps: [],
  audit: record({ ref_name: text(), snapshot_id: snapshotId(), note: text(), keeps_line: boolean() }),
  // The ref is one file. If it exists, the change was made.
  recover: (context, intent) =>
    finishIf(context.store.refs.find(intent.target) !== undefined, context, intent),
});

function contentIsGone(id: string): string {
  return `The content of ${
    shortId(id)
  } was pruned: the ref keeps its place in the history, and what \`show\` and \`diff\` know of it.`;
}

/** Gives a snapshot a name. */
export const refCreate = defineOperation({
  name: "ref create",
  summary: "Give a snapshot a name that is valid in the whole repository",
  about: "A tag is part of its snapshot forever. A ref can be created and deleted at any time.",
  examples: [["jvs ref create best v1 --note '0.93 on the test set'", "names the snapshot tagged v1"]],
  changes: "repository",
  kinds: [creation],
  input: record({
    name: text().about("The ref's name.").cli({ positional: true, placeholder: "NAME" }),
    snapshot: text().default("HEAD").about("The snapshot.").cli({ positional: true, completes: "snapshot" }),
    note: words().default("").about("What it means, in your own words."),
    line: boolean().default(false).about("Keep what the snapshot descends from, too."),
  }, { closed: true }),
  output: record({ ref: Ref.about("The new ref.") }),
  async run(context, input) {
    const { actor, store } = context;
    const name = checkRefName(input.name);
    const id = await resolveSnapshot(store, input.snapshot, context);
    const begun = { kind: creation, target: name, details: {}, claims: { snapshot_id: id } };
    return await changeRepository(context, begun, async (change) => {
      // Deleting a snapshot needs the same lock, so from here on no process can delete this one.
      await store.snapshots.descriptor(id);
      const named = { ref_name: name, snapshot_id: id, note: input.note, keeps_line: input.line };
      const ref = { ...named, created_at: nowIso(), created_by: actor };
      // If the ref exists, fail before the audit record is decided: `create` throws the error.
      if (store.refs.find(name) !== undefined) store.refs.create(ref);
      await commitChange(change, { target: name, details: named }, {
        commit: () => void store.refs.create(ref),
      });
      if (!store.snapshots.exists(id)) change.reporter.warn(contentIsGone(id));
      return { ref };
    });
  },
});
