import { bytesOf } from "../../model/bytes.ts";
import { DegradationList } from "../../model/degradations.ts";
import { FILE, LOST } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { displayPath } from "../../model/path_text.ts";
import type { CloneResult, Engine, ShareSource } from "../../engine/contract.ts";
import { makePrivateFolder } from "../../platform/make_own.ts";
import type { Folder } from "../../platform/platform.ts";
import { hashFiles, hashTargets } from "../../tree/hash.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import { settle } from "../../tree/scan_clock.ts";
import type { Scan } from "../../tree/scan.ts";
import { standsStill } from "../../tree/stands_still.ts";
import type { TreeTable } from "../../tree/table.ts";
import { unreadableError } from "../../tree/unreadable.ts";
import { adoptUnchanged, correctFromPayload } from "./capture_tables.ts";
import type { WorktreeChange } from "../change/commit.ts";
import { type Look, scanWorktree } from "../look/look.ts";
import { shareWithNewest, type SnapshotToShare } from "./share.ts";

const RECAPTURES = 3;

/** How to capture. */
export interface CaptureOptions {
  readonly engine: Engine;
  /** `quiesced` fails where the worktree does not hold still; `either` then takes what it gets and says so. */
  readonly consistency: "quiesced" | "best_effort" | "either";
  /** Whether unreadable files are an error or are noted and left out. */
  readonly skipUnreadable: boolean;
}

/** A payload that was made, hashed, and is not published yet. */
export interface Capture {
  readonly table: TreeTable;
  readonly degradations: DegradationList;
  readonly consistency: "quiesced" | "best_effort";
  /** The snapshot that the payload shares its unchanged files with. */
  readonly earlier: Pick<SnapshotToShare, "snapshotId" | "table"> | undefined;
}

interface Attempt {
  readonly scan: Scan;
  readonly result: CloneResult;
}

/**
 * Clones what `look` saw into `snapshots/<id>.tmp` and hashes it. Afterwards everything is looked at again: what
 * changed meanwhile is captured again, what did not is taken over from the attempt before. SPEC 5, *quiesced*.
 */
export async function capture(
  change: WorktreeChange,
  look: Look,
  id: string,
  options: CaptureOptions,
): Promise<Capture> {
  const payloads = new UnfinishedPayloads(change, id);
  let scan = look.scan;
  const earlier = await shareWithNewest(change, look);
  let share: ShareSource | undefined = earlier;
  for (let again = 0;; again++) {
    const attempt = await clonePayload(change, look, payloads, scan, share, options);
    share?.payload[Symbol.dispose]();
    const still = await whileSyncing(payloads, () => isStill(change, look, attempt));
    if (still) return finish(attempt, { consistency: "quiesced", earlier });
    const now = await lookAgain(change, look, scan);
    const { match, steady } = adoptUnchanged(scan.table, now.table, attempt.result.changed);
    if (steady) return finish(attempt, { consistency: "quiesced", earlier });
    if (options.consistency === "best_effort" || again === RECAPTURES) {
      if (options.consistency === "quiesced") throw neverStill(look, scan, now, match);
      using payload = payloads.open();
      const table = await correctFromPayload(payload, scan.table);
      const corrected = { ...attempt, scan: { ...attempt.scan, table } };
      return finish(corrected, { consistency: "best_effort", earlier });
    }
    share = { payload: payloads.setAside(), table: scan.table, match };
    scan = now;
  }
}

async function clonePayload(
  change: WorktreeChange,
  look: Look,
  payloads: UnfinishedPayloads,
  scan: Scan,
  share: ShareSource | undefined,
  options: CaptureOptions,
): Promise<Attempt> {
  const { reporter, signal } = change.context;
  if (scan.clock !== undefined) await settle(scan.table, scan.clock);
  using destination = payloads.open();
  const result = await options.engine.clone({
    source: look.root,
    table: scan.table,
    destination,
    as: "payload",
    reporter,
    signal,
    ...(share === undefined ? {} : { share }),
  });
  const refused = [...scan.unreadable, ...result.unreadable.map((index) => scan.table.path(index))];
  if (refused.length > 0 && !options.skipUnreadable) throw unreadableError(refused);
  leaveOut(scan.table, result);
  await hashTargets(scan.table);
  await hashFiles(destination, scan.table, unhashed(scan.table), { flush: false, reporter, signal });
  await payloads.removeSetAside();
  return { scan, result };
}

/** The sync that counts comes later: meanwhile the disk is not idle. */
async function whileSyncing<T>(payloads: UnfinishedPayloads, work: () => Promise<T>): Promise<T> {
  using payload = payloads.open();
  const syncing = payload.syncAside();
  return await work().finally(() => syncing);
}

/** The usual end: nothing changed while it was captured. */
async function isStill({ context }: WorktreeChange, look: Look, { scan, result }: Attempt): Promise<boolean> {
  context.reporter.begin("checking that nothing changed");
  return result.changed.length === 0 && await standsStill(look.root, scan.table, context.signal);
}

async function lookAgain(change: WorktreeChange, look: Look, scan: Scan): Promise<Scan> {
  return await scanWorktree(change.context, change.worktree, look.root, {
    known: scan.table,
    unreadable: "record",
    ...(look.rules === null ? {} : { rules: look.rules }),
    ...(scan.clock === undefined ? {} : { clock: scan.clock }),
  });
}

function finish(
  attempt: Attempt,
  rest: Pick<Capture, "consistency" | "earlier">,
): Capture {
  const degradations = new DegradationList();
  degradations.addAll(attempt.scan.degradations);
  degradations.addAll(attempt.result.degradations);
  return { table: attempt.scan.table, degradations, ...rest };
}

/** Files without a hash that the payload holds. */
function* unhashed(table: TreeTable): Generator<number> {
  for (let i = 0; i < table.count; i++) {
    if (table.type[i] === FILE && table.hashed[i] === 0 && !isLeftOut(table, i)) yield i;
  }
}

/** Whether the payload has nothing at an entry's path. */
export function isLeftOut(table: TreeTable, index: number): boolean {
  return ((table.lost[index] as number) & LOST.type) !== 0;
}

/** What could not be read stays in the manifest, so that a restore knows to leave it alone, but not in the payload. */
function leaveOut(table: TreeTable, { unreadable, degradations }: CloneResult): void {
  for (const index of unreadable) {
    table.lost[index] = (table.lost[index] as number) | LOST.type;
    degradations.add(
      "unreadable",
      table.path(index),
      "it could not be read, so the snapshot does not hold it",
    );
  }
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
      `${paths.join(", ")}.`,
    { details: { paths } },
  );
}

/** The payload being made in `snapshots/<id>.tmp`, and the attempt before it while that one is still of use. */
class UnfinishedPayloads {
  private readonly name: string;

  constructor(private readonly change: WorktreeChange, private readonly id: string) {
    this.name = `${id}.tmp`;
  }

  open(): Folder {
    return this.change.store.layout.unfinishedPayload(this.id).open();
  }

  /** Moves the payload out of the way, leaves a new empty one in its place, and opens the old one. */
  setAside(): Folder {
    using snapshots = this.snapshots();
    const name = bytesOf(this.name);
    snapshots.rename(name, snapshots, this.asideName, "fresh");
    makePrivateFolder(snapshots, name);
    return snapshots.openFolder(this.asideName);
  }

  async removeSetAside(): Promise<void> {
    using snapshots = this.snapshots();
    await removeTree(snapshots, this.asideName);
  }

  private get asideName(): Uint8Array {
    return bytesOf(`${this.name}.before`);
  }

  private snapshots(): Folder {
    return this.change.store.layout.snapshots.open();
  }
}
