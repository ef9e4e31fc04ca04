import type { Finding } from "../../model/records.ts";
import { type LostWorktree, lostWorktrees } from "../worktree/lost_worktrees.ts";
import type { Store } from "../../repo/store.ts";
import { missingRecord } from "../../repo/worktrees.ts";
import type { RepositoryContext } from "../context.ts";
import { finding } from "./finding.ts";
import { checkKeepers } from "./lost_keepers.ts";
import { checkSameIds } from "./same_ids.ts";
import { soundWorktrees } from "./sound_records.ts";

/** Reports each worktree that lost its record, with its folder too, as far as other folders or the audit trail tell of it; records that have one id; and lost refs and pins. */
export async function checkRecords({ store }: RepositoryContext): Promise<Finding[]> {
  const lost = lostWorktrees(store).map((lost) => {
    const { path } = store.layout.worktreeConfig(lost.name);
    return finding("critical", "E_DESCRIPTOR_CORRUPT", messageOf(store, lost, path), { path });
  });
  return [...lost, ...checkSameIds(store), ...await checkKeepers(store)];
}

function messageOf(store: Store, lost: LostWorktree, path: string): string {
  if (lost.isTaken) return takenMessage(store, lost, path);
  return lost.isKnown
    ? `${missingRecord(store.layout, lost.name).message}. ${wayOut(store, lost)}`
    : `The folder "${lost.folder}" stands among the worktrees and has no record, "${path}". A folder of your own does not ` +
      `belong there: move it away. If it was a worktree: ${wayOut(store, lost)}`;
}

/** Its name must be free before it can be made again. What has the name now keeps its record, by another name, if it has no other record. */
function takenMessage(store: Store, { name }: LostWorktree, path: string): string {
  const all = soundWorktrees(store);
  const id = all.find((each) => each.name === name)?.worktree_id;
  const isTwice = all.filter(({ worktree_id }) => worktree_id === id).length > 1;
  const way = isTwice
    ? "do what is said of its id"
    : `give the other one another name, \`jvs worktree rename ${name} OTHER\``;
  return `The record "${path}" is not that of the worktree "${name}" which the audit trail knows, but of another one that had or got ` +
    "this name: it may come from a copy that is too old. Its snapshots are all still here. Bring its own record back from a newer copy " +
    `of the repository. Or ${way}; doctor then says how to make "${name}" again.`;
}

/** The steps of docs/recovery.md, "Make a worktree again". */
function wayOut({ layout }: Store, { folder, isFolderThere, name }: LostWorktree): string {
  const create =
    `make the worktree again in "${layout.root}" with \`jvs worktree create ${name} --from SNAPSHOT\` ` +
    `(\`jvs audit --worktree ${name}\` says where it stood; what it had saved stays, whichever you choose)`;
  if (isFolderThere) {
    return `Its snapshots and its files, in "${folder}", are all still here. Bring the record back from a copy of ` +
      `the repository; or move that folder away, ${create}, and bring into it what was not saved.`;
  }
  return `Its folder "${folder}" is gone too; its snapshots are all still here. Bring the record back from a copy of the ` +
    `repository; or ${create}. If it is not needed any more, remove it then with \`jvs worktree remove ${name}\`.`;
}
