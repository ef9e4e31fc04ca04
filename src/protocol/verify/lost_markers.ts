import { unlessThrown } from "../../model/errors.ts";
import type { Descriptor, Finding } from "../../model/records.ts";
import { snapshotsMentioned, snapshotsRecorded } from "../../repo/audit_mentions.ts";
import { isUnreadableRecord } from "../../repo/control_errors.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { finding } from "./finding.ts";

/** A published snapshot without its marker READY. The disk or a copy lost it, because no step of JVS removes it alone. */
export interface LostMarker {
  readonly id: string;
  /** The marker can be rebuilt from it; undefined if descriptor or payload is missing or damaged. */
  readonly descriptor: Descriptor | undefined;
}

/** The snapshots without a marker that no open intent knows of. */
export interface WithoutMarker {
  /** They were never published, and are safe to remove. */
  readonly unfinished: readonly string[];
  readonly lost: readonly LostMarker[];
}

/** Finds snapshots without a marker. Only those that were never published may be removed. SPEC 6. */
export async function snapshotsWithoutMarker(store: Store): Promise<WithoutMarker> {
  const ids = withoutIntent(store);
  const unfinished: string[] = [];
  const lost: LostMarker[] = [];
  if (ids.length === 0) return { unfinished, lost };
  const mentions = snapshotsMentioned(store.layout, ids);
  const named = await namedSnapshots(store);
  const isTold = (await store.audit.check()).broken === undefined;
  for (const id of ids) {
    const whole = await store.snapshots.unmarkedDescriptor(id);
    const hasPayload = store.layout.payload(id).isThere();
    const descriptor = hasPayload && isRecorded(whole, mentions.get(id)) ? whole : undefined;
    // Steps 9 and 10 of SPEC 6 were done, and an intent that was not finished would still be there.
    const isPublished = named.has(id) || mentions.has(id) || hasPayload && whole !== undefined;
    // With a broken audit trail it is not certain that this one was never published.
    if (isPublished || hasPayload && !isTold) lost.push({ id, descriptor });
    else unfinished.push(id);
  }
  // A snapshot that another process was making at the first look has its intent or its marker by now.
  const still = new Set(withoutIntent(store));
  return {
    unfinished: unfinished.filter((id) => still.has(id)),
    lost: lost.filter(({ id }) => still.has(id)),
  };
}

/** Reports each published snapshot without a marker, and each of which nothing is left. */
export async function checkMarkers({ store }: RepositoryContext): Promise<Finding[]> {
  const { lost } = await snapshotsWithoutMarker(store);
  const recorded = [...snapshotsRecorded(store.layout)]; // first: what is made meanwhile is among those there are
  const kept = new Set([...store.snapshots.listKnown(), ...store.snapshots.leftovers()]);
  const gone = recorded.filter((id) => !kept.has(id)).map((id) => {
    const message =
      `Snapshot ${id} was made, as the audit trail says, and nothing of it is left: bring it back from a copy of ` +
      "the repository.";
    return finding("critical", "SNAPSHOT_MISSING", message, { snapshot_id: id });
  });
  const unmarked = lost.map(({ id, descriptor }) => {
    const { path } = store.layout.ready(id);
    const told = `Snapshot ${id} was published, but its commit marker is missing: "${path}". `;
    const where = { path, snapshot_id: id };
    return descriptor === undefined
      ? finding("critical", "READY_MISSING", `${told}${wayBack(store, id)}`, where)
      : finding("critical", "READY_MISSING", `${told}Its descriptor and its payload are here.`, {
        ...where,
        repair: "rebuild_ready",
      });
  });
  return [...gone, ...unmarked];
}

function wayBack({ snapshots }: Store, id: string): string {
  const left = snapshots.parts(id).map((path) => `"${path}"`).join(", ");
  return "Its descriptor or its payload is missing too, or is not the one that was saved: bring all of it back from a " +
    `copy of the repository. What is left of it is kept: ${left}.`;
}

/** In this order, because a snapshot that is finished meanwhile has its marker at the last look. */
function withoutIntent({ snapshots, intents }: Store): string[] {
  const ids = snapshots.leftovers();
  const busy = new Set<string | undefined>(intents.list().map((intent) => intent.claims.snapshot_id));
  return ids.filter((id) => !busy.has(id) && !snapshots.exists(id));
}

/** Whether the audit trail has this descriptor's checksum: a changed descriptor must not get a marker. */
function isRecorded(descriptor: Descriptor | undefined, recorded: string | null = null): boolean {
  return recorded === null || recorded === descriptor?.descriptor_checksum.value;
}

/** The snapshots that other records name: only a published one is ever named. Damaged records are skipped here. */
async function namedSnapshots(store: Store): Promise<ReadonlySet<string | null>> {
  const { pins, refs, snapshots, worktrees } = store;
  const named = new Set<string | null>();
  const readable = <T>(read: () => T | undefined) => unlessThrown(isUnreadableRecord, read);
  for (const id of snapshots.listKnown()) {
    named.add((await snapshots.readable(id))?.parent_snapshot_id ?? null);
  }
  for (const name of worktrees.names()) {
    const worktree = readable(() => worktrees.find(name));
    named.add(worktree?.base_snapshot_id ?? null).add(worktree?.head_snapshot_id ?? null)
      .add(worktree?.latest_snapshot_id ?? null);
  }
  for (const name of refs.names()) named.add(readable(() => refs.find(name))?.snapshot_id ?? null);
  for (const id of pins.ids()) named.add(readable(() => pins.find(id))?.snapshot_id ?? null);
  return named;
}
