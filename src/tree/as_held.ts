import { sameXattrs, withoutSetIds, type Xattr } from "../model/entry.ts";
import type { Host } from "../platform/platform.ts";
import { mergeTables } from "./merge_tables.ts";
import { type TreeTable } from "./table.ts";
import { at } from "./columns.ts";

/** The user who gets the tree, with the rights to set owners and attributes. */
export type Holder = Pick<Host, "uid" | "rights">;

const NO_XATTRS: readonly Xattr[] = [];

/**
 * A saved tree as this user can restore it over `now`. Where an owner or attribute differs and the user may not set it,
 * the result has the value of `now`. A file that cannot get its owner loses its set-id bits. Such a difference comes
 * from the rules of the system, so it is not unsaved work (SPEC 7).
 */
export async function asHeld(saved: TreeTable, now: TreeTable, holder: Holder): Promise<TreeTable> {
  const mayBeRefused = new RefusedAspects(holder);
  if (!mayBeRefused.anyIn(saved) && !mayBeRefused.anyIn(now)) return saved;
  const held = saved.copy();
  await mergeTables(saved, now, (i, j) => {
    if (i === -1 || j === -1 || saved.type[i] !== now.type[j]) return;
    if (mayBeRefused.owner(saved, i, now, j)) {
      held.uid[i] = at(now.uid, j);
      held.gid[i] = at(now.gid, j);
      held.mode[i] = withoutSetIds(at(saved.type, i), at(saved.mode, i));
    }
    const xattrs = mayBeRefused.mixed(saved.xattrs.get(i) ?? NO_XATTRS, now.xattrs.get(j) ?? NO_XATTRS);
    if (xattrs.length > 0) held.xattrs.set(i, xattrs);
    else held.xattrs.delete(i);
  });
  return held;
}

/** Tells which owners and attributes the system may refuse to set for a user. */
class RefusedAspects {
  private readonly groups: ReadonlySet<number> | null;

  constructor(private readonly holder: Holder) {
    const { groups } = holder.rights;
    this.groups = groups && new Set(groups);
  }

  /** Whether a tree has any such owner or attribute. Most trees have none; then nothing needs to be compared. */
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

  /** Whether the owner differs, and the user may not set the saved one. */
  owner(saved: TreeTable, i: number, now: TreeTable, j: number): boolean {
    const [uid, gid] = [at(saved.uid, i), at(saved.gid, i)];
    if (uid === now.uid[j] && gid === now.gid[j]) return false;
    if (this.holder.rights.anyOwner) return false;
    // A user may change only the group of an own file, and only to one of the user's own groups.
    return uid !== now.uid[j] || uid !== this.holder.uid || !this.isInGroup(gid);
  }

  /** The saved attributes that the user may set, with the present ones that the user may not set. */
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
