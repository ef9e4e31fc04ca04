import { isJvsError, unlessThrown } from "../../model/errors.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { giveRoomUp, setRoomAside } from "../../repo/reserve.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";

/**
 * Does work that writes a little, in order to free much. Where the disk is too full even for that, it gives up the room that was set
 * aside for this, and the caller's caches of this host, which are made again when they are needed; then it tries once more,
 * and says that room is short.
 */
export async function withRoom<T>(
  context: RepositoryContext,
  work: (isShort: boolean) => Promise<T>,
): Promise<T> {
  const { store } = context;
  try {
    return await work(false);
  } catch (error) {
    if (!isJvsError(error, "E_NO_SPACE")) throw error;
    makeRoom(store);
    return await work(true);
  } finally {
    setRoomAside(store.layout);
  }
}

function makeRoom({ layout, platform }: Store): void {
  const caches = layout.caches(platform.host.id);
  const removals = [
    () => giveRoomUp(layout),
    ...caches.names().map((name) => () => caches.at(name).remove()),
  ];
  for (const remove of removals) unlessThrown(isSystemError, remove); // what stays gives no room
}
