import { assert, assertEquals } from "@std/assert";
import { auditVerify } from "../../src/operation/audit_verify.ts";
import { doctor } from "../../src/operation/doctor.ts";
import { history } from "../../src/operation/history.ts";
import { lockAcquire } from "../../src/operation/lock_acquire.ts";
import { lockRelease } from "../../src/operation/lock_release.ts";
import { lockStatus } from "../../src/operation/lock_status.ts";
import { refCreate } from "../../src/operation/ref_create.ts";
import { refList } from "../../src/operation/ref_list.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { BlackBox } from "../support/black_box.ts";
import { callIn, repositoryIn } from "../support/context.ts";
import { namesIn } from "../support/files.ts";
import { killedAt, killPoints, sampled } from "../support/killed_by_strace.ts";
import { leaseOn, pastLease } from "../support/leases.ts";
import { randomFrom } from "../support/random.ts";
import { requires } from "../support/requires.ts";
import { tried } from "../support/tried.ts";
import { badlyTold, placesOf, runFaulty, sampleFaults, seeded } from "./faulty_calls.ts";

/*
 * The rotation of the audit log and leases under failing calls and kills by the kernel. Seen to fail where `finishIf` (src/protocol/change/
 * commit.ts) never finishes, and where `takeLease` (src/protocol/lease/take.ts) writes the lease before the token.
 */

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const points = Number(Deno.env.get("JVS_TEST_FAULTS") ?? 8);

/** A command that is interrupted again and again, and what must hold around it. */
interface Subject {
  readonly name: string;
  /** What makes the command possible. */
  prepare(box: BlackBox): Promise<unknown>;
  /** The command; another one each time. */
  args(round: number): string[];
  /** Looks at what came of it, by the next change. */
  look(box: BlackBox, what: string, round: number): Promise<void>;
}

async function recordsOf(box: BlackBox, operation: string): Promise<{ target: string; details: unknown }[]> {
  const { store } = await repositoryIn(box.main);
  const found = [];
  for await (const record of store.audit.read()) if (record.operation === operation) found.push(record);
  return found;
}

/** Each change rotates the log. A name was made if and only if a record says so, and the trail is whole over all its files. */
const ROTATION: Subject = {
  name: "ref create that rotates the audit log",
  prepare: () => Promise.resolve(),
  args: (round) => ["ref", "create", `name-${round}`],
  async look(box, what, round) {
    await callIn(box.main, refCreate, { name: `after-${round}` });
    const { refs } = await callIn(box.main, refList);
    const told = (await recordsOf(box, "ref create")).map(({ target }) => target);
    assertEquals(
      told.toSorted(),
      refs.map(({ ref_name }) => ref_name).sort(),
      `${what}: names, and records of them`,
    );
    await callIn(box.main, auditVerify);
    const files = namesIn(`${box.control}/audit`).filter((name) => name.endsWith(".jsonl"));
    assert(files.length > round + 2, `${what}: each change begins a file, and there are ${files.length}`);
  },
};

/** A lease is held or not; each has one record, and a token of its own. */
async function lookAtLease(box: BlackBox, what: string): Promise<void> {
  const before = await callIn(box.main, lockStatus, {}, { session: "one" });
  const { lease } = await callIn(box.main, lockAcquire, {}, { session: "one" });
  if (before.is_mine && before.state === "held") {
    assertEquals(lease?.lock_id, before.lease?.lock_id, `${what}: what is held is renewed`);
  }
  await callIn(box.main, lockRelease, {}, { session: "one" });
  const tokens = [...await recordsOf(box, "lock acquire"), ...await recordsOf(box, "lock steal")]
    .map(({ details }) => JSON.parse(JSON.stringify(details)).fencing_token);
  assertEquals(
    new Set(tokens).size,
    tokens.length,
    `${what}: each lease has a token of its own, and one record`,
  );
  assert(tokens.includes(lease?.fencing_token), `${what}: the lease has a record`);
  assertEquals(Math.max(...tokens), lease?.fencing_token, `${what}: tokens rise`);
  const released = await recordsOf(box, "lock release");
  assert(released.length <= tokens.length, `${what}: ${released.length} releases of ${tokens.length} leases`);
}

const AS_ONE = ["--session", "one"];

async function acquired(box: BlackBox, session: string, lease_ms?: number): Promise<void> {
  await callIn(box.main, lockAcquire, lease_ms === undefined ? {} : { lease_ms }, { session });
}

/** A snapshot by a lease of which less than half is left, so that it must be renewed before anything is published. */
const RENEWING: Subject = {
  name: "snapshot by a lease that must be renewed",
  async prepare(box) {
    await acquired(box, "one", 600_000);
    pastLease(box, 400_000);
    box.write("a", crypto.randomUUID());
  },
  args: (round) => ["snapshot", `round ${round}`, ...AS_ONE],
  async look(box, what) {
    await callIn(box.main, snapshot, {}, { session: "one" });
    const { snapshots } = await callIn(box.main, history, { all: true, limit: 1000 });
    const told = (await recordsOf(box, "snapshot")).map(({ target }) => target);
    assertEquals(
      told.toSorted(),
      snapshots.map(({ snapshot_id }) => snapshot_id).sort(),
      `${what}: snapshots, and records of them`,
    );
    const [first = Infinity, ...later] = snapshots.map(({ fencing_token }) => fencing_token).slice(0, -1);
    assertEquals(later.filter((token) => token !== first), [], `${what}: all are made by one lease`);
    assertEquals(leaseOn(box).fencing_token, first, what);
  },
};

const LEASES: Subject[] = [
  {
    name: "lock acquire",
    prepare: () => Promise.resolve(),
    args: () => ["lock", "acquire", ...AS_ONE],
    look: lookAtLease,
  },
  {
    name: "lock steal",
    async prepare(box) {
      await acquired(box, "another");
      pastLease(box);
    },
    args: () => ["lock", "steal", ...AS_ONE],
    look: lookAtLease,
  },
  {
    name: "lock renew",
    prepare: (box) => acquired(box, "one"),
    args: () => ["lock", "renew", ...AS_ONE],
    async look(box, what) {
      assertEquals(leaseOn(box).session_id, "one", `${what}: it is still held`);
      await lookAtLease(box, what);
    },
  },
  {
    name: "lock release",
    prepare: (box) => acquired(box, "one"),
    args: () => ["lock", "release", ...AS_ONE],
    look: lookAtLease,
  },
];

for (const subject of [ROTATION, ...LEASES, RENEWING]) {
  Deno.test({
    name: `jvs ${subject.name} says what failed, whichever system call fails, and goes on afterwards`,
    ...requires("strace", "ffi"),
    async fn() {
      using box = await preparedBox(subject);
      await subject.prepare(box);
      const { run, places } = await placesOf(box, subject.args(-1));
      assertEquals(run.code, 0, run.stderr);
      await subject.look(box, "without a fault", -1);
      let reached = 0;
      for (const [round, fault] of sampleFaults(places, points, seeded(seed)).entries()) {
        await subject.prepare(box);
        const { run, failed } = await runFaulty(box, subject.args(round), fault);
        const shown = `seed ${seed}, ${JSON.stringify(fault)}: ${
          failed ?? "not reached"
        }\n${run.stdout}${run.stderr}`;
        if (failed !== undefined) {
          reached++;
          assertEquals(badlyTold(run), undefined, shown);
        }
        await subject.look(box, shown, round);
      }
      tried("failing calls", reached, `${subject.name}, seed ${seed}`);
      assert(reached >= points / 2, `only ${reached} of ${points} faults were reached; seed ${seed}`);
      await assertSound(box);
    },
  });

  Deno.test({
    name: `jvs ${subject.name} that is killed is done or not, and goes on afterwards`,
    ...requires("strace"),
    async fn() {
      using box = await preparedBox(subject);
      await subject.prepare(box);
      const places = await killPoints(box, subject.args(-1));
      await subject.look(box, "without a kill", -1);
      let killed = 0;
      for (const [round, point] of sampled(points, places, randomFrom(seed)).entries()) {
        await subject.prepare(box);
        if (await killedAt(box, subject.args(round), point)) killed++;
        await subject.look(box, `seed ${seed}, killed at ${JSON.stringify(point)}`, round);
      }
      tried("kills", killed, `${subject.name}, seed ${seed}`);
      assert(killed >= points / 2, `only ${killed} of ${points} were killed; seed ${seed}`);
      await assertSound(box);
    },
  });
}

async function preparedBox(subject: Subject): Promise<BlackBox> {
  const box = await BlackBox.make();
  box.write("a", "one\n");
  await box.save();
  if (subject === ROTATION) await box.json(["config", "set", "audit.rotate_bytes", "1"]);
  return box;
}

async function assertSound(box: BlackBox): Promise<void> {
  const { findings } = await callIn(box.main, doctor, { strict: true });
  assertEquals(findings.filter(({ code }) => code !== "LEFTOVER"), []);
  assertEquals(namesIn(`${box.control}/runtime/shared/intents`).filter((name) => !name.endsWith(".tmp")), []);
}
