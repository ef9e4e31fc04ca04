import { SchemaMismatch } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import { KeptLine } from "../../repo/recorded_keepers.ts";
import type { Store } from "../../repo/store.ts";
import { isKeptBy } from "./left_line.ts";

/** What of the intent of a snapshot is needed here. */
type Decision = Pick<OpenIntent, "decide" | "decided">;

/**
 * Lets the audit record name the ref that keeps the line which the worktree left, so that its loss is noticed. It was decided before that
 * ref was made: another process may have taken the name meanwhile.
 */
export function noteKeptLine(intent: Decision, kept: KeptLine | null): void {
  const decided = intent.decided();
  if (decided === null || decided.details.kept_line === undefined && kept === null) return;
  if (kept !== null && keptIn(decided.details)?.ref_name === kept.ref_name) return;
  const { kept_line: _, ...details } = decided.details;
  intent.decide({ ...decided, details: kept === null ? details : { ...details, kept_line: kept } });
}

/** The ref that the record names, if it still keeps that line: a person may have deleted it since the kill. */
export function stillKept(store: Store, intent: Decision): KeptLine | null {
  const kept = keptIn(intent.decided()?.details ?? {});
  return kept !== undefined && isKeptBy(store, kept) ? kept : null;
}

function keptIn({ kept_line }: Record<string, unknown>): KeptLine | undefined {
  try {
    return KeptLine.check(kept_line);
  } catch (error) {
    if (error instanceof SchemaMismatch) return undefined;
    throw error;
  }
}
