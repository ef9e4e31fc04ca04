import { isJvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import type { Finding, WorktreeConfig } from "../../model/records.ts";
import { userNameOf } from "../../platform/host_names.ts";
import { isUnreadableRecord } from "../../repo/control_errors.ts";
import type { Store } from "../../repo/store.ts";
import { loadSha256 } from "../../tree/sha256.ts";
import type { RepositoryContext } from "../context.ts";
import { isAdopted } from "../open_worktree.ts";
import { codeOf, finding, problemFound } from "./finding.ts";
import { leftoversOf } from "./leftovers.ts";
import { missingFolders } from "./missing_folders.ts";
import {
  CHOOSE,
  FROM_COPY,
  MARKER_AGAIN,
  PIN_AGAIN,
  RECORD_AGAIN,
  refAgain,
  WITHOUT_HEAD,
  WITHOUT_TOMBSTONE,
} from "./ways_out.ts";

/** From so many records on, loading the hash that does not wait is faster. */
const MANY_RECORDS = 1000;

/** One check of doctor or verify. */
export type Check = (context: RepositoryContext) => Iterable<Finding> | Promise<Finding[]>;

/** Runs these checks one after the other. A check that may not read something reports that, and the others still run. */
export async function runChecks(context: RepositoryContext, checks: readonly Check[]): Promise<Finding[]> {
  const found = new Map<string, Finding>();
  for (const check of checks) {
    for (const each of await findingsOf(context, check)) {
      found.set(`${each.code} ${each.message}`, each); // two checks may report the same file
    }
  }
  return [...found.values()];
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
  const parents = await parentsOf(store, findings);
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
  const refs = sound(store.refs.names(), (name) => store.refs.find(name), findings, refAgain);
  const pins = sound(store.pins.ids(), (id) => store.pins.find(id), findings, () => PIN_AGAIN);
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
  return [...findings, ...await checkHeads(store, parents)];
}

/** Finds snapshots to which the worktree's head was not moved, because of a kill after READY. SPEC 2. */
async function checkHeads(store: Store, parents: ReadonlyMap<string, string | null>): Promise<Finding[]> {
  return (await orphansOf(store, parents)).map(({ id, worktree, isCertain }) => {
    const state =
      `Snapshot ${id} follows the newest of worktree "${worktree}", whose head was not moved to it.`;
    return isCertain
      ? finding("warning", "HEAD_ORPHAN", state, { snapshot_id: id, repair: "advance_head" })
      : finding("warning", "HEAD_ORPHAN", `${state} ${CHOOSE}`, { snapshot_id: id });
  });
}

/** A snapshot that follows the newest of its worktree. */
interface Orphan {
  readonly id: string;
  readonly worktree: string;
  /** Whether it is the only one, and the worktree stands on the newest: then a kill prevented that its head was moved. */
  readonly isCertain: boolean;
}

/** Full snapshots that follow the latest of their worktree, without an open intent. A record of an old copy leaves some, too. */
export async function orphansOf(
  store: Store,
  parents: ReadonlyMap<string, string | null>,
): Promise<Orphan[]> {
  const busy = new Set(store.intents.list().map((intent) => intent.worktree_id));
  const orphans: Orphan[] = [];
  for (const worktree of soundWorktrees(store)) {
    const { head_snapshot_id: head, latest_snapshot_id: latest, name } = worktree;
    if (busy.has(worktree.worktree_id)) continue;
    const found: string[] = [];
    for (const [id, parent] of parents) {
      if (parent !== latest || store.snapshots.isPruned(id)) continue;
      const descriptor = await store.snapshots.descriptor(id).catch(() => undefined); // another check reports a damaged one
      if (descriptor?.worktree_id === worktree.worktree_id && descriptor.kind === "manual") found.push(id);
    }
    const isCertain = found.length === 1 && head === latest;
    orphans.push(...found.map((id) => ({ id, worktree: name, isCertain })));
  }
  return orphans;
}

/** Each snapshot's parent. A descriptor that cannot be read becomes a finding. */
export async function parentsOf(store: Store, findings: Finding[]): Promise<Map<string, string | null>> {
  const parents = new Map<string, string | null>();
  const ids = store.snapshots.listKnown();
  if (ids.length >= MANY_RECORDS) await loadSha256();
  for (const id of ids) {
    try {
      parents.set(id, (await store.snapshots.descriptor(id)).parent_snapshot_id);
    } catch (error) {
      if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
      parents.set(id, null);
      if (error.code === "E_NOT_FOUND") continue; // it was collected meanwhile
      const isMarker = error.details.path === store.layout.ready(id).path;
      findings.push({ ...problemFound(error, ...isMarker ? [MARKER_AGAIN] : []), snapshot_id: id });
    }
  }
  return parents;
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
  return [...leftovers, ...tombstones];
}

/** Checks that the repository has all its folders. */
export async function checkFolders({ store }: RepositoryContext): Promise<Finding[]> {
  return await missingFolders(store);
}

/** The worktrees whose records can be used; each of the others becomes a finding. */
export function soundWorktrees({ worktrees }: Store, findings: Finding[] = []): WorktreeConfig[] {
  return sound(
    worktrees.names(),
    (name) => {
      const worktree = worktrees.find(name);
      if (worktree !== undefined) worktrees.root(worktree); // throws for a path that it must not have
      return worktree;
    },
    findings,
    () => RECORD_AGAIN,
  );
}

/** The records that can be read; each of the others becomes a finding, with this way out. */
function sound<T>(
  names: readonly string[],
  read: (name: string) => T | undefined,
  findings: Finding[],
  wayFor: (name: string) => string = () => FROM_COPY,
): T[] {
  return names.flatMap((name) => {
    try {
      return read(name) ?? [];
    } catch (error) {
      if (!isUnreadableRecord(error) && !isJvsError(error, "E_PATH_ESCAPE")) throw error;
      findings.push(problemFound(error, wayFor(name)));
      return [];
    }
  });
}

/** Checks what is of use only while JVS runs: intents and folders. */
export function* checkRuntime({ store }: RepositoryContext): Generator<Finding> {
  for (const intent of store.intents.list().filter((each) => store.intents.isAbandoned(each))) {
    const why = store.intents.distrust(intent);
    if (why?.misplaced !== undefined) {
      const message =
        `"${why.misplaced}" says that "${intent.operation}" was interrupted, and any member can put such a ` +
        "file there: what it says is not done. See whether the worktree is as it should be, then remove the file.";
      yield finding("warning", "INTENT_OPEN", message, { path: why.misplaced });
      continue;
    }
    const by = why === undefined ? "" : `, if user ${userNameOf(why.user)}, who began it, makes that change`;
    const message =
      `The operation "${intent.operation}" of ${intent.started_at} was interrupted; the next change ` +
      `finishes or undoes it${by}.`;
    yield finding("warning", "INTENT_OPEN", message, { repair: "clean_intents" });
  }
  for (const { path, error } of store.intents.read().damaged) {
    const message =
      `${error.message}. It says what an interrupted operation was about; what that had staged is kept. ` +
      `See whether the worktree is as it should be, then remove the file.`;
    yield finding("error", codeOf(error), message, { path });
  }
  for (const { path } of store.layout.runtimeFolders.filter((folder) => !folder.isThere())) {
    const message = `The folder "${path}" is missing.`;
    yield finding("warning", "RUNTIME_MISSING", message, { path, repair: "repair_runtime" });
  }
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
          ? "where it was moved to, or in an empty folder in its place, run `jvs adopt --relocate`; in an empty one then " +
            "`jvs restore LATEST`."
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
