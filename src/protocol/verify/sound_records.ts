import { isJvsError } from "../../model/errors.ts";
import type { Finding, WorktreeConfig } from "../../model/records.ts";
import { isUnreadableRecord } from "../../repo/control_errors.ts";
import { isAt } from "../../repo/discover.ts";
import { adoptedFolder, wasRenamed } from "../../repo/payload_place.ts";
import type { Store } from "../../repo/store.ts";
import { finding, problemFound } from "./finding.ts";
import { FROM_COPY, RECORD_AGAIN } from "./ways_out.ts";

/** The worktrees whose records can be used; each of the others becomes a finding. */
export function soundWorktrees(store: Store, findings: Finding[] = []): WorktreeConfig[] {
  const { layout, worktrees } = store;
  return sound(
    worktrees.names(),
    (name) => {
      const worktree = worktrees.find(name);
      if (worktree === undefined) return undefined;
      if (wasRenamed(layout, worktree)) {
        findings.push(renamedFinding(store, worktree));
        return undefined;
      }
      worktrees.root(worktree); // throws for a path that it must not have
      return worktree;
    },
    findings,
    () => RECORD_AGAIN,
  );
}

/** An adopted folder that was renamed is lost as long as its record has the old name; whoever knows the folder can say that it is the one. */
function renamedFinding({ layout }: Store, { name, path }: WorktreeConfig): Finding {
  const [old, place] = [path.slice("../".length), adoptedFolder(layout)];
  const relocate = "`jvs adopt --relocate`";
  const state =
    `The folder of worktree "${name}" is called "${old}" in its record, and "${layout.root}" is the ` +
    `history of a folder "${place}". All its snapshots are still here.`;
  const way = isAt(place)
    ? `If that is the folder, moved or renamed with its .jvs folder, say so in it with ${relocate}.`
    : `Move the folder to "${place}", and in it run ${relocate}. If it is lost, make an empty folder of that name, and in ` +
      `it run ${relocate} and \`jvs restore LATEST\`.`;
  return finding("error", "WORKTREE_MISSING", `${state} ${way}`, { path: place });
}

/** The records that can be read; each of the others becomes a finding, with this way out. */
export function sound<T>(
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
