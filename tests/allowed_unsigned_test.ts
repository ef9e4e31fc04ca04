import { assertEquals, assertMatch } from "@std/assert";
import { auditVerify } from "../src/operation/audit_verify.ts";
import { keyTrust } from "../src/operation/key_trust.ts";
import { refCreate } from "../src/operation/ref_create.ts";
import { verify } from "../src/operation/verify.ts";
import { readOwnTrust } from "../src/repo/own_trust.ts";
import { Signed } from "./support/signed_repository.ts";
import { SOUND, verified } from "./support/signed_verdicts.ts";

const ALLOWED = { all: true, allow_unsigned: true } as const;

/** What somebody with all rights does: a record at the end of the log, and `change` in HEAD. */
async function forgeEnd(repository: Signed, snapshot: string, change: object): Promise<void> {
  await repository.call(refCreate, { name: "forged", snapshot }, { as: "mallory" });
  const path = `${repository.path}/.jvs/audit/HEAD`;
  const head = JSON.parse(Deno.readTextFileSync(path));
  Deno.writeTextFileSync(path, JSON.stringify({ ...head, ...change }));
}

async function trailOf(repository: Signed) {
  const { count, signature: { covers, problem, state } } = await repository.call(auditVerify);
  return { count, covers, problem, state };
}

for (
  const [what, change, words, severity] of [
    ["whose signature was removed", { signed: undefined }, /The audit log is not signed/, "critical"],
    ["with a forged end", {}, /newest records .* are not signed/, "error"],
  ] as const
) {
  Deno.test(`verify --allow-unsigned neither hides an audit log ${what} nor signs it`, async () => {
    using repository = await Signed.make();
    await repository.call(keyTrust, { require: true });
    const id = await repository.save("signed");
    await forgeEnd(repository, id, change);
    const before = await trailOf(repository);
    for (const input of [ALLOWED, { snapshot: id, allow_unsigned: true }]) {
      const { findings, severity: found } = await repository.call(verify, input);
      assertEquals([found, findings.map(({ code }) => code)], [severity, ["E_TRUST_POLICY_VIOLATION"]]);
      // The record of the allowance itself is none of what is wrong.
      assertMatch(findings[0]?.message ?? "", words);
      const { count, covers, problem, state } = await trailOf(repository);
      assertEquals([covers, state, problem !== null], [before.covers, before.state, true]);
      assertEquals(count > before.count, true);
    }
    assertEquals((await verified(repository)).codes, ["E_TRUST_POLICY_VIOLATION"]);
  });
}

Deno.test("verify --allow-unsigned signs its record where everything before is signed, or was seen when that was first required", async () => {
  using repository = await Signed.make();
  await repository.call(refCreate, { name: "unsigned", snapshot: await repository.save("first") }, {
    as: "ben",
  });
  await repository.call(keyTrust, { require: true });
  for (let time = 0; time < 2; time++) {
    assertEquals((await repository.call(verify, ALLOWED)).severity, "ok");
    const { count, covers, problem } = await trailOf(repository);
    assertEquals([covers, problem], [count, null]);
  }
  assertEquals(await verified(repository), SOUND);
});

Deno.test("verify --allow-unsigned notes no end of the audit log as what the user expects from now on", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { require: true });
  await repository.save("signed");
  const noted = () => readOwnTrust(repository.configOf("anna")).repositories[0]?.heads.at(-1)?.count;
  const before = noted();
  assertEquals((await repository.call(verify, ALLOWED)).severity, "ok");
  assertEquals(noted(), before);
  await repository.call(verify, { all: true });
  assertEquals(noted(), (await trailOf(repository)).count);
});

Deno.test("verify --allow-unsigned of a user without a key does not blame the audit log for its own record", async () => {
  using repository = await Signed.make();
  await repository.call(keyTrust, { key: repository.publicKey, require: true }, { as: "ben" });
  await repository.save("signed");
  assertEquals((await repository.call(verify, ALLOWED, { as: "ben" })).severity, "ok");
});
