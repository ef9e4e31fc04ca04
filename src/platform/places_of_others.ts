import { quoted } from "../model/path_text.ts";
import { userNameOf } from "./host_names.ts";
import { openPlatform } from "./open_platform.ts";

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
/** As many as the kernel follows. */
const MOST_LINKS = 40;

/**
 * Why another user could put something else in the place of an absolute path, as the end of a sentence; nothing where only the caller and
 * root can. Each folder on the way, that of each link too, must be theirs, and closed to the writing of others or sticky; each link
 * must be theirs. What is at the path itself is not asked, and need not be there.
 */
export function whoMayReplace(path: string): string | undefined {
  const me = openPlatform().host.uid;
  const isTheirs = (uid: number | null) => uid !== null && uid !== 0 && uid !== me;
  let left = MOST_LINKS;
  const waiting = partsOf(path).reverse();
  let at = "";
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === "..") {
      at = at.slice(0, Math.max(at.lastIndexOf("/"), 0));
      continue;
    }
    const folder = at || "/";
    const { mode, uid } = Deno.lstatSync(folder);
    if (isTheirs(uid)) return `${quoted(folder)} belongs to ${userNameOf(uid ?? 0)}`;
    if (((mode ?? 0) & OTHERS_WRITE) !== 0 && ((mode ?? 0) & STICKY) === 0) {
      return `other users may write ${quoted(folder)}`;
    }
    const next = `${at}/${name}`;
    const found = statOf(next);
    if (found === undefined) return undefined;
    if (!found.isSymlink) {
      at = next;
      continue;
    }
    if (isTheirs(found.uid)) return `the link ${quoted(next)} belongs to ${userNameOf(found.uid ?? 0)}`;
    if (left-- === 0) return `${quoted(next)} is one of too many links`;
    const target = Deno.readLinkSync(next);
    if (target.startsWith("/")) at = "";
    waiting.push(...partsOf(target).reverse());
  }
  return undefined;
}

/** The names of a path; `..` stays: it leads out of where a link led to. */
function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
