let name: string | undefined;
let id: string | undefined;
const users = new Map<number, string>();

/** The machine's name on its network. */
export function hostName(): string {
  return name ??= Deno.hostname();
}

/** The machine's id, else its name; safe as a folder's name. */
export function hostId(): string {
  if (id === undefined) {
    const given = readOr("/etc/machine-id", "").trim() || hostName();
    id = given.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "_").slice(0, 128) || "unknown";
  }
  return id;
}

/** The name of a user in /etc/passwd, else the number. */
export function userNameOf(uid: number): string {
  let found = users.get(uid);
  if (found === undefined) {
    const line = readOr("/etc/passwd", "").split("\n").find((text) => text.split(":")[2] === String(uid));
    found = line?.split(":")[0] ?? String(uid);
    users.set(uid, found);
  }
  return found;
}

/** The name of the user that something belongs to; `unknown` where that cannot be seen. */
export function ownerName(path: string): string {
  try {
    const { uid } = Deno.lstatSync(path);
    return uid === null ? UNKNOWN : userNameOf(uid);
  } catch {
    return UNKNOWN; // the folder that it is in is closed too
  }
}

const UNKNOWN = "unknown";

/** The same of what a refused call was about, as the end of a sentence; empty where that cannot be seen. */
export function belongsTo(path: unknown): string {
  const name = typeof path === "string" ? ownerName(path) : UNKNOWN;
  return name === UNKNOWN ? "" : ` (it belongs to ${name})`;
}

function readOr(path: string, otherwise: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return otherwise; // not there or not for us: the caller has something else to go by
  }
}
