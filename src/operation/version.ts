import { integer, record, text } from "../model/schema.ts";
import { FORMAT_VERSION, VERSION } from "../model/version.ts";
import { defineFreeOperation } from "./define.ts";

/** Shows the versions of the program. */
export const version = defineFreeOperation({
  name: "version",
  summary: "Show which jvs this is",
  examples: [["jvs version --json", "for a bug report"]],
  changes: "nothing",
  input: record({}, { closed: true }),
  output: record({
    version: text(),
    format_version: integer().about("The format of new repositories. JVS does not read newer formats."),
    deno: text(),
  }),
  run: () => Promise.resolve({ version: VERSION, format_version: FORMAT_VERSION, deno: Deno.version.deno }),
});
