import type { Rights } from "./platform.ts";

// Bits of capabilities(7).
const CHOWN = 0;
const SYS_ADMIN = 21;
const MKNOD = 27;
const SETFCAP = 31;

/** What a process may do, from its `/proc/<pid>/status`; without that, root may do everything. */
export function rightsOf(status: string | undefined, uid: number, gid: number): Rights {
  const field = (name: string) => new RegExp(`^${name}:[ \t]*(.*)$`, "m").exec(status ?? "")?.[1];
  const effective = BigInt(`0x${field("CapEff") ?? (uid === 0 ? "ffffffffffffffff" : "0")}`);
  const groups = field("Groups")?.split(" ").filter((text) => text !== "").map(Number);
  const has = (capability: number) => (effective >> BigInt(capability) & 1n) === 1n;
  return {
    groups: groups === undefined ? null : [gid, ...groups],
    anyOwner: has(CHOWN),
    devices: has(MKNOD),
    xattr(name) {
      if (name === "security.capability") return has(SETFCAP);
      return has(SYS_ADMIN) || !/^(security|trusted)\./.test(name);
    },
  };
}
