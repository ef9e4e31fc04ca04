import { JvsError } from "../../model/errors.ts";
import { checkName, isAccepted } from "../../model/names.ts";
import { quoted } from "../../model/path_text.ts";
import type { OwnTrust } from "../../model/signing.ts";
import { isUserFile } from "../../platform/user_file.ts";
import { keyFolder, ownKey } from "../../repo/signing_key.ts";

/** A key that a word means, and what it is called. */
export interface NamedKey {
  readonly publicKey: string;
  readonly name: string | undefined;
}

/** Where a word can be the name of a key. */
interface KnownKeys {
  readonly userConfig: string | undefined;
  readonly trust: OwnTrust;
  /** The team's keys, as the settings have them. Their names say nothing here: whoever writes the settings chooses them. */
  readonly keyring: readonly string[];
}

/**
 * The key that a word means: 64 hex digits, or the user's own name of a key, which is one of the user's or trusted. A name that only the
 * repository's settings have is refused with what they call so: to trust or to revoke the wrong key cannot be taken back.
 */
export async function whichKey(word: string, { keyring, trust, userConfig }: KnownKeys): Promise<NamedKey> {
  const trusted = trust.keys.map(({ name, public_key: publicKey }) => ({ publicKey, name }));
  if (/^[0-9a-f]{64}$/.test(word)) {
    return trusted.find(({ publicKey }) => publicKey === word) ?? { publicKey: word, name: undefined };
  }
  const own = await ownKeyNamed(word, userConfig);
  const all = [...own === undefined ? [] : [own], ...trusted].filter(({ name }) => name === word);
  const named = new Map(all.map((key) => [key.publicKey, key]));
  if (named.size > 1) {
    throw new JvsError(
      "E_AMBIGUOUS",
      `Cannot tell which key ${quoted(word)} is: ${named.size} have that name`,
      {
        hint: "Give its 64 hex digits: `jvs key list` shows them.",
        details: { name: word, public_keys: [...named.keys()] },
      },
    );
  }
  for (const key of named.values()) return key;
  throw unknownKey(word, keyring);
}

function unknownKey(word: string, keyring: readonly string[]): JvsError {
  const team = keyring.filter((each) => each.slice(65) === word).map((each) => each.slice(0, 64));
  if (team.length === 0) {
    return new JvsError("E_NOT_FOUND", `Cannot find the key ${quoted(word)}: no key has that name`, {
      hint:
        "Give the 64 hex digits that `jvs key export` prints for its owner. `jvs key list` shows what you have.",
      details: { key: word },
    });
  }
  const state = "only the repository's settings call one so, and who writes there chooses the names";
  return new JvsError("E_NOT_FOUND", `Cannot take ${quoted(word)} for a key: ${state}`, {
    hint:
      `They mean ${
        team.join(", ")
      }. Compare that with its owner, by another way than the repository, and give the digits ` +
      "instead of the name.",
    details: { key: word, public_keys: team },
  });
}

async function ownKeyNamed(name: string, userConfig: string | undefined): Promise<NamedKey | undefined> {
  if (userConfig === undefined || !isAccepted(name, (each) => checkName(each, "key"))) return undefined;
  if (!isUserFile(`${keyFolder(userConfig)}/${name}.key`)) return undefined;
  return { publicKey: (await ownKey(userConfig, name)).publicKey, name };
}
