import type { Renderer } from "./style.ts";
import { oneLine, table } from "./style.ts";
import { moment, titled } from "./words.ts";

/** A new key, and how to use it. */
export const renderKeyCreated: Renderer<"key create"> = ({ name, path, public_key }, { style }) =>
  titled(`Created key ${style.paint("strong", name)}`, [
    ["public key", public_key],
    ["kept in", oneLine(path)],
  ], style) + `Sign with it in a repository: \`jvs config set signing.key ${name}\`.\n`;

/** A public key, to copy. */
export const renderKeyExported: Renderer<"key export"> = ({ name, public_key }) => `${public_key} ${name}\n`;

/** Keys of the user's own, and those that are trusted. */
export const renderKeys: Renderer<"key list"> = (result, { style }) => {
  const { own, repo_id, required, required_by_you, trusted } = result;
  const ownRows = own.map(({ name, problem, public_key }) => [
    style.paint("strong", name),
    public_key ?? style.paint("bad", oneLine(problem ?? "")),
  ]);
  const trustedRows = trusted.map(({ by, name, public_key, revoked_at }) => [
    style.paint("strong", oneLine(name)),
    public_key,
    by === "you" ? "you" : "the repository's settings",
    revoked_at === null ? "" : style.paint("bad", `until ${moment(revoked_at)}`),
  ]);
  const where = repo_id === null ? "in every repository" : "here";
  const parts = [
    own.length === 0
      ? "You have no key: `jvs key create NAME` makes one.\n"
      : table(["your keys", "public key"], ownRows, style),
    trusted.length === 0
      ? `No key is trusted ${where}.\n`
      : table([`trusted ${where}`, "public key", "by", "revoked"], trustedRows, style),
  ];
  if (required) {
    const by = required_by_you ? "You require" : "The repository's settings require";
    parts.push(`${by} that every new snapshot is signed by one of these.\n`);
  }
  return parts.join("\n");
};

/** A key that is trusted, and what was noted. */
export const renderKeyTrusted: Renderer<"key trust"> = ({ head, name, public_key, required }, { style }) =>
  titled(
    name === null ? "Noted what you expect of this repository" : `Trusted key ${style.paint("strong", name)}`,
    [
      ["public key", public_key ?? ""],
      ["required", required ? "every new snapshot must be signed by a key that you trust" : ""],
      ["audit log", `${head.count} records, the newest with the hash ${head.hash}`],
    ],
    style,
  );

/** A key that is not trusted any more. */
export const renderKeyRevoked: Renderer<"key revoke"> = ({ public_key, revoked_at }, { style }) =>
  titled(`Revoked key ${style.paint("name", public_key.slice(0, 16))}`, [
    ["public key", public_key],
    ["since", moment(revoked_at)],
  ], style);
