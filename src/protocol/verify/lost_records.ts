import { unlessThrown } from "../../model/errors.ts";
import type { Finding } from "../../model/records.ts";
import { isTemporaryName } from "../../platform/temporary_file.ts";
import { isUnreadableRecord } from "../../repo/control_errors.ts";
import { isAt } from "../../repo/discover.ts";
import type { Store } from "../../repo/store.ts";
import { missingRecord } from "../../repo/worktrees.ts";
import type { RepositoryContext } from "../context.ts";
import { finding } from "./finding.ts";

/** Worktrees without a record, unless an open intent is making or removing them. */
export interface LostRecords {
  /** They still have their files. */
  readonly lost: readonly string[];
  /** They have a folder for the record with at most a temporary file in it, as a kill may leave it. */
  readonly empty: readonly string[];
}

/** Finds worktrees without a record. */
export function lostRecords(store: Store): LostRecords {
  const { layout } = store;
  const names = withoutRecord(store);
  const busy = new Set<string | undefined>(
    store.intents.list().flatMap(({ target, claims }) => [target, claims.worktree_name]),
  );
  // A change that was under way at the first look has an open intent, or is done by the second look.
  const still = new Set(withoutRecord(store));
  const settled = names.filter((name) => !busy.has(name) && still.has(name));
  const hasFiles = (name: string) => name === "main" || isAt(`${layout.payloads}/${name}`);
  return {
    lost: settled.filter(hasFiles),
    empty: settled.filter((name) => !hasFiles(name) && layout.worktree(name).names().every(isTemporaryName)),
  };
}

/** Reports each worktree that lost its record; the first worktree even if its folder for the record is gone too. */
export function checkRecords({ store }: RepositoryContext): Finding[] {
  const { layout } = store;
  const { lost } = lostRecords(store);
  const findings = lost.map((name) => {
    const path = name === "main" ? firstFolder(store) ?? `${layout.root}/main` : `${layout.payloads}/${name}`;
    return lostFinding(store, name, path);
  });
  const first = firstFolder(store);
  const isTold = lost.includes("main") || first === undefined || hasFirst(store);
  return isTold ? findings : [...findings, lostFinding(store, "main", first)];
}

function lostFinding({ layout }: Store, name: string, folder: string): Finding {
  const { path } = layout.worktreeConfig(name);
  const { message } = missingRecord(layout, name);
  const ways =
    `Its snapshots and its files, in "${folder}", are all still here. Bring the record back from a copy of ` +
    `the repository; or move that folder away, make the worktree again in "${layout.root}" with ` +
    `\`jvs worktree create ${name} --from SNAPSHOT\`, and bring into it what was not saved.`;
  return finding("critical", "E_DESCRIPTOR_CORRUPT", `${message}. ${ways}`, { path });
}

/** The folder of the first worktree, which may have any name. It is never moved or removed. */
function firstFolder({ layout }: Store): string | undefined {
  const { root } = layout;
  const adopted = root.endsWith(".jvs") && !root.endsWith("/.jvs") ? [root.slice(0, -".jvs".length)] : [];
  return [...adopted, `${root}/main`].find(isAt);
}

/** Whether the first worktree has a record. A damaged record may be it, and is reported elsewhere. */
function hasFirst({ worktrees }: Store): boolean {
  const isFirst = (name: string) => {
    const path = worktrees.find(name)?.path;
    return path === "main" || path?.startsWith("../") === true;
  };
  return worktrees.names().some((name) => unlessThrown(isUnreadableRecord, () => isFirst(name)) ?? true);
}

function withoutRecord({ layout, worktrees }: Store): string[] {
  return worktrees.names().filter((name) => !layout.worktreeConfig(name).isThere());
}
