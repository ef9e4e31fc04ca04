import { FILE } from "../model/entry.ts";
import type { SystemError } from "../platform/system_error.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { at } from "../tree/columns.ts";
import { refusalOf } from "./_aspects.ts";
import type { Cloning, FillFiles } from "./_cloning.ts";

/**
 * Makes the further names of hard-linked files. If the first name is missing or takes no more links, the next name
 * becomes a separate file and the rest are linked to it.
 */
export async function linkGroups(cloning: Cloning, fill: FillFiles): Promise<void> {
  const { linkedGroups, table } = cloning;
  // Separate open folders, because opening the folder of the first name must not close the other one.
  using firsts = new OpenFolders(cloning.root, table);
  const linker = new Linker(cloning, firsts);
  let waiting = cloning.furtherLinks().filter((index) => !linkedGroups.has(at(table.linkGroup, index)));
  while (waiting.length > 0) {
    const { alone, later } = await linker.link(waiting);
    for (const index of alone) if (at(table.type, index) !== FILE) cloning.makeFromTable(index);
    await fill(cloning, alone.filter((index) => at(table.type, index) === FILE));
    waiting = later;
  }
}

class Linker {
  /** For each group the entry that gets the links, if it is not the first. */
  private readonly standIn = new Map<number, number>();
  /** Groups that cannot be one file, and the error. */
  private readonly broken = new Map<number, SystemError>();

  constructor(private readonly cloning: Cloning, private readonly firsts: OpenFolders) {}

  /** Makes links. `alone`: entries that must become separate files. `later`: entries that wait for those. */
  async link(waiting: readonly number[]): Promise<{ alone: number[]; later: number[] }> {
    const { slice, table } = this.cloning;
    const beingMade = new Map<number, number>();
    const later: number[] = [];
    for (const index of waiting) {
      if (slice.isOver()) await slice.yield();
      const group = at(table.linkGroup, index);
      if (beingMade.has(group)) later.push(index);
      else if (!this.linkOne(index, group)) beingMade.set(group, index);
    }
    for (const [group, index] of beingMade) {
      this.standIn.set(group, index);
      this.noteIfBroken(index, group);
    }
    return { alone: [...beingMade.values()], later };
  }

  private linkOne(index: number, group: number): boolean {
    const { absent, losses, table } = this.cloning;
    const first = this.standIn.get(group) ?? group;
    if (absent.has(first)) return false;
    const failure = refusalOf(() => {
      const from = this.firsts.get(at(table.parent, first));
      this.cloning.folderOf(index).linkFrom(table.name(index), from, table.name(first));
    }, []);
    if (failure !== undefined) {
      this.broken.set(group, failure);
      return false;
    }
    losses.inherit(index, losses.of(first), "another name of the same file could not keep it");
    this.noteIfBroken(index, group);
    this.cloning.advance(index);
    return true;
  }

  private noteIfBroken(index: number, group: number): void {
    const why = this.broken.get(group);
    if (why !== undefined) this.cloning.losses.add("hardlink", index, why.reason);
  }
}
