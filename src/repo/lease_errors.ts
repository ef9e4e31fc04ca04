import { formatDuration } from "../model/duration.ts";
import { type ErrorCode, JvsError } from "../model/errors.ts";
import type { Lease, LeaseState } from "../model/lease.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { stateOf, TAKE_BY_FORCE, takeableFrom } from "./leases.ts";

/** What a caller wants to do: `change worktree "main"`, `renew the lease of worktree "main"`. */
type Wanted = (name: string) => string;

/** What most callers want. */
export const CHANGE: Wanted = (name) => `change worktree "${name}"`;

type Named = Pick<WorktreeConfig, "name">;
type Fenced = Pick<WorktreeConfig, "name" | "fencing_token">;

const GIVE_SESSION = "If it is yours, give its session: --session, --session-file or JVS_SESSION.";
const SET_CLOCKS = "Let all hosts of this repository set their clocks by the network (NTP).";

/** What programs get to know of a lease that is in the way. The session is no part of it: it is what proves the holder. */
function detailsOf({ name }: Named, lease: Lease, state: LeaseState): Record<string, unknown> {
  const { holder_id, created_at, lease_expires_at, fencing_token } = lease;
  const takeable_from = new Date(takeableFrom(lease)).toISOString();
  return { worktree: name, state, holder_id, created_at, lease_expires_at, fencing_token, takeable_from };
}

/** The error for a worktree that another session holds, or whose lease a clock put into the future. */
export function heldByOther(wanted: Wanted, worktree: Named, lease: Lease, now: number): JvsError {
  const state = stateOf(lease, now);
  const { holder_id, created_at, last_renewed_at, lease_expires_at } = lease;
  const details = detailsOf(worktree, lease, state);
  const cannot = `Cannot ${wanted(worktree.name)}`;
  if (state === "future") {
    const ahead = formatDuration(Date.parse(last_renewed_at) - now);
    const told =
      `${cannot}: its lease was renewed at ${last_renewed_at}, which is ${ahead} ahead of this host's clock`;
    return new JvsError("E_CLOCK_SKEW_EXCEEDED", told, {
      hint: `${SET_CLOCKS} If they are right now, take the lease over with \`jvs lock steal --force\`.`,
      details,
    });
  }
  const holder = `${holder_id} has held its lease since ${created_at}`;
  const until = state === "held" ? `until ${lease_expires_at}` : `and it ran out at ${lease_expires_at}`;
  const from = new Date(takeableFrom(lease)).toISOString();
  const take = `\`jvs lock acquire --worktree ${worktree.name}\` can take it over`;
  const way = {
    held: `Wait until it is released. Unless it is renewed, ${take} from ${from} on.`,
    expired: `Unless it is renewed, ${take} from ${from} on.`,
    over: `By now ${take}.`,
  }[state];
  return new JvsError("E_LOCK_CONFLICT", `${cannot}: ${holder}, ${until}`, {
    hint: `${way} ${GIVE_SESSION}`,
    details,
  });
}

/** The error for the caller's own lease that ran out. */
export function expiredLease(wanted: Wanted, worktree: Named, lease: Lease, now: number): JvsError {
  const told = `the lease of this session ran out at ${lease.lease_expires_at}`;
  return new JvsError("E_LOCK_EXPIRED", `Cannot ${wanted(worktree.name)}: ${told}`, {
    hint:
      "Acquire it again with `jvs lock acquire`; another session may have changed the worktree meanwhile.",
    details: detailsOf(worktree, lease, stateOf(lease, now)),
  });
}

/** The error for a lease that is not there. */
export function noLease(wanted: Wanted, { name }: Named, state: string): JvsError {
  return new JvsError("E_LOCK_NOT_HELD", `Cannot ${wanted(name)}: ${state}`, {
    hint:
      `Acquire one with \`jvs lock acquire --worktree ${name}\`, and give its session: --session, --session-file or JVS_SESSION.`,
    details: { worktree: name },
  });
}

/** The error for a lease that went away while an operation went by it. */
export function lostLease({ name }: Named, state: string): JvsError {
  return new JvsError("E_LOCK_EXPIRED", `Cannot go on with worktree "${name}": ${state}`, {
    hint: "What was begun is undone. Acquire a lease with `jvs lock acquire` and repeat.",
    details: { worktree: name },
  });
}

/** The error for a worktree that got another fencing token while an operation ran, or is gone: somebody else has or had it. */
export function fencedOff(begun: Fenced, now: Fenced | undefined): JvsError {
  const [is, was] = [now?.fencing_token ?? null, begun.fencing_token];
  const what = now === undefined
    ? "it was removed meanwhile"
    : now.fencing_token > was
    ? `another session acquired it meanwhile (fencing token ${is}, it was ${was} when this operation began)`
    : `its record was replaced by an older one (fencing token ${is}, it was ${was} when this operation began)`;
  return new JvsError("E_FENCING_MISMATCH", `Cannot go on with worktree "${begun.name}": ${what}`, {
    hint:
      "What was begun is undone. Look at `jvs worktree list`, `jvs lock status` and `jvs history`, then repeat.",
    details: { worktree: begun.name, fencing_token: is, expected_fencing_token: was },
  });
}

/** The error for a worktree whose next leases could have no higher number. */
export function tokenTooHigh(
  wanted: Wanted,
  { name, fencing_token }: Fenced,
): JvsError {
  const told = `its record has the fencing token ${fencing_token}, which no number of leases reaches`;
  return new JvsError("E_DESCRIPTOR_CORRUPT", `Cannot ${wanted(name)}: ${told}`, {
    hint:
      `Somebody wrote that number. Bring the record back from a copy, or write the highest \`fencing_token\` into it that ` +
      `\`jvs audit --worktree ${name} --json\` shows.`,
    details: { worktree: name, fencing_token },
  });
}

/** The error for a lease whose file cannot be read, so that it may be another session's. */
export function unknownHolder(
  wanted: Wanted,
  { name }: Named,
  cause: JvsError,
  code: ErrorCode = "E_LOCK_CONFLICT",
): JvsError {
  return new JvsError(
    code,
    `Cannot ${wanted(name)}: whose lease it has is unknown: ${cause.message}`,
    {
      hint: `${TAKE_BY_FORCE} If it is a folder, move it away first.`,
      details: { ...cause.details, worktree: name },
      cause,
    },
  );
}
