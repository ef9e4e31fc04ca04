import type { Folder } from "../platform/platform.ts";
import type { RepositoryContext } from "./context.ts";

type Maker = Pick<RepositoryContext, "guard" | "store">;

/**
 * Makes everything durable that was written to the file system of a folder. A change that goes by a lease has that done beside this
 * thread, whose timer renews the lease meanwhile: a slow disk may take longer than the lease holds. Others wait, because the error then
 * tells the reason.
 */
export async function makeDurable(maker: Maker, folder: Folder): Promise<void> {
  const { platform } = maker.store;
  if (goesByLease(maker)) await platform.syncFileSystemAside(folder);
  else platform.syncFileSystem(folder);
}

/** For a change that goes by a lease: the same ahead of a call that stops this thread until it is done, and now finds little to do. */
export async function writeAhead(maker: Maker, folder: Folder): Promise<void> {
  if (goesByLease(maker)) await maker.store.platform.syncFileSystemAside(folder);
}

function goesByLease({ guard }: Maker): boolean {
  return guard !== undefined && guard.fencingToken !== null;
}
