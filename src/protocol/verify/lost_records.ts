import type { Finding } from "../../model/records.ts";
import { firstFolder, hasFirst, lostRecords } from "../../repo/lost_records.ts";
import type { Store } from "../../repo/store.ts";
import { missingRecord } from "../../repo/worktrees.ts";
import type { RepositoryContext } from "../context.ts";
import { finding } from "./finding.ts";

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
