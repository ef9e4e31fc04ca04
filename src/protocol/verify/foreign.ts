import { isSnapshotId, isUuid } from "../../model/ids.ts";
import { quoted } from "../../model/path_text.ts";
import type { Finding } from "../../model/records.ts";
import { isTemporaryName } from "../../platform/temporary_file.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import type { RepositoryContext } from "../context.ts";
import { finding } from "./finding.ts";

const ID_LENGTH = 22;
const MOST_NAMED = 5;

/** What lies where JVS keeps snapshots, descriptors and intents, and has no name that it gives: it reads none of that. */
export function checkForeign({ store: { layout } }: RepositoryContext): Finding[] {
  return [
    ...foreignIn(layout.snapshots, isOfSnapshot(["", ".READY", ".PRUNED", ".tmp", ".tmp.before"])),
    ...foreignIn(layout.descriptors, isOfSnapshot([".json", ".json.tmp"])),
    ...foreignIn(layout.intents, (name) => name.endsWith(".json") && isUuid(name.slice(0, -".json".length))),
  ];
}

function isOfSnapshot(endings: readonly string[]): (name: string) => boolean {
  return (name) => isSnapshotId(name.slice(0, ID_LENGTH)) && endings.includes(name.slice(ID_LENGTH));
}

function foreignIn(folder: ControlPath, isOurs: (name: string) => boolean): Finding[] {
  const { path } = folder;
  const names = folder.names().filter((name) => !isOurs(name) && !isTemporaryName(name)).sort();
  if (names.length === 0) return [];
  const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : "";
  const named = names.slice(0, MOST_NAMED).map(quoted).join(", ");
  const message = `Not of JVS, and harmless: ${named}${more} in "${path}". JVS neither reads nor removes it.`;
  return [finding("info", "FOREIGN_FILE", message, { path })];
}
