import { ITSELF } from "../../model/bytes.ts";
import { type Infer, integer, list, record } from "../../model/schema.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";

/** What changes of a payload root when JVS makes or removes something in it; an intent holds it. */
export const RootState = record({
  mode: integer(),
  mtime: list(integer()).about("Seconds and nanoseconds."),
});
export type RootState = Infer<typeof RootState>;

const OWNER_MAY_CHANGE = 0o300;

/** The state of this folder now. */
export function rootState(folder: Folder): RootState {
  const stat = new Stat();
  folder.stat(ITSELF, stat);
  return { mode: stat.mode, mtime: [stat.mtimeSec, stat.mtimeNsec] };
}

/** Runs a change in a folder, even if its owner has no right to write in it, and puts its mode and time back. */
export async function keepingRoot<T>(
  folder: Folder,
  before: RootState,
  change: () => T | Promise<T>,
): Promise<T> {
  if ((before.mode & OWNER_MAY_CHANGE) !== OWNER_MAY_CHANGE) {
    ifAllowed(() => folder.setMode(ITSELF, before.mode | OWNER_MAY_CHANGE));
  }
  try {
    return await change();
  } finally {
    putRootBack(folder, before);
  }
}

/** Puts mode and time back if they differ. */
export function putRootBack(folder: Folder, before: RootState): void {
  const now = rootState(folder);
  if (now.mode !== before.mode) ifAllowed(() => folder.setMode(ITSELF, before.mode));
  const [sec = 0, nsec = 0] = before.mtime;
  if (String(now.mtime) !== String(before.mtime)) ifAllowed(() => folder.setTimes(ITSELF, sec, nsec));
}

/** Only the owner of a folder may set its mode and time; another user can put nothing back. */
function ifAllowed(set: () => void): void {
  try {
    set();
  } catch (error) {
    if (!isSystemError(error, "EPERM", "EACCES", "EROFS")) throw error;
  }
}
