let name: string | undefined;
let id: string | undefined;
/** Of users and groups, by file and number. */
const names = new Map<string, string>();

/** What Deno tells of this machine and user without the C library. */
export class DenoHost {
  readonly pid = Deno.pid;

  /** The machine's name on its network. */
  get name(): string {
    return name ??= Deno.hostname();
  }

  /** The machine id, or else the name; safe as the name of a folder. */
  get id(): string {
    const given = () => readOr("/etc/machine-id", "").trim() || this.name;
    return id ??= given().replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "_").slice(0, 128) || "unknown";
  }

  get uid(): number {
    return Deno.uid() ?? 0;
  }

  get gid(): number {
    return Deno.gid() ?? 0;
  }

  get userName(): string {
    return userNameOf(this.uid);
  }
}

/** The name of a user in /etc/passwd, or else the number. */
export function userNameOf(uid: number): string {
  return nameIn("/etc/passwd", uid);
}

/** The name of a group in /etc/group, or else the number. */
export function groupNameOf(gid: number): string {
  return nameIn("/etc/group", gid);
}

function nameIn(file: string, number: number): string {
  const key = `${file}:${number}`;
  let found = names.get(key);
  if (found === undefined) {
    const line = readOr(file, "").split("\n").find((text) => text.split(":")[2] === String(number));
    found = line?.split(":")[0] ?? String(number);
    names.set(key, found);
  }
  return found;
}

/** The name of the user who owns a file; `unknown` when the owner cannot be seen. */
export function ownerName(path: string): string {
  try {
    const { uid } = Deno.lstatSync(path);
    return uid === null ? UNKNOWN : userNameOf(uid);
  } catch {
    return UNKNOWN; // its folder is closed to us too
  }
}

const UNKNOWN = "unknown";

/** The owner of the file that a call failed on, as the end of a sentence; empty when the owner cannot be seen. */
export function belongsTo(path: unknown): string {
  const name = typeof path === "string" ? ownerName(path) : UNKNOWN;
  return name === UNKNOWN ? "" : ` (it belongs to ${name})`;
}

function readOr(path: string, otherwise: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return otherwise; // missing, or closed to us: the caller has another value
  }
}
