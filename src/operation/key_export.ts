import { JvsError } from "../model/errors.ts";
import { publicKey } from "../model/records.ts";
import { record, text } from "../model/schema.ts";
import { readOwnTrust } from "../repo/own_trust.ts";
import { GIVEN_KEY, givenKey } from "../repo/signing_key.ts";
import { whichKey } from "../protocol/signing/which_key.ts";
import { defineFreeOperation } from "./define.ts";

/** Prints a public key. */
export const keyExport = defineFreeOperation({
  name: "key export",
  summary: "Print the public key that others need to trust yours",
  about: "It is no secret. The private key is never printed: its file is in `keys` of your config folder.",
  examples: [
    ["jvs key export anna", "others say `jvs key trust` and what it prints"],
    ["JVS_SIGNING_KEY=ci.key jvs key export", "the same of a key that is in no config folder"],
  ],
  changes: "nothing",
  input: record({
    name: text().optional().about("The key; by default the one that JVS_SIGNING_KEY gives.").cli({
      positional: true,
      placeholder: "NAME",
    }),
  }, { closed: true }),
  output: record({
    public_key: publicKey().about("The public key."),
    name: text().about("What you call it."),
  }),
  async run({ signingKey, userConfig }, { name: word }) {
    if (word === undefined && signingKey !== undefined) {
      return { public_key: (await givenKey(signingKey)).publicKey, name: GIVEN_KEY };
    }
    if (word === undefined) {
      throw new JvsError("E_USAGE", "Cannot export a key: none is named, and JVS_SIGNING_KEY is not set", {
        hint: "Name it: `jvs key export NAME`. `jvs key list` shows your keys.",
      });
    }
    const trust = readOwnTrust(userConfig);
    const { name, publicKey: public_key } = await whichKey(word, { keyring: [], trust, userConfig });
    return { public_key, name: name ?? word };
  },
});
