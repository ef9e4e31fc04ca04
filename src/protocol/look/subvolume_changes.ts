import { phase } from "../../model/progress.ts";
import { subvolumesOf } from "../../platform/open_subvolumes.ts";
import type { Folder, Platform } from "../../platform/platform.ts";
import type { Subvolumes, SubvolumeState } from "../../platform/subvolumes.ts";
import type { Scan, ScanOptions } from "../../tree/scan.ts";
import { scanChanged } from "../../tree/scan_changed.ts";
import type { StatCache } from "../../tree/stat_cache.ts";
import type { RepositoryContext } from "../context.ts";

/** To write so many bytes takes about as long as to look at an entry. */
const BYTES_FOR_AN_ENTRY = 1024;
/** Where more than this part of a tree changed, a scan takes less time. */
const MOST_OF_IT = 1 / 8;
/** From so many changes on, the next look should begin with what this one saw. */
const MANY = 1000;
/** No generation is later. */
const NEVER = Number.MAX_SAFE_INTEGER - 1;

/**
 * What btrfs tells root of the changes of a subvolume: since an earlier look, and since this one began. It tells all of them,
 * but only what is on the disk. So everything is written first; where that would take longer than a scan, btrfs is not asked.
 * docs/design/asked-of-btrfs.md has the proof.
 */
export class SubvolumeChanges {
  /** Whether the next look should ask about what changed since this one; else since the look that made the cache. */
  needsMark = true;

  private constructor(
    private readonly context: RepositoryContext,
    private readonly subvolumes: Subvolumes,
    private readonly root: Folder,
    private readonly state: SubvolumeState,
    private readonly isWritten: boolean,
  ) {}

  /**
   * Begins a look at a worktree of about so many entries. The clock of the look must have been read before: what is older is on
   * the disk after this. At a first look, which does not know how many there are, nothing is written: then only this look can
   * ask what changed since. Undefined where btrfs cannot be asked, or where it would not pay.
   */
  static begin(
    context: RepositoryContext,
    root: Folder,
    entries: number | null,
  ): SubvolumeChanges | undefined {
    const { reporter, store: { platform } } = context;
    const subvolumes = subvolumesOf(platform);
    if (subvolumes === undefined || !subvolumes.isRoot(root)) return undefined;
    if (subvolumes.changedSince(root, NEVER, 0) === undefined) return undefined;
    using _phase = phase(reporter, "asking what changed");
    const isWritten = entries !== null;
    if (isWritten && !writeAll(platform, subvolumes, root, entries)) return undefined;
    const state = subvolumes.state(root);
    return state && new SubvolumeChanges(context, subvolumes, root, state, isWritten);
  }

  /** The generation of the subvolume when the look began. */
  get generation(): number {
    return this.state.generation;
  }

  /** What the next look must know to ask what changed since this one; null if what this one saw may not be on the disk. */
  get mark(): string | null {
    return this.isWritten ? `${this.state.uuid} ${this.state.generation}` : null;
  }

  /** What a scan would see, by what changed since the look that made the cache. Undefined if that is not known, or too much. */
  async scanSince(
    { since, table }: StatCache,
    how: Pick<ScanOptions, "clock" | "sharesKnown">,
  ): Promise<Scan | undefined> {
    const { reporter, signal, store: { platform } } = this.context;
    const inodes = since ? this.inodesSince(since, table.count) : undefined;
    if (inodes === undefined) return undefined;
    const options = { ...platform.abilities, ...how, reporter, signal };
    const scan = await scanChanged(this.root, { known: table, inodes }, options);
    if (scan !== undefined) this.needsMark = inodes.size >= MANY;
    return scan;
  }

  /** The inodes that changed since the look with this mark; undefined if that was of another subvolume, or if many of the entries changed. */
  inodesSince(mark: string, entries: number): ReadonlySet<number> | undefined {
    const [uuid, generation] = mark.split(" ");
    // The generation of a subvolume never falls, unless the whole disk was put back to an earlier state.
    if (uuid !== this.state.uuid || !(Number(generation) <= this.state.generation)) return undefined;
    return this.subvolumes.changedSince(this.root, Number(generation), entries * MOST_OF_IT);
  }

  /** The inodes that changed since this look began; undefined where a second look takes less time. */
  inodesNow(entries: number): ReadonlySet<number> | undefined {
    const { context: { store: { platform } }, root, state, subvolumes } = this;
    if (!writeAll(platform, subvolumes, root, entries)) return undefined;
    return subvolumes.changedSince(root, state.generation, entries * MOST_OF_IT);
  }
}

/** Writes everything, so that btrfs can tell it. False if something is mounted below, which btrfs does not know, or if it does not pay. */
function writeAll(platform: Platform, subvolumes: Subvolumes, root: Folder, entries: number): boolean {
  const waiting = subvolumes.waitingBytes(root);
  if (waiting === undefined || waiting > entries * BYTES_FOR_AN_ENTRY) return false;
  platform.syncFileSystem(root);
  return !platform.hasMountsBelow(root);
}
