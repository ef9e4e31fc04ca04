import { boolean, type InferFields, oneOf, record, text } from "../../../model/schema.ts";

/** What may be given with every command, before or after its name. SPEC 11. */
export const GLOBALS = record({
  help: boolean().default(false).about("Show help on the command.").cli({ short: "h" }),
  version: boolean().default(false).about("Show which jvs this is."),
  json: boolean().default(false).about("Print the result, or the error, as one JSON object."),
  repo: text().optional().about("The repository, instead of the one around the current folder.")
    .cli({ placeholder: "DIR", completes: "path" }),
  directory: text().optional().about("Work as if started in this folder.")
    .cli({ short: "C", placeholder: "DIR", completes: "path" }),
  quiet: boolean().default(false).about("Print only what was asked for, and errors.").cli({ short: "q" }),
  color: boolean().default(true).about("Print without colours, as NO_COLOR=1 does."),
  no_progress: boolean().default(false).about("Show no progress."),
  progress: oneOf("auto", "json").default("auto")
    .about("With json, progress as JSON lines on standard error."),
  lock_timeout: text().optional().about("How long to wait for somebody else's operation, such as 30s or 5m.")
    .cli({ placeholder: "TIME" }),
  session: text().optional().about("The session that the audit trail is to name.")
    .cli({ placeholder: "SESSION" }),
  reason: text().optional().about("Why, for the audit log.").cli({ placeholder: "TEXT" }),
  debug: boolean().default(false).about("Show where in the program an error arose."),
});

/** What was given of it. */
export type Globals = InferFields<typeof GLOBALS.fields>;
