import { isJvsError } from "../../model/errors.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import type { RepositoryContext } from "../context.ts";

/**
 * Does work that writes a little, in order to free much. Where the disk is too full even for that, it removes the caller's caches
 * of this host, which are made again when they are needed, and tries once more.
 */
export async function withRoom<T>(context: RepositoryContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isJvsError(error, "E_NO_SPACE")) throw error;
    removeCaches(context);
    return await work();
  }
}

function removeCaches({ store: { layout, platform } }: RepositoryContext): void {
  const caches = layout.caches(platform.host.id);
  for (const name of caches.names()) unlessFailed(["EISDIR", "EPERM"], () => caches.at(name).remove());
}
