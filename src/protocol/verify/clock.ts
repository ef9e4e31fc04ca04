import { isJvsError } from "../../model/errors.ts";
import { formatDuration } from "../../model/duration.ts";
import { idTime } from "../../model/ids.ts";
import type { Finding } from "../../model/records.ts";
import { nowMs } from "../../platform/clock.ts";
import { ifUsable } from "../../repo/cache_file.ts";
import type { Store } from "../../repo/store.ts";
import { readScanClock } from "../../tree/scan_clock.ts";
import type { RepositoryContext } from "../context.ts";
import { finding } from "./finding.ts";

/** SPEC 3: hosts whose clocks differ by more than that are not in step. */
const SKEW_MS = 2000;

const SET = "Let all hosts of this repository set their clocks by the network (NTP).";

/**
 * Compares this host's clock with that of the file system, and with the newest times that any host wrote into the repository. Ids of
 * snapshots and what expires depend on them.
 */
export async function checkClock({ store }: RepositoryContext, volumeNow = volumeClock): Promise<Finding[]> {
  const before = nowMs();
  const volume = volumeNow(store);
  const after = nowMs();
  const findings: Finding[] = [];
  const found = (state: string, where: Partial<Pick<Finding, "snapshot_id" | "path">>) =>
    void findings.push(finding("warning", "E_CLOCK_SKEW_EXCEEDED", `${state} ${SET}`, where));
  const skew = volume === undefined ? 0 : Math.max(volume - after, 0) + Math.min(volume - before, 0);
  if (Math.abs(skew) > SKEW_MS) {
    const by = `${formatDuration(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"}`;
    const state = `The clock of the file system that the repository is on is ${by} this host's.`;
    found(state, { path: store.layout.control.path });
  }
  const newest = store.snapshots.newest();
  if (newest !== null && idTime(newest) > after + SKEW_MS) {
    const state =
      `The newest snapshot, ${newest}, lies in the future: this host's clock, or the one that made it, is wrong. ` +
      "No content is lost: until that time has come, each new snapshot gets a time just after the newest.";
    found(state, { snapshot_id: newest });
  }
  const recorded = await newestRecord(store);
  if (recorded !== undefined && Date.parse(recorded) > after + SKEW_MS) {
    const state =
      `The newest audit record is of ${recorded}, which lies in the future: this host's clock, or the one that ` +
      "wrote it, is wrong.";
    found(state, { path: store.layout.auditHead.path });
  }
  return findings;
}

/** The time that a file gets that is written now, in milliseconds since 1970; undefined if none can be written. */
function volumeClock({ layout, platform }: Store): number | undefined {
  return ifUsable(() => {
    const place = [layout.host(platform.host.id), layout.staging].find((folder) => folder.isThere());
    using folder = place?.open();
    if (folder === undefined) return undefined;
    const { sec, nsec } = readScanClock(platform, folder, folder);
    return sec * 1000 + nsec / 1e6;
  });
}

async function newestRecord({ audit }: Store): Promise<string | undefined> {
  try {
    for await (const { timestamp } of audit.newestFirst()) return timestamp;
  } catch (error) {
    if (!isJvsError(error, "E_AUDIT_CHAIN_BROKEN")) throw error; // another check reports it
  }
  return undefined;
}
