import { bytesOf } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import { JvsError, unlessThrown } from "../model/errors.ts";
import { openPlatform } from "./open_platform.ts";
import { Stat } from "./stat.ts";
import { TemporaryFile } from "./temporary_file.ts";

/**
 * Writes a file that the user named, as a whole or not at all. It may replace a file of the same user, and nothing else: no
 * link, which somebody may have planted, no file of another user, no device. It is made under another name and renamed, so
 * it never writes into what is there.
 */
export function writeUserFile(path: string, text: string): void {
  const slash = path.lastIndexOf("/");
  const platform = openPlatform();
  const above = path.slice(0, slash) || "/";
  // On the way to the folder the user may have links.
  using folder = platform.openFolder(unlessThrown(isNoFolder, () => Deno.realPathSync(above)) ?? above);
  const name = path.slice(slash + 1);
  const there = new Stat();
  if (name === "" || folder.stat(bytesOf(name), there)) {
    const why = name === "" || there.type !== FILE
      ? "what has this name is no file"
      : there.uid !== platform.host.uid
      ? "it belongs to another user"
      : undefined;
    if (why !== undefined) {
      throw new JvsError("E_PERMISSION", `Cannot replace "${path}": ${why}`, {
        hint: "Name a file that does not exist yet.",
        details: { path },
      });
    }
  }
  using file = new TemporaryFile(folder, name);
  file.write(bytesOf(text));
  file.replace();
}

function isNoFolder(error: unknown): boolean {
  const { NotCapable, NotADirectory, NotFound, PermissionDenied } = Deno.errors;
  return [NotCapable, NotADirectory, NotFound, PermissionDenied].some((kind) => error instanceof kind);
}
