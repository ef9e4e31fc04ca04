import { USER } from "./as_user.ts";

const CAPABILITY_VERSION = 0x20080522;
const CAPABILITY_BYTES = 24;

/**
 * Until the block ends, this thread calls file systems as an ordinary user without any capability. Only synchronous
 * calls, because other threads make the asynchronous ones. For tests that run as root.
 */
export function asOrdinaryThread(user = USER): Disposable {
  const libc = Deno.dlopen(libcPath(), {
    setfsuid: { parameters: ["u32"], result: "i32" },
    setfsgid: { parameters: ["u32"], result: "i32" },
    capget: { parameters: ["buffer", "buffer"], result: "i32" },
    capset: { parameters: ["buffer", "buffer"], result: "i32" },
  });
  const header = new Uint32Array([CAPABILITY_VERSION, 0]);
  const all = new Uint8Array(CAPABILITY_BYTES);
  const call = libc.symbols;
  const headerBytes = new Uint8Array(header.buffer);
  if (call.capget(headerBytes, all) !== 0) throw new Error("capget failed");
  call.setfsgid(user);
  call.setfsuid(user);
  const none = all.slice();
  for (const effective of [0, 12]) none.fill(0, effective, effective + 4);
  if (call.capset(headerBytes, none) !== 0) throw new Error("capset failed");
  return {
    [Symbol.dispose]() {
      if (call.capset(headerBytes, all) !== 0) throw new Error("capset failed");
      call.setfsuid(0);
      call.setfsgid(0);
      // Going back to root also restores the capabilities that it took away; the rest was restored above.
      libc.close();
    },
  };
}

function libcPath(): string {
  const { ffi } =
    JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url))).permissions.jvs;
  for (const path of ffi) {
    try {
      Deno.lstatSync(path);
      return path;
    } catch {
      continue; // another system's place
    }
  }
  throw new Error("there is no C library where deno.json says");
}
