/** What a script wants of a change that was made: the one value it cannot know before. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  "snapshot": ["snapshot", "snapshot_id"],
  "worktree create": ["path"],
  "worktree fork": ["path"],
  "gc plan": ["plan_id"],
  "lock acquire": ["session_id"],
};

/** A change's result with --quiet: one value on a line, or nothing. */
export function quietText(operation: string, result: unknown): string {
  let value = result;
  for (const field of WANTED[operation] ?? []) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, field) : undefined;
  }
  return typeof value === "string" ? `${value}\n` : "";
}
