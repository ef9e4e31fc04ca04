import { FILE } from "../model/entry.ts";
import { isSystemError, type SystemError } from "../platform/system_error.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { at } from "../tree/table.ts";
import type { Cloning, FillFiles } from "./_cloning.ts";

/**
 * Makes the further names of hard-linked files. If the first name is missing or takes no more links, the next name
 * becomes a separate file and the rest are linked to it.
 */
export async function linkGroups(cloning: Cloning, fill: FillFiles): Promise<void> {
  const { table } = cloning;
  let waiting: number[] = [];
  for (let i = 1; i < table.count; i++) {
    if (cloning.isFurtherLink(i) && !cloning.linkedGroups.has(at(table.linkGroup, i))) waiting.push(i);
  }
  if (waiting.length === 0) return;
  using linker = new Linker(cloning);
  while (waiting.length > 0) {
    const { alone, later } = await linker.link(waiting);
    for (const index of alone) if (at(table.type, index) !== FILE) cloning.makeFromTable(index);
    await fill(cloning, alone.filter((index) => at(table.type, index) === FILE));
    waiting = later;
  }
}

class Linker implements Disposable {
  /** For each group the entry that gets the links, if it is not the first. */
  private readonly standIn = new Map<number, number>();
  /** Groups that cannot be one file, and the error. */
  private readonly broken = new Map<number, SystemError>();
  // Separate open folders, because opening the folder of the first name must not close the other one.
  private readonly firsts: OpenFolders;

  constructor(private readonly cloning: Cloning) {
    this.firsts = new OpenFolders(cloning.root, cloning.table);
  }

  /** Makes links. `alone`: entries that must become separate files. `later`: entries that wait for those. */
  async link(waiting: readonly number[]): Promise<{ alone: number[]; later: number[] }> {
    const { absent, slice, table } = this.cloning;
    const alone: number[] = [];
    const later: number[] = [];
    const beingMade = new Set<number>();
    for (const index of waiting) {
      if (slice.isOver()) await slice.yield();
      const group = at(table.linkGroup, index);
      const first = this.standIn.get(group) ?? group;
      if (beingMade.has(group)) later.push(index);
      else if (absent.has(first) || !this.linkOne(index, first, group)) {
        this.standIn.set(group, index);
        beingMade.add(group);
        alone.push(index);
      }
    }
    for (const index of alone) this.noteIfBroken(index);
    return { alone, later };
  }

  private linkOne(index: number, first: number, group: number): boolean {
    const { cloning, firsts } = this;
    const { losses, table } = cloning;
    try {
      const from = firsts.get(at(table.parent, first));
      cloning.folderOf(index).linkFrom(table.name(index), from, table.name(first));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.broken.set(group, error);
      return false;
    }
    losses.inherit(index, at(table.lost, first), "another name of the same file could not keep it");
    this.noteIfBroken(index);
    cloning.advance(index);
    return true;
  }

  private noteIfBroken(index: number): void {
    const why = this.broken.get(at(this.cloning.table.linkGroup, index));
    if (why !== undefined) this.cloning.losses.add("hardlink", index, why.reason);
  }

  [Symbol.dispose](): void {
    this.firsts[Symbol.dispose]();
  }
}
