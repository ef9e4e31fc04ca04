import { type BytePath, equalBytes, ITSELF } from "../../model/bytes.ts";
import { encodePath } from "../../model/path_text.ts";
import { FILE } from "../../model/entry.ts";
import type { Extent, Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import type { SpaceCosts } from "../../repo/space_costs.ts";
import type { Comparison } from "../../tree/changed_entries.ts";
import { SubvolumeLeaves } from "./subvolume_leaves.ts";
import type { Units } from "./units.ts";

const SLASH = 0x2f;
/** The path of the root. */
const NOWHERE = new Uint8Array();
const HIGH_WORD = 2 ** 32;
/** The path of so large a file is kept, to ask later what a worktree shares with it. */
const LARGE = 16 * 1024;

/** How payloads share space. */
export type Sharing = "inodes" | "extents" | "nothing";

/** Where entries of a payload are. The last folder stays open, because entries come in the order of their paths. */
export class PayloadPaths implements Disposable {
  private folder: Folder;
  private path: BytePath = NOWHERE;

  /** The caller keeps the root open. */
  constructor(private readonly root: Folder) {
    this.folder = root;
  }

  /** Fills `into`; false if there is no such entry. */
  stat(path: BytePath, into: Stat): boolean {
    return path.length === 0 ? this.root.stat(ITSELF, into) : this.parentOf(path).stat(nameOf(path), into);
  }

  /** Where a file is on the disk. */
  extents(path: BytePath): readonly Extent[] | undefined {
    using file = this.parentOf(path).openFile(nameOf(path), "read");
    return file.extents();
  }

  private parentOf(path: BytePath): Folder {
    const parent = path.subarray(0, Math.max(0, path.lastIndexOf(SLASH)));
    if (equalBytes(parent, this.path)) return this.folder;
    this.close(); // from here on the folder is closed by `close`, whatever fails
    for (let start = 0; start < parent.length;) {
      const slash = parent.indexOf(SLASH, start);
      const end = slash === -1 ? parent.length : slash;
      const inner = this.folder.openFolder(parent.subarray(start, end));
      this.close();
      this.folder = inner;
      start = end + 1;
    }
    this.path = parent.slice();
    return this.folder;
  }

  private close(): void {
    if (this.folder !== this.root) this.folder[Symbol.dispose]();
    this.folder = this.root;
    this.path = NOWHERE;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A payload lacks an entry of its manifest. */
export class Missing extends Error {}

/** What is needed to look at a payload. */
export interface LookOptions {
  readonly costs: SpaceCosts;
  readonly sharing: Sharing;
  readonly units: Units;
  readonly payload: Folder;
  /** The payload of the base; undefined: everything is new. */
  readonly base: Folder | undefined;
}

/** Looks at what a payload has otherwise than its base. */
export class PayloadLook implements Disposable {
  /** How much more it takes than its base, of what it shares with no payload. */
  own = 0;
  /** How many more folders, links and special files it has. */
  inodes = 0;
  /** What the events of this payload are about, and how often. */
  readonly events = new Map<number, number>();
  private readonly after: PayloadPaths;
  private readonly before: PayloadPaths | undefined;
  private readonly now = new Stat();
  private readonly old = new Stat();
  private readonly leaves: SubvolumeLeaves | undefined;

  constructor(private readonly options: LookOptions) {
    const { payload, base, costs, sharing } = options;
    this.after = new PayloadPaths(payload);
    this.before = base && new PayloadPaths(base);
    this.leaves = sharing === "extents" ? new SubvolumeLeaves() : undefined;
    if (this.leaves !== undefined) this.own += costs.leaf; // the root of its tree
  }

  /** Whether the files that the manifests say are the same are so on the disk. */
  isBased(comparison: Comparison): boolean {
    const { after, before, now, old } = this;
    if (before === undefined) return false;
    for (const path of comparison.samples(2)) {
      if (!after.stat(path, now) || !before.stat(path, old)) return false;
      if (this.options.sharing !== "nothing" && inodeOf(now) !== inodeOf(old)) return false;
    }
    return true;
  }

  /** Looks at one entry on both sides. */
  see(path: BytePath, isBefore: boolean, isAfter: boolean): void {
    const { now, old } = this;
    if (isBefore && this.before?.stat(path, old)) this.take(path, old);
    if (!isAfter) return;
    if (!this.after.stat(path, now)) throw new Missing();
    this.put(path, now);
  }

  /** The numbers of the leaves that differ from those of the base. */
  touchedLeaves(): Iterable<number> {
    return this.leaves?.touched ?? [];
  }

  private put(path: BytePath, stat: Stat): void {
    const { costs, sharing, units } = this.options;
    const name = path.length - path.lastIndexOf(SLASH) - 1;
    this.leaves?.touch(path, stat);
    if (sharing === "inodes") this.own += costs.name(name);
    if (stat.type !== FILE) {
      this.inodes++;
      if (this.leaves === undefined) this.own += costs.other(stat, name);
      return;
    }
    if (sharing === "nothing") return void (this.own += costs.file(stat, name, undefined));
    const [key, mark] = [inodeOf(stat), this.markOf(stat)];
    const unit = units.find(key, mark) ?? this.newUnit(path, key, mark, name);
    this.count(unit, 1);
  }

  private newUnit(path: BytePath, key: number, mark: number, name: number): number {
    const { costs, units } = this.options;
    const { now } = this;
    const extents = costs.sharesBlocks && now.blocks > 0 ? this.after.extents(path) : [];
    if (extents?.some(({ isEncoded }) => isEncoded)) units.sawEncoded = true;
    const bytes = costs.file(now, name, costs.sharesBlocks ? extents : undefined);
    const isLarge = costs.sharesBlocks && now.blocks * 512 >= LARGE;
    return units.add({
      key,
      mark,
      bytes: this.leaves === undefined ? bytes : 0,
      extents: extents ?? [],
      path: isLarge ? encodePath(path) : undefined,
    });
  }

  private take(path: BytePath, stat: Stat): void {
    const { costs, sharing, units } = this.options;
    const name = path.length - path.lastIndexOf(SLASH) - 1;
    this.leaves?.touch(path, stat);
    if (sharing === "inodes") this.own -= costs.name(name);
    if (stat.type !== FILE) {
      this.inodes--;
      if (this.leaves === undefined) this.own -= costs.other(stat, name);
      return;
    }
    if (sharing === "nothing") return void (this.own -= costs.file(stat, name, undefined));
    const unit = units.find(inodeOf(stat), this.markOf(stat));
    if (unit !== undefined) this.count(unit, -1);
  }

  private count(unit: number, more: number): void {
    this.events.set(unit, (this.events.get(unit) ?? 0) + more);
  }

  /** Subvolumes have the same inodes: there the change time tells the versions of a file apart. */
  private markOf({ ctimeSec, ctimeNsec, size }: Stat): number {
    if (this.leaves === undefined) return 0;
    return (Math.imul(ctimeSec | 0, 0x9e3779b1) ^ Math.imul(ctimeNsec, 0x85ebca6b) ^ size) >>> 0;
  }

  [Symbol.dispose](): void {
    this.after[Symbol.dispose]();
    this.before?.[Symbol.dispose]();
  }
}

function inodeOf({ inoHi, inoLo }: Stat): number {
  return inoHi * HIGH_WORD + inoLo;
}

function nameOf(path: BytePath): BytePath {
  return path.subarray(path.lastIndexOf(SLASH) + 1);
}
