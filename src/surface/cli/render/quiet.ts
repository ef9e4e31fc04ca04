/** What a script wants of a change that was made: where in the result the one value is that it cannot know before. */
export const QUIET_VALUES: Readonly<Record<string, readonly string[]>> = {
  "snapshot": ["snapshot", "snapshot_id"],
  "worktree create": ["path"],
  "worktree fork": ["path"],
};

/** A change's result with --quiet: one value on a line, or nothing. */
export function quietText(operation: string, result: unknown): string {
  let value = result;
  for (const field of QUIET_VALUES[operation] ?? []) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, field) : undefined;
  }
  return typeof value === "string" ? `${value}\n` : "";
}
