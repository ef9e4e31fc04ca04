import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { OwnTrust, type SeenHead } from "../model/signing.ts";
import { SchemaMismatch } from "../model/schema.ts";
import { isUserFile, readUserFile } from "../platform/user_file.ts";
import { UserFolder } from "../platform/user_folder.ts";
import { recordText } from "./record_file.ts";
import { OWN_TRUST, ownTrustPath } from "./own_trust_path.ts";

const MOST_BYTES = 16 * 1024 * 1024;
/** Others may read what a user trusts. */
const OTHERS_WRITE = 0o022;
const NOTHING: OwnTrust = { keys: [], revoked: [], repositories: [] };

/**
 * What the user trusts: nothing where there is no such file. One that is damaged, or that others may write, is an error: without it
 * less would be asked for.
 */
export function readOwnTrust(userConfig: string | undefined): OwnTrust {
  if (userConfig === undefined) return NOTHING;
  const path = ownTrustPath(userConfig);
  if (!isUserFile(path)) return NOTHING;
  const text = readUserFile(path, MOST_BYTES, OTHERS_WRITE);
  if (text === undefined) return NOTHING;
  try {
    return OwnTrust.check(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SchemaMismatch) && !(error instanceof SyntaxError)) throw error;
    const why = error instanceof SchemaMismatch ? error.message : "it is no whole JSON";
    throw new JvsError("E_DESCRIPTOR_CORRUPT", `Cannot read what you trust in ${quoted(path)}: ${why}`, {
      hint:
        "Bring the file back from a copy. Without it you trust no key, and ask no repository for signatures.",
      details: { path, why },
    });
  }
}

/** Changes what the user trusts; processes wait for each other. */
export async function changeOwnTrust(
  userConfig: string | undefined,
  change: (trust: OwnTrust) => OwnTrust | Promise<OwnTrust>,
): Promise<void> {
  if (userConfig === undefined) {
    throw new JvsError("E_USAGE", "Cannot write down what you trust: there is no folder for your settings", {
      hint: "Set HOME or XDG_CONFIG_HOME.",
    });
  }
  using folder = UserFolder.open(userConfig);
  using _lock = await folder.lock("key");
  const before = readOwnTrust(userConfig);
  const after = await change(before);
  if (after !== before) folder.write(OWN_TRUST, recordText(after));
}

/**
 * Ends of the audit log with one more, the newest. Of the older ones only those stay that say what was there at the time of a
 * revocation: the newest of them before each.
 */
export function withHead(
  heads: readonly SeenHead[],
  newest: SeenHead,
  revocations: readonly string[],
): readonly SeenHead[] {
  // What was seen before says more: only that proves that it was there before a revocation.
  const last = heads.find(({ hash }) => hash === newest.hash) ?? newest;
  const all = [...heads.filter(({ hash }) => hash !== newest.hash), last];
  const needed = new Set([last]);
  for (const time of revocations) {
    const before = all.filter(({ seen_at }) => Date.parse(seen_at) <= Date.parse(time)).at(-1);
    if (before !== undefined) needed.add(before);
  }
  return all.filter((head) => needed.has(head));
}
