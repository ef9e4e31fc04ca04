import { FILE, type Xattr } from "../model/entry.ts";
import type { Host } from "../platform/platform.ts";
import { mergeTables } from "./merge_tables.ts";
import { sameXattrs } from "./same_xattrs.ts";
import { selectEntries } from "./select_entries.ts";
import { at, type TreeTable } from "./table.ts";

/** Who is to hold a tree. */
export type Holder = Pick<Host, "uid" | "rights">;

const SET_IDS = 0o6000;
const NO_XATTRS: readonly Xattr[] = [];

/**
 * A saved tree as this user can hold it in the place of `now`: where an owner, or an attribute that only root may set,
 * is another now and the user may not set it, it is as it is now. A file that cannot get its owner has no set-id bits.
 * What only the system's rules made differ is no work of anybody's (SPEC 7).
 */
export function asHeld(saved: TreeTable, now: TreeTable, holder: Holder): TreeTable {
  const mayBeRefused = new RefusedAspects(holder);
  if (!mayBeRefused.anyIn(saved) && !mayBeRefused.anyIn(now)) return saved;
  const held = selectEntries(saved, () => true).table;
  mergeTables(saved, now, (i, j) => {
    if (i === -1 || j === -1 || saved.type[i] !== now.type[j]) return;
    if (mayBeRefused.owner(saved, i, now, j)) {
      held.uid[i] = at(now.uid, j);
      held.gid[i] = at(now.gid, j);
      if (saved.type[i] === FILE) held.mode[i] = at(saved.mode, i) & ~SET_IDS;
    }
    const xattrs = mayBeRefused.mixed(saved.xattrs.get(i) ?? NO_XATTRS, now.xattrs.get(j) ?? NO_XATTRS);
    if (xattrs.length > 0) held.xattrs.set(i, xattrs);
    else held.xattrs.delete(i);
  });
  return held;
}

/** What the system may refuse to set for a user. */
class RefusedAspects {
  private readonly groups: ReadonlySet<number> | null;

  constructor(private readonly holder: Holder) {
    const { groups } = holder.rights;
    this.groups = groups && new Set(groups);
  }

  /** Whether a tree has anything of it: most have not, and then there is nothing to compare. */
  anyIn(table: TreeTable): boolean {
    const { rights, uid } = this.holder;
    for (const xattrs of table.xattrs.values()) {
      if (xattrs.some(({ name }) => !rights.xattr(name))) return true;
    }
    if (rights.anyOwner) return false;
    for (let i = 0; i < table.count; i++) {
      if (table.uid[i] !== uid || !this.isInGroup(at(table.gid, i))) return true;
    }
    return false;
  }

  /** Whether the owner is another now, and the user may not set it as it was saved. */
  owner(saved: TreeTable, i: number, now: TreeTable, j: number): boolean {
    const [uid, gid] = [at(saved.uid, i), at(saved.gid, i)];
    if (uid === now.uid[j] && gid === now.gid[j]) return false;
    if (this.holder.rights.anyOwner) return false;
    // Of a file of one's own only the group may be set, to one's own groups.
    return uid !== now.uid[j] || uid !== this.holder.uid || !this.isInGroup(gid);
  }

  /** The saved attributes, those excepted that the user may not set: of them, the ones that are there now. */
  mixed(saved: readonly Xattr[], now: readonly Xattr[]): readonly Xattr[] {
    if (sameXattrs(saved, now)) return saved;
    const { xattr } = this.holder.rights;
    const all = [...saved.filter(({ name }) => xattr(name)), ...now.filter(({ name }) => !xattr(name))];
    return all.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  private isInGroup(gid: number): boolean {
    return this.groups === null || this.groups.has(gid);
  }
}
