import { FILE } from "../../model/entry.ts";
import { DegradationList } from "../../model/degradations.ts";
import { JvsError } from "../../model/errors.ts";
import { displayPath } from "../../model/path_text.ts";
import type { ShareSource } from "../../engine/contract.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { hashFiles } from "../../tree/hash.ts";
import { copyHashes, matchUnchanged } from "../../tree/match_unchanged.ts";
import type { Scan } from "../../tree/scan.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import { type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { Look } from "../look/look.ts";
import { scanWorktree } from "../look/scan_worktree.ts";
import { type Attempt, Attempts, type CaptureOptions } from "./attempts.ts";
import type { Databases } from "./databases.ts";
import { type EarlierSnapshot, earlierSnapshot, shareWith } from "./share.ts";

const RECAPTURES = 3;

/** The payload to make. */
export interface NewPayload {
  /** The new snapshot. */
  readonly id: string;
  /** The newest snapshot before it, which the caller uses. */
  readonly newest: string | undefined;
}

/** A payload that is made and hashed, but not published. */
export interface Capture {
  /** What the payload holds. */
  readonly table: TreeTable;
  /** The same as it was seen in the worktree, for the next look. May be the same object as `table`. */
  readonly seen: TreeTable;
  readonly degradations: DegradationList;
  readonly consistency: "quiesced" | "best_effort";
  /** The newest snapshot before, with which the payload shares unchanged files where the engine does that. */
  readonly earlier: EarlierSnapshot | undefined;
}

/**
 * Clones what `look` saw into `snapshots/<id>.tmp` and hashes it, and then looks at everything again. If something changed
 * meanwhile it makes another attempt, which links what did not change from the attempt before. SPEC 5, *quiesced*;
 * docs/design/quiesced-capture.md.
 */
export async function capture(
  change: WorktreeContext,
  look: Look,
  { id, newest }: NewPayload,
  options: CaptureOptions,
): Promise<Capture> {
  using attempts = new Attempts(change, look, id, options);
  const lookAgain = (scan: Scan) =>
    scanWorktree(change, look.root, { clock: scan.clock, known: scan.table, rules: look.rules });
  let scan = look.scan;
  const mayShare = newest !== undefined && options.engine.abilities.sharesFiles;
  const shared = mayShare ? await shareWith(newest, change, look) : undefined;
  const earlier = shared ?? (newest === undefined ? undefined : await earlierSnapshot(newest, change, look));
  let share: ShareSource | undefined = shared;
  for (let again = 0;; again++) {
    const attempt = await attempts.tryToMake(scan, share);
    if (attempt === undefined) {
      scan = await scanWorktree(change, look.root, { clock: scan.clock, known: scan.table });
      continue;
    }
    if (await attempts.isStill(attempt)) {
      await attempts.hashPayload(attempt.result.table); // what could not be read in the worktree
      return await finish(attempt, { consistency: "quiesced", earlier });
    }
    let now = await lookAgain(scan);
    if (await attempts.isCloneOf(attempt, now)) {
      return await finish({ ...attempt, scan: now }, { consistency: "quiesced", earlier });
    }
    const missed = new Set(attempt.result.changed).union(attempt.held.moved);
    let { match, steady } = await matchUnchanged(scan.table, now.table, missed);
    if ((steady && !attempts.comparesClones) || await attempts.isStillBut(attempt, now)) {
      await attempts.hashPayload(attempt.result.table);
      return await finish(attempt, { consistency: "quiesced", earlier });
    }
    if (options.consistency === "best_effort" || again === RECAPTURES) {
      if (options.consistency === "quiesced") throw neverStill(look, scan, now, match);
      const corrected = await asPayload(attempts, attempt, new Set(match));
      const finished = await finish(corrected, { consistency: "best_effort", earlier });
      nameNotHeld(attempt.held, finished.degradations);
      return { ...finished, seen: corrected.result.table };
    }
    if (await attempts.remember(scan, now, match)) {
      now = await lookAgain(scan);
      ({ match } = await matchUnchanged(scan.table, now.table, missed));
    }
    share = await attempts.putAside({ table: scan.table, match });
    scan = now;
  }
}

/** Names the databases that may be torn. What did not change while it was captured is whole without a lock. */
function nameNotHeld({ notHeld }: Databases, degradations: DegradationList): void {
  for (const { path, reason } of notHeld) {
    degradations.add(
      "changed_during_capture",
      path,
      `a database that programs may have written meanwhile: ${reason}`,
    );
  }
}

/** An attempt in a worktree that kept changing, with a table of what its payload holds. `steady` did not change. */
async function asPayload(
  attempts: Attempts,
  attempt: Attempt,
  steady: ReadonlySet<number>,
): Promise<Attempt> {
  using payload = attempts.open();
  const { scan, result } = attempt;
  // A scan of the clone has only hashes of what the clone holds.
  const isSteady = (index: number) => result.table !== scan.table || steady.has(index);
  return {
    ...attempt,
    result: { ...result, table: await correctFromPayload(payload, result.table, isSteady) },
  };
}

async function finish(
  { scan, result }: Attempt,
  rest: Pick<Capture, "consistency" | "earlier">,
): Promise<Capture> {
  const degradations = new DegradationList();
  degradations.addAll(scan.degradations);
  degradations.addAll(result.degradations);
  // The tree did not change, so entries with the same size and time are the same.
  if (result.table !== scan.table) await copyHashes(scan.table, result.table);
  return { table: result.table, seen: scan.table, degradations, ...rest };
}

/**
 * For a worktree that changed while it was captured: corrects the table by the payload, so that manifest and payload of the
 * snapshot agree. It removes what the payload does not have, and takes sizes and hashes from the payload. An entry that
 * `isSteady` did not change since the scan, so its known hash is right.
 */
export async function correctFromPayload(
  payload: Folder,
  table: TreeTable,
  isSteady: (index: number) => boolean,
): Promise<TreeTable> {
  const stat = new Stat();
  const keep = new Uint8Array(table.count);
  const again: number[] = [];
  using folders = new OpenFolders(payload, table);
  for (let i = 0; i < table.count; i++) {
    const parent = at(table.parent, i);
    if (i !== 0 && keep[parent] !== 1) continue;
    const there = i === 0 || folders.get(parent).stat(table.name(i), stat);
    if (!there || (i !== 0 && stat.type !== table.type[i])) continue;
    keep[i] = 1;
    if (table.type[i] !== FILE || (table.hashed[i] === 1 && isSteady(i))) continue;
    table.size[i] = stat.size;
    table.hashed[i] = 0;
    again.push(i);
  }
  await hashFiles(payload, table, again, { flush: false, isStill: true });
  return selectEntries(table, (index) => keep[index] === 1).table;
}

function neverStill(look: Look, before: Scan, now: Scan, match: Int32Array): JvsError {
  const paths: string[] = [];
  for (let i = 0; i < now.table.count && paths.length < 20; i++) {
    if (match[i] === -1) paths.push(displayPath(now.table.path(i)));
  }
  if (paths.length === 0 && before.table.count !== now.table.count) paths.push("(files were removed)");
  return new JvsError(
    "E_CONSISTENCY_UNAVAILABLE",
    `Cannot save worktree "${look.worktree.name}": it kept changing while it was captured, ${
      RECAPTURES + 1
    } times: ` +
      `${paths.join(", ")}`,
    { details: { paths } },
  );
}
