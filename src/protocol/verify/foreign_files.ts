import { DIR, FILE } from "../../model/entry.ts";
import { isJvsError, unlessThrown } from "../../model/errors.ts";
import { firstFew } from "../../model/first_few.ts";
import { isSnapshotId, isUuid } from "../../model/ids.ts";
import { quoted } from "../../model/path_text.ts";
import type { Finding } from "../../model/records.ts";
import { isTemporaryName } from "../../platform/temporary_file.ts";
import { Stat } from "../../platform/stat.ts";
import {
  hardLinked,
  isUnreadableRecord,
  isUnusableRecord,
  RefusedPath,
  wrongKind,
} from "../../repo/control_errors.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import type { Layout } from "../../repo/layout.ts";
import type { RepositoryContext } from "../context.ts";
import { keptFor } from "../restore/replaced.ts";
import { snapshotsWithoutMarker } from "./leftovers.ts";
import { codeOf, finding, problemFound } from "./finding.ts";

/** Finds what is in the place of a file or folder of JVS, but is something else or another user's: JVS does not use it. */
export function checkPlaces({ store: { layout, platform, worktrees } }: RepositoryContext): Finding[] {
  const host = layout.host(platform.host.id);
  const owned = [layout.users, ...layout.userFolders().map(({ folder }) => folder), ...layout.ownFolders];
  const closed: Finding[] = [];
  const refusalsOf = (folder: ControlPath) => {
    try {
      return folder.refusals();
    } catch (error) {
      // What may not be read must not hide what is wrong elsewhere.
      if (!isJvsError(error, "E_PERMISSION")) throw error;
      closed.push(problemFound(error));
      return [];
    }
  };
  const ours = [...layout.folders, host, layout.caches(platform.host.id), ...owned].flatMap(refusalsOf);
  const isKnown = [...ours, ...closed].some(({ path }) => path === layout.worktrees.path);
  const names = isKnown ? [] : worktrees.names();
  const refused = [
    ...ours,
    ...linkedFiles(layout),
    ...foldersAsPlans(layout),
    ...names.flatMap((name) => refusalsOf(layout.worktree(name))),
  ];
  // A folder may be found twice: by the folder above it and by itself. The second finding says more, and is kept.
  const all = [...closed, ...refused.map(found)];
  return [...new Map(all.map((each) => [each.path ?? each.message, each])).values()];
}

/** The files that are written in place and have a second name: a change would be seen under that name too. */
function linkedFiles({ auditLog, locks }: Layout): RefusedPath[] {
  const lockNames = unlessThrown(isUnreadableRecord, () => locks.names()) ?? [];
  return [auditLog, ...lockNames.map((name) => locks.at(name))].flatMap((file) => {
    const stat = new Stat();
    const isLinked = unlessThrown(isUnreadableRecord, () => file.stat(stat)) && stat.type === FILE &&
      stat.nlink > 1;
    return isLinked ? [hardLinked(file.path, stat)] : [];
  });
}

/** Folders in the place of plans: nothing else reads all plans, and one that cannot be written again keeps `gc plan` from making any. */
function foldersAsPlans({ plan, plans }: Layout): RefusedPath[] {
  const names = unlessThrown(isUnusableRecord, () => plans.jsonNames()) ?? []; // a closed one is named as a folder
  return names.map(plan).flatMap((file) => {
    const stat = new Stat();
    const isFolder = unlessThrown(isUnusableRecord, () => file.stat(stat)) && stat.type === DIR;
    return isFolder ? [wrongKind(file.path, DIR, FILE).withHint(WITHOUT_PLAN)] : [];
  });
}

const WITHOUT_PLAN =
  "JVS did not make this. Move it away: a plan is made again at any time, and until then `jvs gc plan` may fail.";

/** Runs a check up to the first refused path. Leaves out what `checkPlaces` has reported already (`told`). */
export async function asFar(
  check: () => Finding[] | Promise<Finding[]>,
  told: readonly Finding[],
): Promise<Finding[]> {
  const isNew = ({ message, path }: Finding) =>
    !told.some((place) => place.path === path || message.includes(`"${place.path}"`));
  try {
    return (await check()).filter(isNew);
  } catch (error) {
    if (!(error instanceof RefusedPath)) throw error;
    return [found(error)].filter(isNew);
  }
}

function found(refused: RefusedPath): Finding {
  return finding("critical", codeOf(refused), `${refused.message}. ${refused.hint}`, { path: refused.path });
}

const ID_LENGTH = 22;

/** What the names of snapshots end in; where others may write, what is being made or deleted lies in a folder of its maker. */
const ENDINGS = ["", ".READY", ".PRUNED"];
const ENDINGS_IN_PRIVATE = [...ENDINGS, ".tmp", ".tmp.before", ".gone"];

/** Finds files among snapshots, descriptors, signatures and intents that are not of JVS, by their names. JVS does not read them. */
export function checkForeign({ store: { layout } }: RepositoryContext): Finding[] {
  const { isOpenToOthers, owners: { isOfAnotherAlone } } = layout.plane;
  const endings = isOpenToOthers && !isOfAnotherAlone ? ENDINGS : ENDINGS_IN_PRIVATE;
  return [
    ...foreignIn(layout.snapshots, isOfSnapshot(endings)),
    ...foreignIn(layout.descriptors, isOfSnapshot([".json", ".json.tmp"])),
    ...foreignIn(layout.signatures, isOfSnapshot([".json"])),
    ...foreignIn(layout.intents, (name) => name.endsWith(".json") && isUuid(name.slice(0, -".json".length))),
  ];
}

/**
 * Finds what JVS deletes never by itself: what recovery set aside because its worktree has no record any more; where others may write, what it
 * does not know, which may be somebody's work that was moved there.
 */
export async function checkKept({ store }: RepositoryContext): Promise<Finding[]> {
  const { layout } = store;
  const kept = keptFor(store);
  const placed = (await snapshotsWithoutMarker(store)).unknown.map((id) => layout.payload(id).path);
  return [...kept, ...placed].map((path) => {
    const message =
      `Kept, because somebody's work may be in it: "${path}". JVS could not finish what it was for, or another user who may ` +
      "write there put something into it. Look at it, and move it away or delete it.";
    return finding("info", "FOREIGN_FILE", message, { path });
  });
}

function isOfSnapshot(endings: readonly string[]): (name: string) => boolean {
  return (name) => isSnapshotId(name.slice(0, ID_LENGTH)) && endings.includes(name.slice(ID_LENGTH));
}

function foreignIn(folder: ControlPath, isOurs: (name: string) => boolean): Finding[] {
  const { path } = folder;
  const names = folder.names().filter((name) => !isOurs(name) && !isTemporaryName(name)).sort();
  if (names.length === 0) return [];
  const message = `Not of JVS, and harmless: ${
    firstFew(names.map(quoted))
  } in "${path}". JVS neither reads nor removes it. You may leave it or move it away.`;
  return [finding("info", "FOREIGN_FILE", message, { path })];
}
