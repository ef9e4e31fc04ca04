import { assert, assertEquals } from "@std/assert";
import { isJvsError } from "../../src/model/errors.ts";
import { isUuid } from "../../src/model/ids.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import { readJournal } from "../../src/protocol/restore/journal.ts";
import { openStore } from "../../src/repo/store.ts";
import { trustedRepositories } from "../../src/repo/trust.ts";
import {
  allTrustedPrograms,
  TRUSTED_PROGRAMS,
  trustedProgramsHash,
  trustPrograms,
} from "../../src/repo/trusted_programs.ts";
import { sessionOfFile } from "../../src/surface/cli/session_file.ts";
import { namesIn } from "../support/files.ts";
import { mustRun } from "../support/run.ts";
import { mutated } from "../support/mutations.ts";
import { randomFrom } from "../support/random.ts";
import { Signed } from "../support/signed_repository.ts";
import { tempDir } from "../support/temp_dir.ts";
import { tried } from "../support/tried.ts";
import {
  journalIn,
  readersOf,
  readersOfSigning,
  readersOfTrail,
  rich,
  withShortTrail,
} from "./readers_of_files.ts";

/*
 * Every reader of a file of JVS gets files that are nearly right. It gives an answer or an error of a class: never a mistake of its own,
 * never a hang, never hundreds of megabytes; and where a hash proves the file, no other answer than before.
 */

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const inputs = Number(Deno.env.get("JVS_TEST_INPUTS") ?? 10_000);
const MOST_BYTES = 200e6;

/** What is wrong with how a reader answered, or nothing. */
async function wrongWith(read: () => unknown, right: string | undefined): Promise<string | undefined> {
  try {
    const answer = JSON.stringify(await read()) ?? "nothing";
    return right === undefined || answer === right ? undefined : `another answer: ${answer.slice(0, 300)}`;
  } catch (error) {
    if (isJvsError(error) && error.code !== "E_INTERNAL") return undefined;
    return `a mistake: ${error instanceof Error ? error.stack : error}`;
  }
}

/** Gives a reader inputs that are nearly the file, and puts the file back. */
async function fuzz(path: string, read: () => unknown, isProved: boolean): Promise<void> {
  const random = randomFrom(seed);
  const real = Deno.readFileSync(path);
  const { mode } = Deno.statSync(path);
  const right = isProved ? JSON.stringify(await read()) : undefined;
  forgetPeak();
  const before = bytes("VmRSS");
  for (let n = 0; n < inputs; n++) {
    const input = mutated(real, random);
    Deno.removeSync(path); // some file systems write at once what is written over a file
    Deno.writeFileSync(path, input, { mode: 0o600 });
    const wrong = await wrongWith(read, right);
    const kept = `${Deno.env.get("TMPDIR") ?? "/tmp"}/jvs-fuzzed-${path.slice(path.lastIndexOf("/") + 1)}`;
    if (wrong !== undefined) Deno.writeFileSync(kept, input);
    assertEquals(wrong, undefined, `input ${n} of seed ${seed}, which is kept in ${kept}`);
  }
  Deno.writeFileSync(path, real);
  if (mode !== null) Deno.chmodSync(path, mode);
  const more = bytes("VmHWM") - before;
  assert(more < MOST_BYTES, `${more} bytes more than before were in use at once, by ${path}`);
}

/** How many bytes of memory this process has: `VmRSS`, or had at most since `forgetPeak`: `VmHWM`. */
function bytes(what: "VmRSS" | "VmHWM"): number {
  const [, kilobytes] = new RegExp(`^${what}:\\s+(\\d+) kB$`, "m")
    .exec(mustRun("cat", `/proc/${Deno.pid}/status`)) ?? [];
  return Number(kilobytes) * 1024;
}

/** Other tests may have needed more in this process. */
function forgetPeak(): void {
  mustRun("sh", "-c", `echo 5 > /proc/${Deno.pid}/clear_refs`);
}

Deno.test("each reader of a file of JVS answers what is nearly right with an error of a class, or rightly", async (t) => {
  using repository = await rich();
  using short = await withShortTrail();
  const fuzzed = [
    { repository, readers: readersOf(repository, repository.first) },
    { repository: short, readers: readersOfTrail(short) },
  ];
  for (const { repository: { outside, path }, readers } of fuzzed) {
    const outsideBefore = namesIn(outside);
    for (const { file, read, isProved = false } of readers) {
      await t.step(file.replaceAll(/[0-9a-f-]{8,}/g, "…"), async () => {
        await fuzz(`${path}/.jvs/${file}`, () => read(openStore(path)), isProved);
      });
    }
    assertEquals(namesIn(outside), outsideBefore, "a file outside");
  }
  using interrupted = await journalIn();
  await t.step("the journal of a restore", async () => {
    using folder = openPlatform().openFolder(interrupted.staging);
    await fuzz(`${interrupted.staging}/journal`, () => readJournal(folder), false);
  });
  using outside = tempDir();
  await t.step("the user's settings", async () => {
    Deno.writeTextFileSync(
      `${outside.path}/config.jsonc`,
      '{ "trusted_repositories": ["/a", { "path": "/b", "owner": 7 }] } // mine',
    );
    await fuzz(`${outside.path}/config.jsonc`, () => trustedRepositories(outside.path), false);
  });
  await t.step("the session of a shell", async () => {
    const path = `${outside.path}/session`;
    sessionOfFile(path, { beginsSession: true });
    await fuzz(path, () => isUuid(sessionOfFile(path, { beginsSession: true })), false);
  });
  await t.step("the programs that a user trusts", async () => {
    await trustPrograms(
      outside.path,
      openStore(repository.path),
      await trustedProgramsHash({ "pre-snapshot": "x" }),
    );
    await fuzz(`${outside.path}/${TRUSTED_PROGRAMS}`, () => allTrustedPrograms(outside.path), false);
  });
  using signed = await Signed.make();
  const ofSigning = await readersOfSigning(signed);
  for (const { file, read, isProved = false } of ofSigning) {
    const name = file.slice(file.lastIndexOf("/") + 1).replace(/[0-9a-f-]{8,}/, "…");
    await t.step(`${name} of what is signed`, () => fuzz(file, read, isProved));
  }
  const all = fuzzed.flatMap(({ readers }) => readers).length + 4 + ofSigning.length;
  tried("inputs", inputs * all, `${inputs} for each of ${all} readers of files, seed ${seed}`);
});
