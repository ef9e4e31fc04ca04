import { silentReporter } from "../model/progress.ts";
import type { Context } from "../protocol/context.ts";
import { changeKindOf } from "./registry.ts";

type Optional = Omit<Context, "cwd" | "actor" | "kindOf">;

/** What a way in knows of its caller. What it leaves out is as it suits a program: nothing is guessed or shown. */
export type Caller =
  & Pick<Context, "cwd" | "actor">
  & { readonly [K in keyof Optional]?: Optional[K] | undefined };

/** The context of an operation for a caller: the one place that makes it. */
export function contextFor(caller: Caller): Context {
  return {
    cwd: caller.cwd,
    repo: caller.repo,
    actor: caller.actor,
    session: caller.session,
    reason: caller.reason,
    lockTimeoutMs: caller.lockTimeoutMs,
    engine: caller.engine,
    forProgram: caller.forProgram ?? true,
    userConfig: caller.userConfig,
    home: caller.home,
    reporter: caller.reporter ?? silentReporter,
    signal: caller.signal ?? new AbortController().signal,
    kindOf: changeKindOf,
  };
}

/** The actor in the audit log if the caller gives none: `user@host`. */
export async function defaultActor(): Promise<string> {
  const { openPlatform } = await import("../platform/open_platform.ts");
  const { host } = openPlatform();
  return `${host.userName}@${host.name}`;
}
