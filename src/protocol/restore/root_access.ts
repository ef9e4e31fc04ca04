import { bytesOf } from "../../model/bytes.ts";
import { type Infer, integer, list, record } from "../../model/schema.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";

/** What of a payload root moves when something of ours comes and goes in it; as an intent has it. */
export const RootState = record({
  mode: integer(),
  mtime: list(integer()).about("Seconds and nanoseconds."),
});
export type RootState = Infer<typeof RootState>;

const ITSELF = bytesOf(".");
const OWNER_MAY_CHANGE = 0o300;

/** As it is now. */
export function rootState(folder: Folder): RootState {
  const stat = new Stat();
  folder.stat(ITSELF, stat);
  return { mode: stat.mode, mtime: [stat.mtimeSec, stat.mtimeNsec] };
}

/** Changes what is in a folder, for which its owner need not have given himself the right, and puts back what that moves. */
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

/** Puts mode and time back where they differ. */
export function putRootBack(folder: Folder, before: RootState): void {
  const now = rootState(folder);
  if (now.mode !== before.mode) ifAllowed(() => folder.setMode(ITSELF, before.mode));
  const [sec = 0, nsec = 0] = before.mtime;
  if (String(now.mtime) !== String(before.mtime)) ifAllowed(() => folder.setTimes(ITSELF, sec, nsec));
}

/** Only its owner may change a folder's mode and set its time; for others nothing can be put back. */
function ifAllowed(set: () => void): void {
  try {
    set();
  } catch (error) {
    if (!isSystemError(error, "EPERM", "EACCES", "EROFS")) throw error;
  }
}
