import { JvsError } from "../model/errors.ts";
import { parseWhen } from "../model/duration.ts";
import { publicKey, time } from "../model/records.ts";
import { boolean, record, text } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { noteTrust } from "../protocol/signing/own_word.ts";
import { changeTeamKeys, teamRevocation } from "../protocol/signing/team_keys.ts";
import { whichKey } from "../protocol/signing/which_key.ts";
import { readOwnTrust } from "../repo/own_trust.ts";
import { readRevocation, revokedIn, withRevocation } from "../repo/revocations.ts";
import { defineOperation } from "./define.ts";

/** Ends the trust in a key. */
export const keyRevoke = defineOperation({
  name: "key revoke",
  summary: "Trust a key no more, from a time on",
  about:
    "What the key signed stays valid only where something else that you trust saw it in the audit log before that time: you yourself, now " +
    "or earlier, or a signature of another key. What the key says of the time itself proves nothing, because a thief can choose it. So run " +
    "it in each repository that the key signed, and give --since if the key was stolen earlier. Without --since each repository has the time " +
    "at which you say it there, and until then the first one. Of several times the earliest holds. It cannot be taken back.",
  examples: [
    [
      "jvs key revoke anna --reason 'laptop stolen' --since 2026-05-01",
      "what was seen before May stays valid",
    ],
    ["jvs key revoke anna --team", "for all who use this repository"],
  ],
  changes: "repository",
  kinds: [teamRevocation],
  input: record({
    key: text().about(
      "The key: its 64 hex digits, or your own name of it: one of your keys, or one that you trust.",
    )
      .cli({ positional: true, placeholder: "KEY" }),
    since: text().optional().about(
      "Since when another than its owner may have it: a date, a time, or `7d` ago; by default now.",
    )
      .cli({ placeholder: "WHEN" }),
    team: boolean().default(false).about("Also write it into the repository's settings, for all users."),
  }, { closed: true }),
  output: record({
    public_key: publicKey().about("The key."),
    revoked_at: time().about(
      "Since when it is not trusted here: the earliest time that you or the settings say.",
    ),
  }),
  async run(context, { key: word, since, team }) {
    const { reason, store, userConfig } = context;
    const now = nowMs();
    const at = since === undefined ? now : parseWhen(since, now);
    if (at > now) {
      throw new JvsError("E_USAGE", `Cannot revoke a key since "${since}": that is still to come`, {
        hint: "Give a time that is over, or leave --since out.",
      });
    }
    const known = {
      keyring: store.config.get("signing.keyring"),
      trust: readOwnTrust(userConfig),
      userConfig,
    };
    const { publicKey } = await whichKey(word, known);
    const inSettings = store.config.get("signing.revoked").map(readRevocation);
    let revoked_at: string | undefined;
    await noteTrust(context, (trust, { repo_id, seen_at }) => {
      // What is seen now counts, if nobody else had the key before now: that says nothing of other repositories.
      const said = since === undefined
        ? { revoked_at: seen_at, repo_id }
        : { revoked_at: new Date(at).toISOString(), repo_id: null };
      const revoked = withRevocation(trust.revoked, {
        public_key: publicKey,
        reason: reason ?? null,
        ...said,
      });
      revoked_at = revokedIn(repo_id, revoked, inSettings).get(publicKey);
      return revoked === trust.revoked ? trust : { ...trust, revoked };
    }, { ifExchanged: "leave" });
    if (revoked_at === undefined) {
      throw new JvsError("E_INTERNAL", "Cannot note since when the key is revoked");
    }
    const kind = teamRevocation;
    if (team) {
      await changeTeamKeys(context, { kind, setting: "signing.revoked", publicKey, word: revoked_at });
    }
    return { public_key: publicKey, revoked_at };
  },
});
