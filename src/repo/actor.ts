import type { Platform } from "../platform/platform.ts";

/** Who acts, as audit records and refs name it, where the user says nothing else: `user@host`. */
export function actorOf({ host }: Pick<Platform, "host">): string {
  return `${host.userName}@${host.name}`;
}
