import { type Infer, integer, list, nullable, oneOf, record, text } from "./schema.ts";

/** The operations that run hooks. */
export type HookedOperation = "snapshot" | "restore";

const HOOK = oneOf("pre-snapshot", "post-snapshot", "pre-restore", "post-restore");
/** A hook: the setting of this name behind `hooks.` is the command line. */
export type HookName = Infer<typeof HOOK>;

/** How a hook ended. */
export const HookResult = record({
  hook: HOOK.about("Which hook."),
  code: nullable(integer()).about("Its exit code; null if a signal ended it."),
  signal: nullable(text()).about("The signal that ended it; null if none did."),
  stopped: nullable(oneOf("timeout", "interrupt"))
    .about("Why JVS ended it: its time was over, or JVS was interrupted. Null if JVS did not."),
});
/** How a hook ended. */
export type HookResult = Infer<typeof HookResult>;

/** What a result says of hooks. */
export const HOOKS_RUN = list(HookResult)
  .about(
    "The hooks that ran, in their order. One after the change may have failed: the change is made all the same.",
  );

/** What the audit record of a change says of hooks. Not those after it, because they run when the record is written. */
export const HooksRun = record({
  programs: text().about("The hash of the setting `hooks`, as the user trusted it."),
  before: list(HOOK).about("Those that ran before the change, and did not fail."),
});
/** What the audit record of a change says of hooks. */
export type HooksRun = Infer<typeof HooksRun>;
