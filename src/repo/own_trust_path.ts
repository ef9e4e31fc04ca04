/** The name of the file with what a user trusts of keys. */
export const OWN_TRUST = "signers.json";

/** The file with what a user trusts, in the user's config folder. */
export function ownTrustPath(userConfig: string): string {
  return `${userConfig}/${OWN_TRUST}`;
}
