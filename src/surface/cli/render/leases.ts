import type { ResultOf } from "../../../operation/registry.ts";
import { oneLine, type Renderer, type Style } from "./style.ts";
import { ago, moment, titled } from "./words.ts";

type Taken = ResultOf<"lock acquire">;

function heading(verb: string, { worktree }: Pick<Taken, "worktree">, style: Style): string {
  return `${verb} the lease of worktree ${style.paint("strong", worktree)}`;
}

/** A lease that was acquired or taken over, and how to go by it. */
export const renderAcquired: Renderer<"lock acquire" | "lock steal"> = (result, { style }) => {
  const { fencing_token, lease_expires_at, session_id } = result.lease;
  const told = titled(heading("Acquired", result, style), [
    ["session", oneLine(session_id)],
    ["until", `${moment(lease_expires_at)}, unless it is renewed`],
    ["token", String(fencing_token)],
  ], style);
  if (!result.is_new_session) return told;
  return `${told}The next commands need the session: \`export JVS_SESSION=${session_id}\`, or --session with each.\n`;
};

/** A lease that begins again. */
export const renderRenewed: Renderer<"lock renew"> = (result, { style }) =>
  titled(heading("Renewed", result, style), [["until", moment(result.lease.lease_expires_at)]], style);

/** A lease that was given back. */
export const renderReleased: Renderer<"lock release"> = (result, { style }) =>
  `${heading("Released", result, style)}\n`;

/** Whose lease a worktree has. */
export const renderLockStatus: Renderer<"lock status"> = (result, { style, now }) => {
  const { fencing_token, is_mine, lease, state, takeable_from, worktree } = result;
  const name = `Worktree ${style.paint("strong", worktree)}`;
  if (lease === null) return `${name} has no lease: everybody may change it\n`;
  const until = moment(lease.lease_expires_at);
  const whose = is_mine ? "this session" : "another session";
  return titled(`${name}: ${TITLES[state ?? "held"].replace("*", whose)}`, [
    ["holder", oneLine(lease.holder_id)],
    ["since", ago(lease.created_at, now)],
    [state === "held" || state === "future" ? "until" : "ran out", until],
    [
      "others",
      state === "over" || state === "future" ? "" : `may take it over from ${moment(takeable_from ?? "")} on`,
    ],
    ["token", String(fencing_token)],
  ], style);
};

const TITLES: Record<NonNullable<ResultOf<"lock status">["state"]>, string> = {
  held: "* holds its lease",
  expired: "the lease of * ran out",
  over: "the lease of * is over, and anybody may acquire one",
  future: "the lease of * lies in the future: a clock is wrong",
};
