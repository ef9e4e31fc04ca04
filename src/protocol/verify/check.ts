import { isJvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import type { Descriptor, Finding } from "../../model/records.ts";
import type { Store } from "../../repo/store.ts";
import { endsOf, isUnknownTo, type NextLine, nextLine, type Unknown } from "../../repo/unknown_snapshots.ts";
import { movedHeads } from "../../repo/recorded_heads.ts";
import { loadSha256 } from "../../tree/sha256.ts";
import type { RepositoryContext } from "../context.ts";
import { AFTER_MOVE, isAdopted } from "../open_worktree.ts";
import { finding, problemFound } from "./finding.ts";
import { untoldFinding, untoldOf } from "./collected.ts";
import { leftoversOf } from "./leftovers.ts";
import { sound, soundWorktrees } from "./sound_records.ts";
import {
  CHOOSE,
  FROM_COPY,
  KEEPER_AGAIN,
  MARKER_AGAIN,
  MOVE,
  WITHOUT_HEAD,
  WITHOUT_TOMBSTONE,
} from "./ways_out.ts";

/** From so many records on, loading the hash that does not wait is faster. */
const MANY_RECORDS = 1000;

/** One check of doctor or verify. */
export type Check = (context: RepositoryContext) => Iterable<Finding> | Promise<Finding[]>;

/** Runs these checks one after the other. A check that may not read something reports that, and the others still run. */
export async function runChecks(context: RepositoryContext, checks: readonly Check[]): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const check of checks) found.push(...await findingsOf(context, check));
  return eachOnce(found);
}

/** Two checks may report the same file. */
export function eachOnce(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((each) => [`${each.code} ${each.message}`, each])).values()];
}

async function findingsOf(context: RepositoryContext, check: Check): Promise<Finding[]> {
  try {
    return [...await check(context)];
  } catch (error) {
    if (!isJvsError(error, "E_PERMISSION")) throw error;
    return [problemFound(error)];
  }
}

/** Checks that every snapshot has its ancestors, without a circle, and that heads, latests, refs and pins name snapshots. SPEC 9. */
export async function checkLineage({ store }: RepositoryContext): Promise<Finding[]> {
  const findings: Finding[] = [];
  const descriptors = await describedIn(store, findings);
  const parents = new Map(descriptors.entries().map(([id, said]) => [id, said?.parent_snapshot_id ?? null]));
  const broken = (id: string, message: string, severity: Finding["severity"] = "critical") =>
    void findings.push(finding(severity, "E_LINEAGE_BROKEN", message, { snapshot_id: id }));
  for (const [id, parent] of parents) {
    if (parent === null || parents.has(parent)) continue;
    if (!store.snapshots.isKnown(id)) continue; // both were collected meanwhile
    broken(id, `Snapshot ${id} follows ${parent}, which is missing. ${FROM_COPY}`);
  }
  for (const id of cyclesIn(parents)) {
    broken(id, `Snapshot ${id} is its own ancestor: its descriptor was made up. ${FROM_COPY}`);
  }
  for (
    const { name, head_snapshot_id: head, latest_snapshot_id: latest } of soundWorktrees(store, findings)
  ) {
    for (const [what, id] of [["head", head], ["latest", latest]] as const) {
      if (id === null || parents.has(id)) continue;
      broken(id, `Worktree "${name}" names ${id} as its ${what}, which is missing. ${WITHOUT_HEAD}`);
    }
  }
  const refs = sound(store.refs.names(), (name) => store.refs.find(name), findings, () => KEEPER_AGAIN);
  const pins = sound(store.pins.ids(), (id) => store.pins.find(id), findings, () => KEEPER_AGAIN);
  const named = [
    ...refs.map(({ ref_name: name, snapshot_id: id }) =>
      [`Ref "${name}"`, id, `ref delete ${name}`] as const
    ),
    ...pins.map(({ pin_id, snapshot_id: id }) => [`Pin ${pin_id}`, id, `gc unpin ${pin_id}`] as const),
  ];
  for (const [what, id, removal] of named) {
    if (parents.has(id)) continue;
    const way = `${FROM_COPY} Or give it up: \`jvs ${removal}\`.`;
    broken(id, `${what} names ${id}, which is missing. ${way}`, "error");
  }
  const orphans = checkHeads(store, descriptors);
  const known = new Set(orphans.map(({ snapshot_id }) => snapshot_id));
  const moved = (await checkMoves(store)).filter(({ snapshot_id }) => !known.has(snapshot_id));
  return [...findings, ...orphans, ...moved];
}

/** Finds worktrees that were moved after what their records say: a record that is older than a restore. A broken trail may lack the last moves. */
async function checkMoves(store: Store): Promise<Finding[]> {
  const look = () =>
    movedHeads(store.layout, soundWorktrees(store))
      .filter(({ id }) => store.snapshots.isKnown(id));
  const first = look();
  if (first.length === 0 || (await store.audit.check()).broken !== undefined) return [];
  const busy = new Set(store.intents.list().map(({ worktree_id }) => worktree_id));
  const isBusy = (name: string) =>
    busy.has(soundWorktrees(store).find((each) => each.name === name)?.worktree_id ?? null);
  const still = new Set(look().map(({ id, name }) => `${name} ${id}`));
  return first.filter(({ id, name }) => still.has(`${name} ${id}`) && !isBusy(name)).map(({ id, name }) => {
    const state = `The audit trail says that worktree "${name}" stands on ${id}, and its record does not.`;
    return finding("warning", "HEAD_ORPHAN", `${state} ${MOVE}`, { snapshot_id: id });
  });
}

/** Finds snapshots that the records of their worktrees do not know: of each line the newest. SPEC 2. */
function checkHeads(store: Store, descriptors: Described): Finding[] {
  return orphansOf(store, descriptors).map(({ id, line, worktree }) => {
    if (line === undefined) {
      const state = `Snapshot ${id} was saved in worktree "${worktree}", whose record does not know it.`;
      return finding("warning", "HEAD_ORPHAN", `${state} ${CHOOSE}`, { snapshot_id: id });
    }
    const others = line.count === 1 ? "" : `, with ${line.count - 1} before it,`;
    const state =
      `Snapshot ${id}${others} follows the newest of worktree "${worktree}", whose head was not moved to it.`;
    return finding("warning", "HEAD_ORPHAN", state, { snapshot_id: id, repair: "advance_head" });
  });
}

/** The newest of a line that the record of its worktree does not know. */
export interface Orphan {
  readonly id: string;
  readonly worktree: string;
  /** The line of which it is the end, if that is all which the record does not know and it goes on from where the worktree stands. */
  readonly line: NextLine | undefined;
}

/** What worktrees made and their records do not know, without an open intent: a kill, or a record of an old copy, left it so. */
export function orphansOf(store: Store, descriptors: Described): Orphan[] {
  const busy = new Set(store.intents.list().map((intent) => intent.worktree_id));
  const made = Map.groupBy(descriptors, ([, said]) => said?.worktree_id ?? null);
  return soundWorktrees(store).filter(({ worktree_id }) => !busy.has(worktree_id)).flatMap((worktree) => {
    const unknown: Unknown[] = [];
    for (const [id, said] of made.get(worktree.worktree_id) ?? []) {
      if (said !== null && isUnknownTo(worktree, id, said)) {
        unknown.push({ id, parent: said.parent_snapshot_id });
      }
    }
    const next = nextLine(worktree, unknown);
    const line = next !== undefined && store.snapshots.exists(next.end) ? next : undefined;
    return endsOf(unknown).map((id) => ({ id, worktree: worktree.name, line }));
  });
}

/** What this file needs of the descriptor of each snapshot, the oldest first; null for one that cannot be read. */
export type Described = ReadonlyMap<
  string,
  Pick<Descriptor, "parent_snapshot_id" | "worktree_id" | "kind"> | null
>;

/** The descriptor of each snapshot. One that cannot be read becomes a finding. */
export async function describedIn(store: Store, findings: Finding[]): Promise<Described> {
  const described = new Map<string, Pick<Descriptor, "parent_snapshot_id" | "worktree_id" | "kind"> | null>();
  const ids = store.snapshots.listKnown();
  if (ids.length >= MANY_RECORDS) await loadSha256();
  for (const id of ids) {
    try {
      const { kind, parent_snapshot_id, worktree_id } = await store.snapshots.descriptor(id);
      described.set(id, { kind, parent_snapshot_id, worktree_id });
    } catch (error) {
      if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
      described.set(id, null);
      if (error.code === "E_NOT_FOUND") continue; // it was collected meanwhile
      const isMarker = error.details.path === store.layout.ready(id).path;
      findings.push({ ...problemFound(error, ...isMarker ? [MARKER_AGAIN] : []), snapshot_id: id });
    }
  }
  return described;
}

function cyclesIn(parents: ReadonlyMap<string, string | null>): string[] {
  const ends = new Set<string>();
  const found: string[] = [];
  for (const start of parents.keys()) {
    const path = new Set<string>();
    let id: string | null = start;
    while (id !== null && !ends.has(id) && !path.has(id)) {
      path.add(id);
      id = parents.get(id) ?? null;
    }
    if (id !== null && path.has(id)) found.push(id);
    for (const each of path) ends.add(each);
  }
  return found;
}

/** Checks that the audit trail is one unbroken chain. */
export async function checkAudit({ store }: RepositoryContext): Promise<Finding[]> {
  const { broken, pending } = await store.audit.check();
  if (broken !== undefined) {
    const where = broken.line === null ? broken.file : `${broken.file}, line ${broken.line}`;
    const message = `The audit trail is broken in ${where}: ${broken.why}`;
    return [
      finding("critical", "E_AUDIT_CHAIN_BROKEN", message, { path: broken.file, repair: "audit_repair" }),
    ];
  }
  const message =
    "The last audit record is announced and not written. This is no damage: the next change writes it.";
  return pending ? [finding("info", "AUDIT_PENDING", message)] : [];
}

/** Checks that every snapshot has all its parts. */
export function checkParts({ store }: RepositoryContext): Finding[] {
  const { layout, snapshots } = store;
  const findings: Finding[] = [];
  sound(["repo_id"], () => store.repoId, findings);
  for (const id of snapshots.listKnown()) {
    // `checkLineage` reports a missing descriptor.
    const parts = [
      [layout.payload(id), "E_PAYLOAD_HASH_MISMATCH"],
      [layout.manifests.at(id), "E_DESCRIPTOR_CORRUPT"],
    ] as const;
    const expected = snapshots.isPruned(id) ? parts.slice(1) : parts;
    // One that is collected meanwhile loses its marker before anything else.
    const isLost = ([place]: typeof parts[number]) => !place.isThere() && snapshots.isKnown(id);
    for (const [{ path }, code] of expected.filter(isLost)) {
      const message = `Snapshot ${shortId(id)} exists, but "${path}" is missing. ${FROM_COPY}`;
      findings.push(finding("critical", code, message, { path, snapshot_id: id }));
    }
  }
  return findings;
}

/** Checks that nothing is left over from a crash. */
export async function checkLeftovers({ store }: RepositoryContext): Promise<Finding[]> {
  const tombstones = store.tombstones.readable().damaged.map((error) =>
    problemFound(error, WITHOUT_TOMBSTONE)
  );
  const leftovers = (await leftoversOf(store)).map(({ what, path, snapshotId }) => {
    const message = `Left over from ${what}: "${path}". It does no harm.`;
    const where = { path, snapshot_id: snapshotId ?? null };
    return finding("warning", "LEFTOVER", message, { ...where, repair: "clean_tmp" });
  });
  const kept = (await untoldOf(store)).filter((each) => each.kept !== undefined).map(untoldFinding);
  return [...leftovers, ...kept, ...tombstones];
}

/** Checks that every worktree still has its own folder. */
export function* checkWorktrees({ store }: RepositoryContext): Generator<Finding> {
  const unusable: Finding[] = [];
  const usable = soundWorktrees(store, unusable);
  yield* unusable;
  for (const worktree of usable) {
    const path = store.worktrees.root(worktree);
    const state = store.worktrees.checkIdentity(worktree);
    if (state === "missing") {
      const message =
        `The folder of worktree "${worktree.name}" is gone: "${path}". Its snapshots are all still here: ` +
        (isAdopted(worktree)
          ? `if it was moved, ${AFTER_MOVE} If it is lost, make an empty folder in its place, and in it run ` +
            "`jvs adopt --relocate` and `jvs restore LATEST`."
          : "make an empty folder there and run `jvs restore LATEST` in it.");
      yield finding("error", "WORKTREE_MISSING", message, { path });
    } else if (state === "replaced") {
      const message =
        `The folder of worktree "${worktree.name}" is not the one that was versioned: "${path}".`;
      // Only the owner of an adopted folder can say that another folder is the right one.
      const way = " If it is the right one, say so in it with `jvs adopt --relocate`.";
      yield isAdopted(worktree)
        ? finding("error", "WORKTREE_REPLACED", message + way, { path })
        : finding("warning", "WORKTREE_REPLACED", message, { path, repair: "repair_runtime" });
    }
  }
}
