import { isJvsError, JvsError } from "../../model/errors.ts";
import type { Descriptor } from "../../model/records.ts";
import { record, text } from "../../model/schema.ts";
import { commitChange, finishIf, withIntent } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";
import { lockEverything, recoverOpenIntents } from "../change/locks.ts";
import type { RepositoryContext } from "../context.ts";
import { firstFew } from "./finding.ts";
import type { UncheckedPath } from "./verify_payload.ts";
import { verifyContent } from "./verify_snapshot.ts";
import { snapshotsWithoutMarker } from "./lost_markers.ts";

/** Writes the marker of a snapshot that lost it. */
export const readyRebuilding = defineChange({
  operation: "doctor rebuild_ready",
  details: record({}),
  steps: [],
  audit: record({ descriptor_checksum: text() }),
  recover: (context, intent) => finishIf(context.store.snapshots.exists(intent.target), context, intent),
});

/**
 * Writes the marker of each published snapshot that lost it, after its manifest and payload are proved by the descriptor.
 * `E_PAYLOAD_HASH_MISMATCH`, after all others are repaired, if the content of one is not what was saved.
 */
export async function rebuildReady(context: RepositoryContext): Promise<string[]> {
  const { store } = context;
  using _locks = await lockEverything(context, readyRebuilding.operation);
  await recoverOpenIntents(context, null);
  const { lost } = await snapshotsWithoutMarker(store);
  const mended: string[] = [];
  const damaged: JvsError[] = [];
  for (const { descriptor } of lost) {
    if (descriptor === undefined) continue; // the finding says that only a copy helps
    const id = descriptor.snapshot_id;
    const problem = await problemOf(context, descriptor);
    if (problem !== undefined) {
      damaged.push(problem);
      continue;
    }
    await rebuild(context, descriptor);
    mended.push(`Rebuilt the commit marker of snapshot ${id}: its content is what was saved.`);
  }
  if (damaged[0] !== undefined) throw damaged[0];
  return mended;
}

async function problemOf(
  context: RepositoryContext,
  descriptor: Descriptor,
): Promise<JvsError | undefined> {
  try {
    const { severity, files, unchecked } = await verifyContent(context, descriptor);
    if (severity === "unchecked") return notRead(descriptor.snapshot_id, unchecked);
    return severity === "critical" ? notWhole(descriptor.snapshot_id, files) : undefined;
  } catch (error) {
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT")) return error; // the manifest is damaged
    throw error;
  }
}

async function rebuild(context: RepositoryContext, descriptor: Descriptor): Promise<void> {
  const { snapshot_id: id, descriptor_checksum } = descriptor;
  const begun = { kind: readyRebuilding, target: id, details: {}, claims: { snapshot_id: id } };
  await withIntent(context, null, begun, async (intent) => {
    const details = { descriptor_checksum: descriptor_checksum.value };
    await commitChange<typeof readyRebuilding>({ ...context, intent }, { target: id, details }, {
      commit: () => context.store.snapshots.writeReady(descriptor),
    });
  });
}

function notRead(id: string, unchecked: readonly UncheckedPath[]): JvsError {
  const named = firstFew(unchecked.map(({ path, owner }) => `${path || "."} (of ${owner})`));
  return new JvsError(
    "E_PERMISSION",
    `Cannot rebuild the commit marker of snapshot ${id}: you may not read all of it, so its content cannot be ` +
      `proved: ${named}`,
    { hint: "Let their owner or root do this repair.", details: { snapshot_id: id, unchecked } },
  );
}

function notWhole(id: string, files: readonly { path: string; problem: string }[]): JvsError {
  const named = firstFew(files.map(({ path, problem }) => `${path || "."} (${problem})`));
  return new JvsError(
    "E_PAYLOAD_HASH_MISMATCH",
    `Cannot rebuild the commit marker of snapshot ${id}: its content is not what was saved: ${named}`,
    {
      hint: "Bring the snapshot's files back from a copy of the repository, then repair again.",
      details: { snapshot_id: id, files },
    },
  );
}
