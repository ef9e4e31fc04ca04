import { bytesOf, textOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { quoted } from "../../model/path_text.ts";
import type { Descriptor } from "../../model/records.ts";
import { type Folder, readWhole } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { type IgnoreRules, parseIgnoreRules } from "../../tree/ignore.ts";

const IGNORE_FILE = bytesOf(".jvsignore");

/** People write rules, and each snapshot has their text in its descriptor. */
const MOST_BYTES = 1024 * 1024;

/** The text of the ignore rules at this payload root, if there are any; `E_USAGE` for a file that is too large. */
export function readRules(root: Folder): string | null {
  // It may be missing, or be a folder, link or socket: no rules.
  return unlessFailed(["ENOENT", "EINVAL", "EISDIR", "ELOOP", "ENXIO"], () => {
    using file = root.openFile(IGNORE_FILE, "read");
    const stat = Stat.ofFile(file);
    if (stat.size > MOST_BYTES) throw tooLarge(file.path, stat.size);
    return textOf(readWhole(file, stat));
  }) ?? null;
}

/** The rules in the text of `readRules`. */
export function parsedRules(text: string | null): IgnoreRules | null {
  return text === null ? null : parseIgnoreRules(text);
}

/** The rules that a snapshot was made with. */
export function rulesOfSnapshot({ ignore_rules, snapshot_id }: Descriptor): IgnoreRules | null {
  if (ignore_rules === null) return null;
  const wayOut = `Bring the snapshot out beside the others: \`jvs restore ${
    shortId(snapshot_id)
  } --name NAME\`.`;
  return parseIgnoreRules(ignore_rules, { name: `of snapshot ${shortId(snapshot_id)}`, wayOut });
}

function tooLarge(path: string, size: number): JvsError {
  return new JvsError("E_USAGE", `Cannot read the ignore rules ${quoted(path)}: the file has ${size} bytes`, {
    hint: "Ignore whole folders instead of each file in them: at most 1 MB of rules is read.",
    details: { path, size },
  });
}
