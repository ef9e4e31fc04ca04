import { boolean, integer, list, nullable, record, text } from "../model/schema.ts";
import { archivesOf } from "../repo/audit_files.ts";
import { EXPECTED_HEAD, trailHolds } from "../protocol/verify/expected_head.ts";
import { SIGNED } from "../model/signing.ts";
import { judgeTrail } from "../protocol/signing/check_trail.ts";
import { SignatureJudge } from "../protocol/signing/judge.ts";
import { noteHead } from "../protocol/signing/own_word.ts";
import { defineOperation } from "./define.ts";

/** Proves the audit trail. */
export const auditVerify = defineOperation({
  name: "audit verify",
  summary: "Prove that the audit trail is one unbroken chain",
  about:
    "Note `head` somewhere else, such as in a ticket or another repository: with --expect-head you see later whether the whole trail " +
    "was exchanged for an earlier one, which no chain can show by itself.",
  examples: [
    ["jvs audit verify", "the count of records, and the hash of the newest"],
    ["jvs audit verify --expect-head 5f0c…", "also that the record with this hash is still in it"],
  ],
  changes: "nothing",
  input: record({ expect_head: EXPECTED_HEAD }, { closed: true }),
  output: record({
    whole: boolean().about(
      "Every record follows the one before it, up to the end that HEAD names; and --expect-head is among them.",
    ),
    count: integer({ min: 0 }).about(
      "How many records there are; of a broken chain, how many before the break.",
    ),
    head: text().about("The hash of the newest of them: it stands for all."),
    pending: boolean().about("The newest is announced and not written yet; the next change does that."),
    files: list(text()).about("The files of the trail, the oldest first."),
    broken: nullable(record({
      file: text().about("The file."),
      line: nullable(integer()).about("The line, counted from 1; null if it is in no line."),
      why: text().about("What is wrong."),
    })).about("Where the chain breaks; null if it does not."),
    expected_found: nullable(boolean()).about(
      "Whether a record has the hash of --expect-head; null without it.",
    ),
    signature: record({
      ...SIGNED,
      covers: integer({ min: 0 }).about(
        "Up to which record it is signed: all before are too; 0 without a signature.",
      ),
    }).about("The newest signature of the trail."),
  }),
  failed: ({ signature, whole }) => !whole || signature.problem !== null,
  async run(context, { expect_head }) {
    const { store } = context;
    const { found, state } = await trailHolds(store, expect_head);
    const judge = await SignatureJudge.open(store);
    const signature = await judgeTrail(judge);
    const { broken, count, last_hash, pending } = state;
    if (broken === undefined && found !== false && signature.problem === null) await noteHead(context, judge);
    return {
      signature,
      whole: broken === undefined && found !== false,
      count,
      head: last_hash,
      pending,
      files: [...archivesOf(store.layout), store.layout.auditLog].map(({ path }) => path),
      broken: broken ?? null,
      expected_found: found,
    };
  },
});
