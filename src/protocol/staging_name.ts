import { isUuid } from "../model/ids.ts";
import type { Claims } from "../model/records.ts";

const BEGINNING = ".jvs-staging-";

/** A name for staging in a payload root that nothing else has. */
export function newStagingName(): string {
  return BEGINNING + crypto.randomUUID();
}

/**
 * The staging in a payload root that an intent claims. Other names do not count: another member of a group may have written
 * the intent, to hide a folder of the user's or to have it removed.
 */
export function stagingInRoot({ staging_in_root: name = "" }: Claims): string | undefined {
  return name.startsWith(BEGINNING) && isUuid(name.slice(BEGINNING.length)) ? name : undefined;
}
