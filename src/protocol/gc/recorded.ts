import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import { isAnyLost, type LostKeepers, lostKeepers } from "../../repo/lost_keepers.ts";
import { readTrail } from "../../repo/audit_mentions.ts";
import { KeepersTold } from "../../repo/recorded_keepers.ts";
import { WorktreesTold } from "../../repo/recorded_worktrees.ts";
import type { Store } from "../../repo/store.ts";
import { ofTrail, requireWorktrees, type Root } from "./roots.ts";

const MOST_NAMED = 5;

/**
 * What the whole audit trail says is kept, and no record does. `E_DESCRIPTOR_CORRUPT` if a record that keeps snapshots is lost, as the trail
 * tells: a worktree's, a ref or a pin. Asked before a plan takes anything.
 */
export async function keptByTrail(store: Store): Promise<Root[]> {
  const { layout } = store;
  const [worktrees, keepers] = [new WorktreesTold(), new KeepersTold()];
  const newest = layout.auditHead.readFresh();
  readTrail(layout, [worktrees, keepers]); // it may be long: once for all that is asked
  requireWorktrees(store, worktrees.recorded());
  const lost = lostKeepers(store, keepers.recorded());
  if (isAnyLost(lost)) {
    await requireWholeTrail(store, "refs or pins are missing");
    throw lostError(lost);
  }
  // Who has made a lost worktree again meanwhile: at the second look it was not lost any more, but replaced.
  const told = layout.auditHead.readFresh() === newest ? worktrees : WorktreesTold.by(layout);
  return ofTrail(store, told.replaced());
}

function lostError({ pins, refs }: LostKeepers): JvsError {
  const names = [
    ...refs.map(({ ref_name }) => `ref ${quoted(ref_name)}`),
    ...pins.map(({ pin_id }) => `pin ${pin_id}`),
  ];
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  const message = `Cannot tell what may be collected: what kept snapshots is missing: ${
    names.slice(0, MOST_NAMED).join(", ")
  }${more}`;
  return new JvsError("E_DESCRIPTOR_CORRUPT", message, {
    hint:
      "Bring them back from a copy of the repository, or make them again: `jvs doctor` says how. Give up what is not " +
      "needed any more with `jvs ref delete NAME` or `jvs gc unpin PIN`.",
    details: {
      refs: refs.map(({ ref_name }) => ref_name).slice(0, 100),
      pin_ids: pins.map(({ pin_id }) => pin_id).slice(0, 100),
    },
  });
}

/** `E_AUDIT_CHAIN_BROKEN` if the audit trail is: only a whole one tells of refs and pins whose files are missing. */
export async function requireWholeTrail({ audit }: Store, state: string): Promise<void> {
  const { broken } = await audit.check();
  if (broken === undefined) return;
  const message =
    `Cannot tell what may be collected: ${state}, and the audit trail, which knows of them, is broken in ${
      quoted(broken.file)
    }: ${broken.why}`;
  throw new JvsError("E_AUDIT_CHAIN_BROKEN", message, {
    hint: "See what to do with `jvs doctor`.",
    details: { path: broken.file },
  });
}
