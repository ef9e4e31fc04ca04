import { uuid, type WorktreeConfig } from "../../model/records.ts";
import { record, text } from "../../model/schema.ts";
import { nowIso } from "../../platform/clock.ts";
import { reasonOfKeptLine } from "../../repo/recorded_keepers.ts";
import type { Store } from "../../repo/store.ts";
import { endsOf, type NextLine, nextLine, type UnknownOf, unknownTo } from "../../repo/unknown_snapshots.ts";
import type { RepositoryContext } from "../context.ts";
import { signatureProblemOf } from "../signing/require_signature.ts";
import { commitChange, finishIf, withIntent } from "../change/commit.ts";
import { type Change, defineChange } from "../change/kind.ts";

/** Moves the head of a worktree to the snapshot that follows it, if a kill prevented that. */
export const headAdvance = defineChange({
  operation: "doctor advance_head",
  details: record({}),
  steps: [],
  needsNoLease: true,
  audit: record({ worktree: text() }),
  // The head is in one file, which shows whether it was moved.
  async recover(context, intent) {
    const worktree = context.store.worktrees.withId(intent.worktreeId);
    await finishIf(worktree?.head_snapshot_id === intent.target, context, intent);
  },
});

/** Pins the end of a line that the record of its worktree does not know. */
export const lineKeeping = defineChange({
  operation: "doctor keep_line",
  details: record({}),
  steps: [],
  needsNoLease: true,
  audit: record({ worktree: text(), pin_id: uuid() }),
  recover: (context, intent) => finishIf(context.store.pins.find(intent.id) !== undefined, context, intent),
});

/** Commits the move of a head to the end of the line that follows it. */
export async function advanceTo(
  change: Change<typeof headAdvance>,
  { name, base_snapshot_id }: WorktreeConfig,
  { end: id, first }: Pick<NextLine, "end" | "first">,
): Promise<void> {
  await commitChange(change, { target: id, details: { worktree: name } }, {
    commit: () =>
      void change.store.worktrees.update(name, {
        base_snapshot_id: base_snapshot_id ?? first,
        head_snapshot_id: id,
        latest_snapshot_id: id,
      }),
  });
}

/**
 * Before the newest snapshot of a worktree becomes another one, or its record goes: what was saved in it and its record does not know must
 * not be lost. A copy lost the intent of the kill that left it so, or an older record was brought back. If all of it is one line that goes on
 * from where the worktree stands, that is followed; else the end of each line is pinned, and what cannot be read, too. SPEC 2. The caller
 * holds the worktree's lock.
 */
export async function catchUp(context: RepositoryContext, worktree: WorktreeConfig): Promise<void> {
  const { store } = context;
  if ((store.snapshots.newestKnown() ?? "") <= (worktree.latest_snapshot_id ?? "")) return;
  const { unknown, unread } = await unknownTo(store, worktree);
  using held = new DisposableStack(); // no garbage collection takes them meanwhile
  for (const { id } of unknown) held.use(await store.snapshots.use(id));
  const line = nextLine(worktree, unknown);
  const isFollowed = line !== undefined && await mayStandOn(store, line.end);
  await keepAll(context, worktree, { unknown: isFollowed ? [] : unknown, unread });
  if (isFollowed) await follow(context, worktree, line);
}

/** The same before recovery makes a snapshot the newest of a worktree: another record may have come in its place since the kill. */
export async function keepUnknown(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  next: string,
): Promise<void> {
  const { unknown, unread } = await unknownTo(context.store, worktree);
  await keepAll(context, worktree, { unknown: unknown.filter(({ id }) => id !== next), unread });
}

/** Pins these, each line by its end. The caller holds the worktree's lock. */
export async function keepAll(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  { unknown, unread }: UnknownOf,
): Promise<void> {
  for (const id of endsOf(unknown)) await pinLine(context, worktree, id, "which was saved in it");
  for (const id of unread) {
    await pinLine(context, worktree, id, "which may have been saved in it: what is said of it is damaged");
  }
}

/** A forged snapshot must not become what a worktree goes on from; nor can one without content. */
async function mayStandOn(store: Store, id: string): Promise<boolean> {
  return store.snapshots.exists(id) &&
    await signatureProblemOf(store, await store.snapshots.descriptor(id)) === undefined;
}

async function follow(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  line: NextLine,
): Promise<void> {
  const { name, worktree_id } = worktree;
  const { count, end: id } = line;
  const begun = { kind: headAdvance, target: id, details: {}, claims: { snapshot_id: id } };
  await withIntent(
    context,
    worktree_id,
    begun,
    (intent) => advanceTo({ ...context, intent }, worktree, line),
  );
  const what = count === 1 ? "a snapshot that was saved in it" : `${count} snapshots that were saved in it`;
  context.reporter.warn(`The record of worktree "${name}" did not know ${what}: it goes on from ${id}.`);
}

/** Pins a snapshot with its line, unless it is so already. The caller holds the worktree's lock. */
export async function pinLine(
  context: RepositoryContext,
  { name, worktree_id }: WorktreeConfig,
  id: string,
  why: string,
): Promise<void> {
  const { reporter, store } = context;
  const isKept = store.pins.list().some((pin) =>
    pin.snapshot_id === id && pin.keeps_line && pin.expires_at === null
  );
  if (isKept) return;
  const begun = { kind: lineKeeping, target: id, details: {}, claims: { snapshot_id: id } };
  await withIntent(context, worktree_id, begun, async (intent) => {
    const pin_id = intent.id;
    const reason = reasonOfKeptLine(name);
    await commitChange({ ...context, intent }, { target: id, details: { worktree: name, pin_id } }, {
      commit: () =>
        store.pins.add({
          pin_id,
          snapshot_id: id,
          reason,
          created_at: nowIso(),
          expires_at: null,
          keeps_line: true,
        }),
    });
  });
  reporter.warn(
    `The record of worktree "${name}" did not know snapshot ${id}, ${why}. It is pinned with what it descends from.`,
  );
}
