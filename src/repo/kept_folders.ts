import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { hasRecordOf, PIN_MAKERS, REF_MAKERS } from "./audit_mentions.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";

/** The folders of records that keep snapshots, and the operations that put something there. */
function keepersOf(
  { refs, pins }: Layout,
): readonly (readonly [folder: ControlPath, makers: readonly string[]])[] {
  return [[refs, REF_MAKERS], [pins, PIN_MAKERS]];
}

/** Whether a folder of refs or pins is missing. */
export function isKeeperMissing(layout: Layout): boolean {
  return keepersOf(layout).some(([folder]) => !folder.isThere());
}

/**
 * `E_DESCRIPTOR_CORRUPT` if a folder of refs or pins is missing that may have kept snapshots. To make it again would hide that loss, and
 * the next garbage collection would delete them. Copy programs leave it out if it is empty: then nothing is wrong.
 */
export function requireKeepers(layout: Layout, cannot: string): void {
  for (const [folder, makers] of keepersOf(layout)) {
    if (folder.isThere() || !hasRecordOf(layout, makers)) continue;
    const { path } = folder;
    throw new JvsError(
      "E_DESCRIPTOR_CORRUPT",
      `Cannot ${cannot}: the folder ${quoted(path)} is missing, and what was in it kept snapshots`,
      { hint: "Bring it back from a copy of the repository; `jvs doctor` says more.", details: { path } },
    );
  }
}
