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

/** The access ACL of a payload file: nobody may write, the owner may read; what `payloadMode` does to a file's mode. SPEC 5. */
export function stripAclWrite(acl: Uint8Array): Uint8Array<ArrayBuffer> {
  return changed(acl, (tag, permissions) => permissions & ~WRITE | (tag === USER_OBJ ? READ : 0));
}

/** The access ACL of a payload folder: the owner may do everything; what `payloadMode` does to a folder's mode. */
export function grantAclOwner(acl: Uint8Array): Uint8Array<ArrayBuffer> {
  return changed(acl, (tag, permissions) => tag === USER_OBJ ? ALL : permissions);
}

/**
 * The mode of an entry in a payload: files cannot be written and can be read, folders can be worked in by their
 * owner, others are as they were. The manifest has the true mode. SPEC 5.
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
  const view = viewOf(copy);
  for (const { at, tag, permissions } of entriesOf(acl)) {
    view.setUint16(at + 2, change(tag, permissions), true);
  }
  return copy;
}

function* entriesOf(acl: Uint8Array): Generator<{ at: number; tag: number; permissions: number }> {
  const view = viewOf(acl);
  const whole = acl.length >= HEADER_BYTES && (acl.length - HEADER_BYTES) % ENTRY_BYTES === 0;
  if (!whole || view.getUint32(0, true) !== VERSION) {
    throw new JvsError("E_IO", "Cannot read an access ACL: it does not have the form that Linux gives", {
      hint: "See what the file system says with `getfacl`, or leave the path out by .jvsignore.",
    });
  }
  for (let at = HEADER_BYTES; at < acl.length; at += ENTRY_BYTES) {
    yield { at, tag: view.getUint16(at, true), permissions: view.getUint16(at + 2, true) };
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
