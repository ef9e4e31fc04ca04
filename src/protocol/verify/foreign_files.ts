import { isSnapshotId, isUuid } from "../../model/ids.ts";
import { quoted } from "../../model/path_text.ts";
import type { Finding } from "../../model/records.ts";
import { isTemporaryName } from "../../platform/temporary_file.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import type { RepositoryContext } from "../context.ts";
import { finding, firstFew } from "./finding.ts";

const ID_LENGTH = 22;

/** Finds files among snapshots, descriptors and intents that are not of JVS, by their names. JVS does not read them. */
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
  const message = `Not of JVS, and harmless: ${
    firstFew(names.map(quoted))
  } in "${path}". JVS neither reads nor removes it.`;
  return [finding("info", "FOREIGN_FILE", message, { path })];
}
