import { Box, type Laboratory, type ReportedError, until } from "../black_box/laboratory.ts";
import { Broken, must, mustBe, NotRun } from "../black_box/promises.ts";
import type { Rule } from "../black_box/rule.ts";
import { expire, JOB } from "./leases.ts";

/* What was stopped, and woken too late: rules 2 and 3. */

/** The rules on changes that lost their worktree meanwhile. */
export const STOPPED_RULES: readonly Rule[] = [
  {
    number: 2,
    promise: "failed renewal stops changes",
    means: "Work goes on, and is published, after its lease was lost to somebody else.",
    check: checkLostLease,
  },
  {
    number: 3,
    promise: "fencing mismatch blocks publishing",
    means: "A process that slept through the loss of its worktree overwrites the work of who has it now.",
    from: "release",
    check: checkFencing,
  },
];

/** Checks again, in a new folder, when a change was done before it could be stopped: that proves nothing. */
async function inTime(name: string, check: (folder: string) => Promise<void>): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await check(`${name}-${attempt}`);
    } catch (error) {
      if (!(error instanceof NotRun) || attempt === 5) throw error;
    }
  }
}

async function checkLostLease(laboratory: Laboratory): Promise<void> {
  await inTime("released", (folder) => checkReleased(laboratory, folder));
  if (!laboratory.isThorough) return;
  for (const what of ["snapshot", "restore"] as const) {
    await inTime(what, (folder) => checkExpired(laboratory, folder, what));
  }
}

/** A lease is released while its change is stopped. */
async function checkReleased(laboratory: Laboratory, folder: string): Promise<void> {
  const box = await largeBox(laboratory, folder);
  await box.json(["lock", "acquire", ...JOB]);
  const stopped = await stoppedChange(box, ["snapshot", ...JOB]);
  await box.json(["lock", "release", ...JOB]);
  await stopped.error("E_LOCK_EXPIRED");
  mustBe((await box.history()).length, 1, "Snapshots after the lease was released meanwhile");
  await box.audit();
}

/** A lease runs out while its change is stopped. */
async function checkExpired(
  laboratory: Laboratory,
  folder: string,
  what: "snapshot" | "restore",
): Promise<void> {
  const box = await largeBox(laboratory, folder);
  const args = what === "snapshot" ? ["snapshot", "too late"] : ["restore", box.first, "--discard"];
  await box.json(["lock", "acquire", ...JOB]);
  await box.json(["lock", "renew", ...JOB]);
  const saved = (await box.history()).length;
  const stopped = await stoppedChange(box, [...args, ...JOB]);
  expire(box);
  await stopped.error("E_LOCK_EXPIRED");
  mustBe((await box.history()).length, saved, "Snapshots after the lease ran out");
  mustBe(box.read("data/7/7.txt"), "two 7\n", "A file in the worktree after the lease ran out");
  mustBe(box.intents(), [], "Open intents after the lease ran out");
  // It does not come back to life by itself.
  await box.error("E_LOCK_EXPIRED", ["snapshot", ...JOB]);
  await box.error("E_LOCK_EXPIRED", ["lock", "renew", ...JOB]);
  await box.json(["lock", "acquire", ...JOB]);
  await box.json(["snapshot", ...JOB]);
  await box.audit();
}

async function checkFencing(laboratory: Laboratory): Promise<void> {
  const { isThorough } = laboratory;
  for (const what of isThorough ? ["snapshot", "restore"] as const : ["restore"] as const) {
    for (const withLease of isThorough ? [true, false] : [false]) {
      const name = `${what}-${withLease ? "with" : "without"}-lease`;
      await inTime(name, (folder) => checkFenced(laboratory, { folder, what, withLease }));
    }
  }
}

/** Another host acquires the worktree while a change is stopped. */
async function checkFenced(
  laboratory: Laboratory,
  { folder, what, withLease }: { folder: string; what: "snapshot" | "restore"; withLease: boolean },
): Promise<void> {
  const box = await largeBox(laboratory, folder);
  if (withLease) await box.json(["lock", "acquire", ...JOB]);
  const args = what === "snapshot" ? ["snapshot", "too late"] : ["restore", box.first, "--discard"];
  const records = box.records().length;
  const stopped = await stoppedChange(box, withLease ? [...args, ...JOB] : args);
  const file = `${box.main}/data/7/7.txt`;
  const changed = () => box.shell(`stat -c %z '${file}'`);
  const before = await changed();
  raiseToken(box);
  await stopped.error("E_FENCING_MISMATCH");
  mustBe((await box.history()).length, 1, "Snapshots after the worktree was lost");
  mustBe(box.read("data/7/7.txt"), "two 7\n", "A file in the worktree that was lost");
  mustBe(await changed(), before, "The change time of a file that must not be touched");
  mustBe([box.intents(), box.records().length], [[], records], "Open intents, and audit records");
  await box.audit();
}

/** Raises the fencing token in main's record, as another host does that acquires it. */
function raiseToken({ control }: Box): void {
  const file = `${control}/worktrees/main/config.json`;
  const config = JSON.parse(Deno.readTextFileSync(file));
  Deno.writeTextFileSync(file, JSON.stringify({ ...config, fencing_token: config.fencing_token + 1 }));
}

type LargeBox = Box & { readonly first: string };

/** A repository with so much to save, and to restore, that a command can be stopped in its middle. */
async function largeBox(laboratory: Laboratory, folder: string): Promise<LargeBox> {
  const box = await Box.make(laboratory, folder);
  const write = (text: string) => {
    for (let i = 0; i < 1500; i++) box.write(`data/${i % 30}/${i}.txt`, `${text} ${i}\n`);
  };
  write("one");
  const { snapshot_id: first } = await box.save("first");
  write("two");
  return Object.assign(box, { first });
}

/** Starts a change, and stops it right after it began. */
async function stoppedChange(
  box: Box,
  args: readonly string[],
): Promise<{ error(code: string): Promise<ReportedError> }> {
  const child = box.start([...args, "--json"]);
  await until(box.laboratory, () => child.hasEnded() || box.intents().length > 0);
  if (child.hasEnded()) throw new Broken(`It must begin: ${(await child.ended()).story}`);
  child.stop();
  const [intent] = box.intents();
  if (intent === undefined || intent.audit !== null || intent.steps.includes("journal")) {
    child.continue();
    await child.ended();
    throw new NotRun("the change was done before it could be stopped: this machine is too busy, or too fast");
  }
  return {
    async error(code) {
      child.continue();
      const ended = await child.ended();
      const isIt = ended.code !== 0 && ended.json["error"] === code;
      must(isIt, `Stopped, and woken too late, it must end with ${code}: ${ended.story}`);
      return ended.json as unknown as ReportedError;
    },
  };
}
