import { callDeno } from "./deno_call.ts";
import { unlessFailed } from "./system_error.ts";

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * The first folder on the way to a path in which another user may give its entry to something else; undefined if there is
 * none, so that the path means the same to a program that is called with it. Root is no other user. The path is absolute and
 * has no links.
 */
export function openOnTheWay(path: string, uid: number): string | undefined {
  const names = path.split("/").slice(1);
  let folder = "";
  for (const name of names) {
    const child = `${folder}/${name}`;
    if (!isFixedIn(folder || "/", child, uid)) return folder || "/";
    folder = child;
  }
  return undefined;
}

function isFixedIn(folder: string, child: string, uid: number): boolean {
  const isOurs = (info: Deno.FileInfo | undefined) =>
    info !== undefined && (info.uid === 0 || info.uid === uid);
  const around = look(folder);
  if (!isOurs(around)) return false;
  const mode = around?.mode ?? OTHERS_WRITE;
  if ((mode & OTHERS_WRITE) === 0) return true;
  // In a sticky folder each user may move only what is theirs.
  return (mode & STICKY) !== 0 && isOurs(look(child));
}

function look(path: string): Deno.FileInfo | undefined {
  return unlessFailed([], () => callDeno("look at", path, () => Deno.lstatSync(path)));
}
