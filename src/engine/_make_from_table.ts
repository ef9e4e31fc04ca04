import { DIR, SYMLINK } from "../model/entry.ts";
import { at } from "../tree/table.ts";
import type { Cloning } from "./_cloning.ts";
import { attempt } from "./_refusals.ts";

/** Only its owner may enter a folder that is being filled. */
export const WHILE_FILLED = 0o700;

/** Makes an entry that is no file; one that cannot be made here is only in the manifest. */
export function makeFromTable(cloning: Cloning, index: number): void {
  const { losses, table } = cloning;
  const type = at(table.type, index);
  const folder = cloning.folderOf(index);
  const name = table.name(index);
  if (type === DIR) return folder.makeFolder(name, WHILE_FILLED);
  const { major, minor } = table.devices.get(index) ?? { major: 0, minor: 0 };
  const refused = attempt(() =>
    type === SYMLINK
      ? folder.makeSymlink(name, table.targets.get(index) ?? new Uint8Array())
      : folder.makeSpecial(name, type, major, minor)
  );
  if (refused === undefined) return cloning.finish(index);
  losses.add("type", index, refused.reason);
  cloning.absent.add(index);
}
