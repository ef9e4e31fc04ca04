import { Ref } from "../model/records.ts";
import { list, record } from "../model/schema.ts";
import { requireFolders } from "../repo/kept_folders.ts";
import { defineOperation } from "./define.ts";

/** Lists the refs. */
export const refList = defineOperation({
  name: "ref list",
  summary: "List the names that were given to snapshots",
  examples: [["jvs ref list", "each ref with its snapshot and its note"]],
  changes: "nothing",
  input: record({}, { closed: true }),
  output: record({ refs: list(Ref).about("All refs, by name.") }),
  run({ store }) {
    requireFolders(store.layout, ["refs"], "list the refs");
    return Promise.resolve({ refs: store.refs.list() });
  },
});
