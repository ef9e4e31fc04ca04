import { keepCache, readCache } from "./cache_file.ts";
import { readLedgerFile, saveLedger, type StoredLedger } from "./space_ledger_file.ts";
import type { Store } from "./store.ts";

type LedgerPlace = Pick<Store, "layout" | "platform" | "cacheFolder">;

/** No ledger of real snapshots is nearly as large. */
const MOST_BYTES = 2 ** 31;

/** The ledger that this user keeps on this host; undefined if there is none that is whole. */
export async function storedLedger(store: LedgerPlace): Promise<StoredLedger | undefined> {
  const content = readCache(ledgerFile(store), MOST_BYTES);
  return content && await readLedgerFile(content);
}

/** Keeps it. Nothing is said if it cannot be written: then the next reader measures more. */
export async function keepLedger(store: LedgerPlace, stored: StoredLedger): Promise<void> {
  await keepCache(store, (folder) => saveLedger(folder, ledgerFile(store).name, stored));
}

/** Whether a file among the caches is a ledger: the caller's, if it is whole, or that of another user. */
export async function isSoundLedger(store: LedgerPlace, name: string): Promise<boolean> {
  if (!/^space-\d+\.ledger$/.test(name)) return false;
  return name !== ledgerFile(store).name || await storedLedger(store) !== undefined;
}

/** Each user has one of their own, because no user believes that of another. */
function ledgerFile({ layout, platform }: LedgerPlace) {
  return layout.space(platform.host.id, platform.host.uid);
}
