import type { Lease } from "../../model/lease.ts";
import { Box, type Laboratory, namesIn } from "../black_box/laboratory.ts";
import { must, mustBe } from "../black_box/promises.ts";
import type { Rule } from "../black_box/rule.ts";

/* Leases: rules 1, 4, 6, 17 and 23. */

/** The rules on leases. */
export const LEASE_RULES: readonly Rule[] = [
  {
    number: 1,
    promise: "lease conflict",
    means: "Two sessions can change one worktree at once, each in the belief that it has it alone.",
    from: "release",
    check: checkConflict,
  },
  {
    number: 4,
    promise: "quiesced snapshot under a lease",
    means: "Snapshots cannot be told apart by who held the worktree when they were made.",
    from: "release",
    check: checkTokens,
  },
  {
    number: 6,
    promise: "`locking: required` refuses in-place restore without a lease, forced or not",
    means: "A worktree that only holders of a lease may change is changed by others.",
    from: "release",
    check: checkRequired,
  },
  {
    number: 17,
    promise: "rename under a foreign lease refused",
    means: "A worktree moves away under the job that works in it.",
    from: "release",
    check: checkRename,
  },
  {
    number: 23,
    promise: "racing takers of an expired lease: one wins",
    means:
      "Two jobs take over the same worktree. The file locks of this file system may not exclude each other.",
    check: checkTakers,
  },
];

export const JOB = ["--session", "job"];

async function checkConflict(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("first");
  await box.json(["worktree", "fork", "other"]);
  const other = box.at("other");
  const { lease } = await box.json<{ lease: Lease }>(["lock", "acquire", ...JOB], other);
  Deno.writeTextFileSync(`${other.cwd}/a.txt`, "by the job\n");
  const before = (await box.history()).length;
  const refused = [
    ["snapshot"],
    ["snapshot", "--session", "another"],
    ["restore", first],
    ["restore", first, "--force"],
    ["restore", first, "--discard"],
    ["restore", first, "--paths", "a.txt"],
    ["worktree", "remove", "other", "--discard"],
    ["worktree", "rename", "other", "mine"],
    ["lock", "acquire"],
    ["lock", "steal", "--force"],
    ["lock", "renew"],
    ["lock", "release"],
  ];
  for (const args of refused) {
    const { details, hint, message } = await box.error("E_LOCK_CONFLICT", args, other);
    must(message.includes(lease.holder_id), `The error must name the holder: ${message}`);
    mustBe(details["lease_expires_at"], lease.lease_expires_at, "The end of the lease in the error");
    must(hint.includes("lock acquire"), `The error must say what to do: ${hint}`);
  }
  mustBe((await box.history()).length, before, "Snapshots after what was refused");
  mustBe(Deno.readTextFileSync(`${other.cwd}/a.txt`), "by the job\n", "The worktree after what was refused");
  // Reading is free, and so are other worktrees and what begins from this one.
  for (const args of [["status"], ["diff"], ["restore", first, "--preview"], ["lock", "status"]]) {
    await box.json(args, other);
  }
  await box.json(["worktree", "fork", first, "third"], other);
  await box.save("in main");
  await box.save("by the job", { ...other, env: { JVS_SESSION: "job" } });
  await box.json(["restore", first, ...JOB], other);
  await box.json(["lock", "release", ...JOB], other);
  await box.save("by all", other, "--branch");
  await box.audit();
}

async function checkTokens(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  for (const token of [1, 2]) {
    await box.json(["lock", "acquire", ...JOB]);
    box.write("a.txt", `${token}\n`);
    const { consistency_level, fencing_token } = await box.save("by the job", {}, ...JOB);
    mustBe(
      [consistency_level, fencing_token],
      ["quiesced", token],
      "Consistency and fencing token of a snapshot",
    );
    const record = box.records().at(-1);
    mustBe(
      [record?.operation, record?.fencing_token, record?.session_id],
      ["snapshot", token, "job"],
      "Its audit record",
    );
    await box.json(["lock", "release", ...JOB]);
  }
  // The autosave that a restore makes is made by the lease too.
  await box.json(["lock", "acquire", ...JOB]);
  box.write("a.txt", "unsaved\n");
  const { autosave_snapshot_id: id } = await box.json(["restore", "HEAD", ...JOB]);
  const saved = (await box.history()).find(({ snapshot_id }) => snapshot_id === id);
  mustBe([saved?.kind, saved?.fencing_token], ["autosave", 3], "The autosave under a lease");
  await box.json(["lock", "release", ...JOB]);
  mustBe((await box.save("by all")).fencing_token, null, "The fencing token of a snapshot without a lease");
  await box.audit();
}

async function checkRequired(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("first");
  await box.json(["worktree", "fork", "other"]);
  await box.json(["config", "set", "locking", "required"]);
  box.write("a.txt", "two\n");
  const refused = [
    ["snapshot"],
    ["snapshot", ...JOB],
    ["restore", first],
    ["restore", first, "--force"],
    ["restore", first, "--discard"],
    ["restore", first, "--inplace", "--paths", "a.txt"],
    ["worktree", "remove", "other"],
    ["worktree", "remove", "other", "--force"],
    ["worktree", "remove", "other", "--discard"],
    ["worktree", "rename", "other", "mine"],
  ];
  const records = box.records().length;
  for (const args of refused) {
    const { hint } = await box.error("E_LOCK_NOT_HELD", args);
    must(hint.includes("jvs lock acquire"), `The error must say what to do: ${hint}`);
  }
  mustBe([box.read("a.txt"), box.records().length], ["two\n", records], "The file, and the audit records");
  // What changes no worktree needs none.
  await box.json(["restore", first, "--name", "beside"]);
  await box.json(["worktree", "fork", first, "third"]);
  await box.json(["ref", "create", "good", first]);
  await box.json(["restore", first, "--preview"]);

  const env = { JVS_SESSION: "job" };
  await box.json(["lock", "acquire"], { env });
  await box.error("E_LOCK_CONFLICT", ["restore", first, "--force"]);
  await box.json(["snapshot"], { env });
  await box.json(["restore", first], { env });
  mustBe(box.read("a.txt"), "one\n", "The file after the restore of the holder");
  await box.error("E_LOCK_NOT_HELD", ["worktree", "remove", "other"], { env }); // it is of another worktree
  await box.json(["lock", "release"], { env });
  await box.error("E_LOCK_NOT_HELD", ["restore", "HEAD"], { env });
  await box.json(["config", "set", "locking", "optional"]);
  await box.json(["restore", "HEAD"]);
  await box.audit();
}

async function checkRename(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a.txt", "one\n");
  await box.save("first");
  await box.json(["worktree", "fork", "try"]);
  await box.json(["lock", "acquire", "--worktree", "try", ...JOB]);
  for (const session of [[], ["--session", "another"]]) {
    await box.error("E_LOCK_CONFLICT", ["worktree", "rename", "try", "mine", ...session]);
  }
  mustBe(namesIn(`${box.path}/worktrees`), ["try"], "The worktrees after what was refused");
  await box.json(["worktree", "rename", "try", "winner", ...JOB]);
  mustBe(namesIn(`${box.path}/worktrees`), ["winner"], "The worktrees after the holder renamed one");
  await box.error("E_LOCK_CONFLICT", ["worktree", "rename", "winner", "mine"]);
  const status = await box.json(["lock", "status", "--worktree", "winner", ...JOB]);
  const lease = [status["state"], status["is_mine"], status["fencing_token"]];
  mustBe(lease, ["held", true, 1], "The lease after the rename");
  await box.json(["lock", "release", "--worktree", "winner", ...JOB]);
  await box.json(["worktree", "rename", "winner", "mine"]);
  await box.audit();
}

async function checkTakers(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  await box.json(["lock", "acquire", "--session", "nobody"]);
  const [rounds, takers] = laboratory.isThorough ? [10, 20] : [2, 8];
  for (let round = 1; round <= rounds; round++) {
    expire(box);
    const ends = await Promise.all(Array.from({ length: takers }, (_, i) => {
      const word = i % 2 === 0 ? "acquire" : "steal";
      return box.run(["lock", word, "--json", "--session", `${round}-${i}`]);
    }));
    const won = ends.filter(({ code }) => code === 0);
    mustBe(won.length, 1, `Winners among ${takers} that took it at once, in round ${round}`);
    for (const { code, json, story } of ends) {
      const isRefused = json["error"] === "E_LOCK_CONFLICT" || json["error"] === "E_BUSY";
      must(code === 0 || isRefused, `Who loses must be refused: ${story}`);
    }
    const lease = leaseOf(box);
    mustBe(won[0]?.json["lease"], lease, "The lease of the winner");
    mustBe(lease.fencing_token, round + 1, "The fencing token");
    await box.save("by the winner", {}, "--session", lease.session_id);
    await box.error("E_LOCK_CONFLICT", ["snapshot"]);
  }
  const taken = box.records().filter(({ operation }) => operation.startsWith("lock "));
  const tokens = Array.from({ length: rounds + 1 }, (_, i) => i + 1);
  mustBe(taken.map(({ fencing_token }) => fencing_token), tokens, "The tokens in the audit log");
  await box.audit();
}

/** The file of main's lease. */
function leaseFile({ control }: Box): string {
  const { worktree_id } = JSON.parse(Deno.readTextFileSync(`${control}/worktrees/main/config.json`));
  return `${control}/runtime/shared/leases/${worktree_id}.json`;
}

export function leaseOf(box: Box): Lease {
  return JSON.parse(Deno.readTextFileSync(leaseFile(box)));
}

/** Writes main's lease as if it had been acquired an hour ago. */
export function expire(box: Box): void {
  const lease = leaseOf(box);
  const then = Date.now() - 3_600_000;
  const time = (ms: number) => new Date(ms).toISOString();
  const [created_at, lease_expires_at] = [time(then), time(then + lease.lease_duration_ms)];
  const past = { ...lease, created_at, last_renewed_at: created_at, lease_expires_at };
  Deno.writeTextFileSync(leaseFile(box), JSON.stringify(past));
}
