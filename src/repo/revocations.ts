import type { RevokedKey } from "../model/signing.ts";

/** A key of the settings that nobody is to trust. */
export type RevokedBySettings = Pick<RevokedKey, "public_key" | "revoked_at">;

/** The line of a key in the setting `signing.revoked`. */
export function readRevocation(line: string): RevokedBySettings {
  return { public_key: line.slice(0, 64), revoked_at: line.slice(65) };
}

/**
 * Since when each key is revoked in a repository: the earliest time that the user said of all repositories, or there, or that its settings
 * say. Where the user said it only in other repositories, the earliest of these times holds until the user says it there too: nobody
 * knows what was there at that time.
 */
export function revokedIn(
  repoId: string,
  own: readonly RevokedKey[],
  settings: readonly RevokedBySettings[],
): ReadonlyMap<string, string> {
  const isHere = ({ repo_id = null }: RevokedKey) => repo_id === null || repo_id === repoId;
  const here = earliest(own.filter(isHere));
  const elsewhere = earliest(own.filter(({ public_key }) => !here.has(public_key)));
  const said = [...here, ...elsewhere].map(([public_key, revoked_at]) => ({ public_key, revoked_at }));
  return earliest([...said, ...settings]);
}

/** The user's revocations with one more; the same if it says nothing new, because an earlier one stays. */
export function withRevocation(revoked: readonly RevokedKey[], added: RevokedKey): readonly RevokedKey[] {
  const { public_key, repo_id: scope = null, revoked_at } = added;
  const isKnown = revoked.some((each) => {
    const { repo_id = null } = each;
    const holds = each.public_key === public_key && (repo_id === null || repo_id === scope);
    return holds && timeOf(each.revoked_at) <= timeOf(revoked_at);
  });
  return isKnown ? revoked : [...revoked, added];
}

/** The first time at which each key was revoked. */
function earliest(revoked: readonly RevokedBySettings[]): Map<string, string> {
  const first = new Map<string, string>();
  for (const { public_key, revoked_at } of revoked) {
    const known = first.get(public_key);
    if (known === undefined || timeOf(revoked_at) < timeOf(known)) first.set(public_key, revoked_at);
  }
  return first;
}

/** One that is no time, such as the 31st of February, is before all others: nothing was seen by then. */
function timeOf(text: string): number {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? -Infinity : ms;
}
