import type { EntryType } from "./entry.ts";
import { JvsError } from "./errors.ts";

// The value of the attributes system.posix_acl_access and _default, little-endian:
// a version (32 bits), then for each entry its tag and permissions (16 bits each) and a user or group (32).
const VERSION = 2;
const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;
const USER_OBJ = 0x01;

const READ = 4;
const WRITE = 2;
const ALL = 7;

/** The access ACL of a payload file: no user may write, the owner may read, as in `payloadMode`. SPEC 5. */
export function stripAclWrite(acl: Uint8Array): Uint8Array<ArrayBuffer> {
  return changed(acl, (tag, permissions) => permissions & ~WRITE | (tag === USER_OBJ ? READ : 0));
}

/** The access ACL of a payload folder: the owner may do everything, as in `payloadMode`. */
export function grantAclOwner(acl: Uint8Array): Uint8Array<ArrayBuffer> {
  return changed(acl, (tag, permissions) => tag === USER_OBJ ? ALL : permissions);
}

/**
 * The mode of an entry in a payload. No user may write a file and its owner may read it; the owner may do everything in
 * a folder; other entries keep their mode. The manifest has the true mode. SPEC 5.
 */
export function payloadMode(type: EntryType, mode: number): number {
  if (type === "file") return mode & 0o555 | 0o400;
  return type === "dir" ? mode & 0o1777 | 0o700 : mode;
}

function changed(
  acl: Uint8Array,
  change: (tag: number, permissions: number) => number,
): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(acl);
  const view = new DataView(copy.buffer);
  const whole = acl.length >= HEADER_BYTES && (acl.length - HEADER_BYTES) % ENTRY_BYTES === 0;
  if (!whole || view.getUint32(0, true) !== VERSION) {
    throw new JvsError("E_IO", "Cannot read an access ACL: it does not have the form that Linux gives", {
      hint: "See what the file system says with `getfacl`, or leave the path out by .jvsignore.",
    });
  }
  for (let at = HEADER_BYTES; at < acl.length; at += ENTRY_BYTES) {
    const permissions = view.getUint16(at + 2, true);
    view.setUint16(at + 2, change(view.getUint16(at, true), permissions), true);
  }
  return copy;
}
