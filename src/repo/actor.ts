import type { Platform } from "../platform/platform.ts";

/** Who acts, for audit records and refs: `user@host`, unless the user says otherwise. */
export function actorOf({ host }: Pick<Platform, "host">): string {
  return `${host.userName}@${host.name}`;
}
