import { publicKey } from "../model/records.ts";
import { record, text } from "../model/schema.ts";
import { nowIso } from "../platform/clock.ts";
import { changeOwnTrust } from "../repo/own_trust.ts";
import { requireFolderOutside } from "../repo/key_place.ts";
import { createKey, keyFolder } from "../repo/signing_key.ts";
import { defineFreeOperation } from "./define.ts";

/** Makes a key to sign with. */
export const keyCreate = defineFreeOperation({
  name: "key create",
  summary: "Make a key to sign snapshots with",
  about:
    "The private key is a file in your own config folder that only you may read. It is in no repository: keep a copy of it, because " +
    "a key that is lost cannot sign again. You trust your own key in every repository.",
  examples: [["jvs key create anna", "then `jvs config set signing.key anna` in a repository"]],
  changes: "outside",
  input: record({
    name: text().about("The key's name.").cli({ positional: true, placeholder: "NAME" }),
  }, { closed: true }),
  output: record({
    name: text().about("The key's name."),
    public_key: publicKey().about("What others need to trust it."),
    path: text().about("The file of the private key."),
  }),
  async run({ userConfig }, { name }) {
    requireFolderOutside(keyFolder(userConfig));
    const { publicKey: public_key } = await createKey(userConfig, name);
    await changeOwnTrust(userConfig, (trust) => {
      const key = { public_key, name, repo_id: null, trusted_at: nowIso() };
      return { ...trust, keys: [...trust.keys, key] };
    });
    return { name, public_key, path: `${keyFolder(userConfig)}/${name}.key` };
  },
});
