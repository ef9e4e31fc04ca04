import { bytesOf } from "../../model/bytes.ts";
import { DegradationList } from "../../model/degradations.ts";
import { FILE, LOST } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { displayPath } from "../../model/path_text.ts";
import type { CloneRequest, CloneResult, Engine, ShareSource } from "../../engine/contract.ts";
import type { Folder } from "../../platform/platform.ts";
import { hashFiles, hashTargets } from "../../tree/hash.ts";
import { removeClone } from "../../engine/engines.ts";
import { matchUnchanged } from "../../tree/match_unchanged.ts";
import { settle } from "../../tree/scan_clock.ts";
import type { Scan } from "../../tree/scan.ts";
import { isTreeUnchangedSince } from "../../tree/tree_unchanged.ts";
import type { TreeTable } from "../../tree/table.ts";
import { unreadableError } from "../../tree/unreadable.ts";
import { correctFromPayload } from "./capture_tables.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { copyHashes } from "../look/copy_hashes.ts";
import { type Look, scanWorktree } from "../look/look.ts";
import { isLeftOut } from "../payload/left_out.ts";
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
  /** What the payload holds. */
  readonly table: TreeTable;
  /** The same as it was seen in the worktree, for the next look; one table with it where the engine made entry by entry. */
  readonly seen: TreeTable;
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
  change: WorktreeContext,
  look: Look,
  id: string,
  options: CaptureOptions,
): Promise<Capture> {
  const payloads = new UnfinishedPayloads(change, id);
  let scan = look.scan;
  const earlier = options.engine.abilities.sharesFiles ? await shareWithNewest(change, look) : undefined;
  let share: ShareSource | undefined = earlier;
  for (let again = 0;; again++) {
    const attempt = await clonePayload(change, look, payloads, scan, share, options);
    const still = await whileSyncing(change, payloads, () => isStill(change, look, attempt));
    if (still) return finish(attempt, { consistency: "quiesced", earlier });
    const now = await lookAgain(change, look, scan);
    const { match, steady } = matchUnchanged(scan.table, now.table, new Set(attempt.result.changed));
    if (steady) return finish(attempt, { consistency: "quiesced", earlier });
    if (options.consistency === "best_effort" || again === RECAPTURES) {
      if (options.consistency === "quiesced") throw neverStill(look, scan, now, match);
      using payload = payloads.open();
      const { table: made } = attempt.result;
      const steady = new Set(made === scan.table ? match : []);
      const table = await correctFromPayload(payload, made, (index) => steady.has(index));
      const corrected = { ...attempt, result: { ...attempt.result, table } };
      return { ...finish(corrected, { consistency: "best_effort", earlier }), seen: table };
    }
    share = await payloads.again(options.engine, { table: scan.table, match });
    scan = now;
  }
}

/** One attempt; the payload that it shares with is closed afterwards. */
async function clonePayload(
  change: WorktreeContext,
  look: Look,
  payloads: UnfinishedPayloads,
  scan: Scan,
  share: ShareSource | undefined,
  options: CaptureOptions,
): Promise<Attempt> {
  const { reporter, signal } = change;
  using _shared = share?.payload;
  if (scan.clock !== undefined) await settle(scan.table, scan.clock);
  const result = await payloads.make(options.engine, {
    source: look.root,
    table: scan.table,
    isComplete: scan.ignored.length === 0 && scan.boundaries.size === 0,
    as: "payload",
    reporter,
    signal,
    ...(share === undefined ? {} : { share }),
  });
  const refused = [...scan.unreadable, ...result.unreadable.map((index) => scan.table.path(index))];
  if (refused.length > 0 && !options.skipUnreadable) throw unreadableError(refused);
  leaveOut(scan.table, result);
  await hashTargets(result.table);
  using payload = payloads.open();
  await hashFiles(payload, result.table, unhashed(result.table), { flush: false, reporter, signal });
  await payloads.removeSetAside();
  return { scan, result };
}

/**
 * The sync that counts comes later: meanwhile the disk is not idle. Not on btrfs: its fsync of a folder writes a log that
 * the sync which counts does not use, and where a file has many links that takes the square of their number.
 */
async function whileSyncing<T>(
  { store: { platform } }: WorktreeContext,
  payloads: UnfinishedPayloads,
  work: () => Promise<T>,
): Promise<T> {
  using payload = payloads.open();
  const syncing = platform.fileSystem(payload).kind === "btrfs" ? Promise.resolve() : payload.syncAside();
  return await work().finally(() => syncing);
}

/** The usual end: nothing changed while it was captured. */
async function isStill(
  { reporter, signal }: WorktreeContext,
  look: Look,
  { scan, result }: Attempt,
): Promise<boolean> {
  reporter.begin("checking that nothing changed");
  return result.changed.length === 0 && await isTreeUnchangedSince(look.root, scan.table, signal);
}

async function lookAgain(change: WorktreeContext, look: Look, scan: Scan): Promise<Scan> {
  return await scanWorktree(change, look.root, {
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
  const { scan, result } = attempt;
  degradations.addAll(scan.degradations);
  degradations.addAll(result.degradations);
  // The tree held still, so what has the same size and time is the same.
  if (result.table !== scan.table) copyHashes(scan.table, result.table);
  return { table: result.table, seen: scan.table, degradations, ...rest };
}

/** Files without a hash that the payload holds. */
function* unhashed(table: TreeTable): Generator<number> {
  for (let i = 0; i < table.count; i++) {
    if (table.type[i] === FILE && table.hashed[i] === 0 && !isLeftOut(table, i)) yield i;
  }
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
      `${paths.join(", ")}`,
    { details: { paths } },
  );
}

/** The payload being made in `snapshots/<id>.tmp`, and the attempt before it while that one is still of use. */
class UnfinishedPayloads {
  private readonly name: string;

  constructor(private readonly change: WorktreeContext, private readonly id: string) {
    this.name = `${id}.tmp`;
  }

  open(): Folder {
    return this.change.store.layout.unfinishedPayload(this.id).open();
  }

  /** Has the engine make the payload. */
  async make(engine: Engine, request: Omit<CloneRequest, "into" | "name">): Promise<CloneResult> {
    using into = this.snapshots();
    return await engine.clone({ ...request, into, name: bytesOf(this.name) });
  }

  /** Moves the payload out of the way; what did not change is shared with it, by an engine that can. */
  async again(
    { abilities }: Engine,
    attempt: Pick<ShareSource, "table" | "match">,
  ): Promise<ShareSource | undefined> {
    using snapshots = this.snapshots();
    snapshots.rename(bytesOf(this.name), snapshots, this.asideName, "fresh");
    if (abilities.sharesFiles) return { ...attempt, payload: snapshots.openFolder(this.asideName) };
    await this.removeSetAside();
    return undefined;
  }

  async removeSetAside(): Promise<void> {
    using snapshots = this.snapshots();
    await removeClone(this.change.store.platform, snapshots, this.asideName);
  }

  private get asideName(): Uint8Array {
    return bytesOf(`${this.name}.before`);
  }

  private snapshots(): Folder {
    return this.change.store.layout.snapshots.open();
  }
}
