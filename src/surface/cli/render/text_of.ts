/**
 * Turns results into text for people. The table below names the renderer of each operation. A renderer composes phrases of
 * `words.ts` and tables of `style.ts`. It only returns text; `main.ts` prints it.
 */
import type { ResultOf } from "../../../operation/registry.ts";
import { type Renderer, type View, wrap } from "./style.ts";
import { facts, valueText } from "./words.ts";

/** The renderer of each operation. Its file is loaded on first use. */
export const RENDERERS: Readonly<Record<string, () => Promise<unknown>>> = {
  "adopt": async () => (await import("./repository.ts")).renderAdopt,
  "audit": async () => (await import("./audit.ts")).renderAudit,
  "audit verify": async () => (await import("./audit.ts")).renderAuditVerified,
  "completion": () => Promise.resolve(({ script }: ResultOf<"completion">) => script),
  "conformance run": async () => (await import("./conformance.ts")).renderConformance,
  "config get": async () => (await import("./repository.ts")).renderSetting,
  "config list": async () => (await import("./repository.ts")).renderSettings,
  "config set": async () => (await import("./repository.ts")).renderSettingSet,
  "config trust": async () => (await import("./trust.ts")).renderTrust,
  "demo": () => Promise.resolve(renderDemo),
  "diff": async () => (await import("./changes.ts")).renderDiff,
  "doctor": async () => (await import("./checks.ts")).renderDoctor,
  "gc pin": async () => (await import("./collection.ts")).renderPinned,
  "gc pins": async () => (await import("./collection.ts")).renderPins,
  "gc plan": async () => (await import("./collection.ts")).renderPlan,
  "gc run": async () => (await import("./collection.ts")).renderCollected,
  "gc unpin": async () => (await import("./collection.ts")).renderUnpinned,
  "history": async () => (await import("./history.ts")).renderHistory,
  "info": async () => (await import("./repository.ts")).renderInfo,
  "init": async () => (await import("./repository.ts")).renderInit,
  "key create": async () => (await import("./keys.ts")).renderKeyCreated,
  "key export": async () => (await import("./keys.ts")).renderKeyExported,
  "key list": async () => (await import("./keys.ts")).renderKeys,
  "key revoke": async () => (await import("./keys.ts")).renderKeyRevoked,
  "key trust": async () => (await import("./keys.ts")).renderKeyTrusted,
  "lock acquire": async () => (await import("./leases.ts")).renderAcquired,
  "lock release": async () => (await import("./leases.ts")).renderReleased,
  "lock renew": async () => (await import("./leases.ts")).renderRenewed,
  "lock run": () => Promise.resolve(() => ""),
  "lock status": async () => (await import("./leases.ts")).renderLockStatus,
  "lock steal": async () => (await import("./leases.ts")).renderAcquired,
  "path": async () => (await import("./worktrees.ts")).renderPath,
  "pin add": async () => (await import("./collection.ts")).renderPinned,
  "pin list": async () => (await import("./collection.ts")).renderPins,
  "pin remove": async () => (await import("./collection.ts")).renderUnpinned,
  "ref create": async () => (await import("./worktrees.ts")).renderRefCreated,
  "ref delete": async () => (await import("./worktrees.ts")).renderRefDeleted,
  "ref list": async () => (await import("./worktrees.ts")).renderRefs,
  "restore": async () => (await import("./snapshot.ts")).renderRestore,
  "show": async () => (await import("./snapshot.ts")).renderShow,
  "snapshot": async () => (await import("./snapshot.ts")).renderSnapshot,
  "status": async () => (await import("./changes.ts")).renderStatus,
  "verify": async () => (await import("./checks.ts")).renderVerify,
  "version": () => Promise.resolve(renderVersion),
  "worktree create": async () => (await import("./worktrees.ts")).renderNewWorktree,
  "worktree fork": async () => (await import("./worktrees.ts")).renderNewWorktree,
  "worktree list": async () => (await import("./worktrees.ts")).renderWorktrees,
  "worktree path": async () => (await import("./worktrees.ts")).renderPath,
  "worktree remove": async () => (await import("./worktrees.ts")).renderRemoved,
  "worktree rename": async () => (await import("./worktrees.ts")).renderRenamed,
};

/** The text of an operation's result, for people. */
export async function textOf(operation: string, result: unknown, view: View): Promise<string> {
  const load = Object.hasOwn(RENDERERS, operation) ? RENDERERS[operation] : undefined;
  if (load === undefined) {
    const fields = Object.entries(Object(result));
    return facts(fields.map(([name, value]) => [name.replaceAll("_", " "), valueText(value)]), view.style);
  }
  // The table has the renderer and the result under the same name, so their types match.
  const render = await load() as (result: unknown, view: View) => string | Promise<string>;
  return await render(result, view);
}

/** The versions of the program, the repository format and Deno. */
const renderVersion: Renderer<"version"> = ({ version, format_version, deno }) =>
  `jvs ${version} (repository format ${format_version}, Deno ${deno})\n`;

/** Each step of the tour: the command, and the text that this command prints. */
async function renderDemo({ steps, folder }: ResultOf<"demo">, view: View): Promise<string> {
  const { style } = view;
  const parts = await Promise.all(steps.map(async ({ say, command, operation, result }) => {
    const shown = result === null ? "" : await textOf(operation, result, { ...view, input: {} });
    const sentence = say === "" ? "" : `\n${wrap(say, style.width)}\n`;
    return `${sentence}${style.paint("strong", `$ ${command}`)}\n${shown}`;
  }));
  return `${parts.join("").trimStart()}\nThe folder stays for you to look around in: ${
    style.paint("name", folder)
  }\n`;
}

/** Where the result of a change has the value that a script needs next. */
export const QUIET_VALUES: Readonly<Record<string, readonly string[]>> = {
  "gc plan": ["plan_id"],
  "gc pin": ["pin", "pin_id"],
  "key create": ["public_key"],
  "lock acquire": ["lease", "session_id"],
  "lock steal": ["lease", "session_id"],
  "pin add": ["pin", "pin_id"],
  "snapshot": ["snapshot", "snapshot_id"],
  "worktree create": ["path"],
  "worktree fork": ["path"],
};

/** The text of a change's result with --quiet: one value on a line, or nothing. */
export function quietText(operation: string, result: unknown): string {
  const fields = QUIET_VALUES[operation] ?? [];
  const value = fields.reduce<unknown>((whole, field) => Reflect.get(Object(whole), field), result);
  return typeof value === "string" ? `${value}\n` : "";
}
