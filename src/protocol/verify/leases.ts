import type { Finding } from "../../model/records.ts";
import { isUuid } from "../../model/ids.ts";
import { formatDuration } from "../../model/duration.ts";
import { HIGHEST_TOKEN } from "../../model/lease.ts";
import { nowMs } from "../../platform/clock.ts";
import { isUnusableRecord } from "../../repo/control_errors.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { codeOf, finding } from "./finding.ts";
import { soundWorktrees } from "./sound_records.ts";

/** Checks that every lease can be read, that none lies in the future, and that each worktree can have another one. */
export async function checkLeases({ store }: RepositoryContext): Promise<Finding[]> {
  const endless = soundWorktrees(store).filter(({ fencing_token }) => fencing_token >= HIGHEST_TOKEN);
  const ids = leasesOf(store).filter((id) => store.worktrees.isKnown(id));
  if (endless.length + ids.length === 0) return [];
  const { tokenTooHigh } = await import("../../repo/lease_errors.ts");
  const tooHigh = endless.map((worktree) => {
    const error = tokenTooHigh((name) => `lease worktree "${name}"`, worktree);
    const { path } = store.layout.worktreeConfig(worktree.name);
    return finding("error", codeOf(error), `${error.message}. ${error.hint}`, { path });
  });
  return [...tooHigh, ...await leasesFound(store, ids)];
}

async function leasesFound(store: Store, ids: readonly string[]): Promise<Finding[]> {
  const { Leases, stateOf } = await import("../../repo/leases.ts");
  const leases = new Leases(store.layout);
  return ids.flatMap((id) => {
    const { path } = store.layout.lease(id);
    try {
      const lease = leases.find(id);
      const now = nowMs();
      if (lease === undefined || stateOf(lease, now) !== "future") return [];
      const ahead = formatDuration(Date.parse(lease.last_renewed_at) - now);
      const message =
        `The lease in "${path}" was renewed ${ahead} ahead of this host's clock. Set the clocks of all hosts; then ` +
        "`jvs lock steal --force` in that worktree takes it over.";
      return [finding("warning", "E_CLOCK_SKEW_EXCEEDED", message, { path })];
    } catch (error) {
      if (!isUnusableRecord(error)) throw error;
      const first = leases.isReplaceable(id) ? "" : "move that folder away, then ";
      const message =
        `${error.message}. Nobody can change that worktree: ${first}take it over there with \`jvs lock steal --force\`.`;
      return [finding("error", codeOf(error), message, { path })];
    }
  });
}

/** The ids of worktrees that are gone, and have a lease. */
export function leasesWithoutWorktree(store: Store): string[] {
  return leasesOf(store).filter((id) => !store.worktrees.isKnown(id));
}

function leasesOf({ layout }: Store): string[] {
  return layout.leases.jsonNames().filter(isUuid);
}
