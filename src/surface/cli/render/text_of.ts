import type { View } from "./view.ts";

/** The renderer of each operation's result, loaded when it is asked for. */
export const RENDERERS: Readonly<Record<string, () => Promise<unknown>>> = {
  "adopt": async () => (await import("./repository.ts")).renderAdopt,
  "completion": async () => (await import("./generic.ts")).renderScript,
  "config get": async () => (await import("./one_thing.ts")).renderSetting,
  "config list": async () => (await import("./lists.ts")).renderSettings,
  "config set": async () => (await import("./one_thing.ts")).renderSettingSet,
  "demo": async () => {
    const { renderDemo } = await import("./demo.ts");
    return (result: Parameters<typeof renderDemo>[0], view: View) => renderDemo(result, view, textOf);
  },
  "diff": async () => (await import("./changes.ts")).renderDiff,
  "doctor": async () => (await import("./checks.ts")).renderDoctor,
  "history": async () => (await import("./history.ts")).renderHistory,
  "info": async () => (await import("./repository.ts")).renderInfo,
  "init": async () => (await import("./repository.ts")).renderInit,
  "path": async () => (await import("./worktrees.ts")).renderPath,
  "ref create": async () => (await import("./one_thing.ts")).renderRefCreated,
  "ref delete": async () => (await import("./one_thing.ts")).renderRefDeleted,
  "ref list": async () => (await import("./lists.ts")).renderRefs,
  "restore": async () => (await import("./restore.ts")).renderRestore,
  "show": async () => (await import("./snapshot.ts")).renderShow,
  "snapshot": async () => (await import("./snapshot.ts")).renderSnapshot,
  "status": async () => (await import("./changes.ts")).renderStatus,
  "verify": async () => (await import("./checks.ts")).renderVerify,
  "version": async () => (await import("./generic.ts")).renderVersion,
  "worktree create": async () => (await import("./worktrees.ts")).renderNewWorktree,
  "worktree fork": async () => (await import("./worktrees.ts")).renderNewWorktree,
  "worktree list": async () => (await import("./worktrees.ts")).renderWorktrees,
  "worktree path": async () => (await import("./worktrees.ts")).renderPath,
  "worktree remove": async () => (await import("./worktrees.ts")).renderRemoved,
  "worktree rename": async () => (await import("./worktrees.ts")).renderRenamed,
};

/** An operation's result as text for people; any result can be shown somehow. */
export async function textOf(operation: string, result: unknown, view: View): Promise<string> {
  const load = Object.hasOwn(RENDERERS, operation) ? RENDERERS[operation] : undefined;
  if (load === undefined) return (await import("./generic.ts")).renderGeneric(result, view);
  // Each renderer takes its own operation's result, and is found by that operation's name.
  const render = await load() as (result: unknown, view: View) => string | Promise<string>;
  return await render(result, view);
}
