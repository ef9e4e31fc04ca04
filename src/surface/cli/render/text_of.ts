import type { AnyOperation } from "../../../operation/_define.ts";
import type { Renderer, View } from "./view.ts";

/** The renderer of each operation's result, loaded when it is asked for. */
export const RENDERERS: Readonly<Record<string, () => Promise<unknown>>> = {
  "snapshot": async () => (await import("./snapshot.ts")).renderSnapshot,
  "show": async () => (await import("./snapshot.ts")).renderShow,
  "history": async () => (await import("./history.ts")).renderHistory,
  "diff": async () => (await import("./changes.ts")).renderDiff,
  "status": async () => (await import("./changes.ts")).renderStatus,
  "restore": async () => (await import("./restore.ts")).renderRestore,
  "verify": async () => (await import("./checks.ts")).renderVerify,
  "doctor": async () => (await import("./checks.ts")).renderDoctor,
  "worktree list": async () => (await import("./lists.ts")).renderWorktrees,
  "ref list": async () => (await import("./lists.ts")).renderRefs,
  "completion": async () => (await import("./generic.ts")).renderScript,
  "version": async () => (await import("./generic.ts")).renderVersion,
  "config list": async () => (await import("./lists.ts")).renderSettings,
};

/** A result as text for people; any result can be shown somehow. */
export async function textOf(
  operation: AnyOperation,
  result: unknown,
  view: View,
  quiet: boolean,
): Promise<string> {
  const { name, changes } = operation;
  if (quiet && changes !== "nothing") return (await import("./quiet.ts")).quietText(name, result);
  const load = Object.hasOwn(RENDERERS, name) ? RENDERERS[name] : undefined;
  // Each renderer takes its own operation's result, and is found by that operation's name.
  const render = load === undefined ? (await import("./generic.ts")).renderGeneric : await load() as Renderer;
  return render(result, view);
}
