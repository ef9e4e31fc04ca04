import { bytesOf } from "../../model/bytes.ts";
import { DegradationList } from "../../model/degradations.ts";
import { FILE, LOST } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { displayPath } from "../../model/path_text.ts";
import type { CloneResult, Engine, ShareSource } from "../../engine/contract.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { hashFiles, hashTargets } from "../../tree/hash.ts";
import { removeClone } from "../../engine/engines.ts";
import { copyHashes, isTreeUnchangedSince, matchUnchanged } from "../../tree/match_unchanged.ts";
import { settle } from "../../tree/scan_clock.ts";
import type { Scan } from "../../tree/scan.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { unreadableError } from "../../tree/unreadable.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { type Look, scanWorktree } from "../look/look.ts";
import { isLeftOut } from "../payload/as_allowed.ts";
import { type EarlierSnapshot, newestSnapshot, shareWithNewest } from "./share.ts";

const RECAPTURES = 3;

/** How to capture. */
export interface CaptureOptions {
  readonly engine: Engine;
  /** If the worktree does not stop changing, `quiesced` fails, and `either` takes what it gets and says so. */
  readonly consistency: "quiesced" | "best_effort" | "either";
  /** Whether unreadable files are left out, with a note; else they are an error. */
  readonly skipUnreadable: boolean;
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

interface Attempt {
  readonly scan: Scan;
  readonly result: CloneResult;
}

/**
 * Clones what `look` saw into `snapshots/<id>.tmp` and hashes it, and then looks at everything again. If something changed
 * meanwhile it makes another attempt, which links what did not change from the attempt before. SPEC 5, *quiesced*;
 * docs/design/quiesced-capture.md.
 */
export async function capture(
  change: WorktreeContext,
  look: Look,
  id: string,
  options: CaptureOptions,
): Promise<Capture> {
  const attempts = new Attempts(change, look, id, options);
  let scan = look.scan;
  const shared = options.engine.abilities.sharesFiles ? await shareWithNewest(change, look) : undefined;
  const earlier = shared ?? await newestSnapshot(change, look);
  let share: ShareSource | undefined = shared;
  for (let again = 0;; again++) {
    const attempt = await attempts.make(scan, share);
    if (await attempts.isStill(attempt)) return await finish(attempt, { consistency: "quiesced", earlier });
    const now = await scanWorktree(change, look.root, {
      clock: scan.clock,
      known: scan.table,
      rules: look.rules,
    });
    const { match, steady } = await matchUnchanged(scan.table, now.table, new Set(attempt.result.changed));
    if (steady) return await finish(attempt, { consistency: "quiesced", earlier });
    if (options.consistency === "best_effort" || again === RECAPTURES) {
      if (options.consistency === "quiesced") throw neverStill(look, scan, now, match);
      using payload = attempts.open();
      const { table: made } = attempt.result;
      const steady = new Set(match);
      // A scan of the clone has only hashes of what the clone holds.
      const isSteady = (index: number) => made !== scan.table || steady.has(index);
      const table = await correctFromPayload(payload, made, isSteady);
      const corrected = { ...attempt, result: { ...attempt.result, table } };
      return { ...await finish(corrected, { consistency: "best_effort", earlier }), seen: table };
    }
    share = await attempts.putAside({ table: scan.table, match });
    scan = now;
  }
}

/** Makes the payload in `snapshots/<id>.tmp`; beside it may be that of the attempt before. */
class Attempts {
  private readonly name: Uint8Array;
  private readonly asideName: Uint8Array;

  constructor(
    private readonly change: WorktreeContext,
    private readonly look: Look,
    private readonly id: string,
    private readonly options: CaptureOptions,
  ) {
    this.name = bytesOf(`${id}.tmp`);
    this.asideName = bytesOf(`${id}.tmp.before`);
  }

  open(): Folder {
    return this.change.store.layout.unfinishedPayload(this.id).open();
  }

  /** Makes one attempt, and closes the payload that it shares files with. */
  async make(scan: Scan, share: ShareSource | undefined): Promise<Attempt> {
    const {
      change: { reporter, signal, store: { layout } },
      look,
      name,
      options: { engine, skipUnreadable },
    } = this;
    using _shared = share?.payload;
    if (scan.clock !== undefined) await settle(scan.table, scan.clock);
    using into = layout.snapshots.open();
    const result = await engine.clone({
      source: look.root,
      table: scan.table,
      isComplete: scan.ignored.length === 0 && scan.boundaries.size === 0,
      into,
      name,
      as: "payload",
      reporter,
      signal,
      share,
    });
    const refused = [...scan.unreadable, ...result.unreadable.map((index) => scan.table.path(index))];
    // A clone of the whole tree holds what was closed to the user meanwhile.
    if (refused.length > 0 && (!skipUnreadable || engine.abilities.wholeTrees)) {
      throw unreadableError(refused);
    }
    leaveOut(scan.table, result);
    await hashTargets(result.table);
    using payload = this.open();
    await hashFiles(payload, result.table, unhashed(result.table), { flush: false, reporter, signal });
    await this.removeSetAside(into);
    return { scan, result };
  }

  /**
   * Whether nothing changed during the attempt, which is the usual case. Meanwhile the payload is written to the disk, so
   * that the final sync has less to do. Not on btrfs: there the fsync of a folder writes a log that the final sync does not
   * use, and for a file with many links its time grows with the square of their number.
   */
  async isStill({ scan, result }: Attempt): Promise<boolean> {
    const { reporter, signal, store: { platform } } = this.change;
    using payload = this.open();
    const syncing = platform.fileSystem(payload).kind === "btrfs" ? undefined : payload.syncAside();
    reporter.begin("checking that nothing changed");
    try {
      return result.changed.length === 0 &&
        await isTreeUnchangedSince(this.look.root, scan.table, signal);
    } finally {
      await syncing;
    }
  }

  /** Moves the payload aside, so that the next attempt shares files with it if the engine can do that. */
  async putAside(attempt: Pick<ShareSource, "table" | "match">): Promise<ShareSource | undefined> {
    const { asideName, change, name, options: { engine } } = this;
    using snapshots = change.store.layout.snapshots.open();
    snapshots.rename(name, snapshots, asideName, "fresh");
    if (engine.abilities.sharesFiles) return { ...attempt, payload: snapshots.openFolder(asideName) };
    await this.removeSetAside(snapshots);
    return undefined;
  }

  private async removeSetAside(snapshots: Folder): Promise<void> {
    await removeClone(this.change.store.platform, snapshots, this.asideName);
  }
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

/** The files of the payload that have no hash. */
function* unhashed(table: TreeTable): Generator<number> {
  for (let i = 0; i < table.count; i++) {
    if (table.type[i] === FILE && table.hashed[i] === 0 && !isLeftOut(table, i)) yield i;
  }
}

/** Keeps what could not be read in the manifest, but not in the payload: so a restore knows to leave it alone. */
function leaveOut(table: TreeTable, { unreadable, degradations }: CloneResult): void {
  const reason = "it could not be read, so the snapshot does not hold it";
  for (const index of unreadable) {
    table.lost[index] = at(table.lost, index) | LOST.type;
    degradations.add("unreadable", table.path(index), reason);
  }
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
  await hashFiles(payload, table, again, { flush: false });
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
