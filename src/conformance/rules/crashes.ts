import type { WorktreeConfig } from "../../model/records.ts";
import { Box, editFile, isThere, type Laboratory, namesIn, until } from "../black_box/laboratory.ts";
import { must, mustBe, NotRun } from "../black_box/promises.ts";
import type { Rule } from "../black_box/rule.ts";
import { described, differing } from "./described_tree.ts";

/* Kills, left-overs and copies: rules 10, 11, 13, 29 and 40. */

/** The rules on crashes and migrations. */
export const CRASH_RULES: readonly Rule[] = [
  {
    number: 10,
    promise: "crash left-overs invisible and repaired",
    means: "What a crash left looks like a snapshot, or stays for ever.",
    from: "release",
    check: checkLeftovers,
  },
  {
    number: 11,
    promise: "migration without runtime state rebuilds",
    means: "A repository that was copied elsewhere is not usable there.",
    check: checkMigration,
  },
  {
    number: 13,
    promise: "failed gc goes on at rerun",
    means: "An interrupted garbage collection leaves space that never comes back, or half a snapshot.",
    check: checkFailedCollection,
  },
  {
    number: 29,
    promise: "migrated worktree metadata kept",
    means: "After a move it is forgotten where the worktrees stand in their history.",
    from: "release",
    check: checkMigratedWorktrees,
  },
  {
    number: 40,
    promise: "killed at any step: old or new, never between",
    means: "A crash or a kill can leave a worktree that is neither the old nor the new state.",
    check: checkKills,
  },
];

/** The id of no snapshot. */
const UNKNOWN = "1795236123903-66272f6d";

async function checkLeftovers(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const { control } = box;
  await box.shell("printf one > a.txt; mkdir deep; printf two > deep/b.txt");
  const { snapshot_id: id } = await box.save("first", { env: { JVS_SNAPSHOT_ENGINE: "copy" } });
  const copied = (to: string) => box.shell(`cp -a snapshots/${id} '${to}'`, control);
  const leftovers: [what: string, make: () => unknown][] = [
    ["a payload and a descriptor without READY", async () => {
      await copied(`snapshots/${UNKNOWN}`);
      Deno.copyFileSync(`${control}/manifests/${id}`, `${control}/manifests/${UNKNOWN}`);
      Deno.copyFileSync(`${control}/descriptors/${id}.json`, `${control}/descriptors/${UNKNOWN}.json`);
      editFile(`${control}/descriptors/${UNKNOWN}.json`, id, UNKNOWN);
    }],
    ["a payload in the making", () => copied(`snapshots/${UNKNOWN}.tmp`)],
    ["a manifest", () => Deno.copyFileSync(`${control}/manifests/${id}`, `${control}/manifests/${UNKNOWN}`)],
    ["a staging folder", async () => {
      const staging = `${control}/runtime/shared/staging/5f0c62a6-98c2-4e2a-bd0b-0f0f4f8e1c55`;
      Deno.mkdirSync(staging);
      await copied(`${staging}/new`);
    }],
    ["a control file that was being written", () => {
      Deno.writeTextFileSync(`${control}/worktrees/main/.config.json.0123456789abcdef.tmp`, "{");
    }],
  ];
  for (const [what, make] of laboratory.isThorough ? leftovers : leftovers.slice(0, 2)) {
    await make();
    mustBe((await box.history()).map(({ snapshot_id }) => snapshot_id), [id], `The history with ${what}`);
    for (const args of [["show", UNKNOWN], ["restore", UNKNOWN]]) await box.error("E_NOT_FOUND", args);
    const found = await box.findings("--strict");
    must(found.length > 0, `doctor must find ${what}`);
    for (const { code, repair } of found) {
      mustBe([code, repair], ["LEFTOVER", "clean_tmp"], `What doctor says of ${what}`);
    }
    mustBe(await box.findings("--repair", "clean_tmp"), [], `Findings after ${what} was cleaned`);
    for (const folder of ["snapshots", "descriptors", "manifests", "runtime/shared/staging"]) {
      const left = namesIn(`${control}/${folder}`).filter((name) =>
        name.includes(UNKNOWN) || name.includes(".tmp")
      );
      mustBe(left, [], `What is left in ${folder}`);
    }
  }
  await box.save("second");
  await box.audit();
}

/** Copies a repository as a user does who moves it, without what belongs to this machine. */
async function moved(box: Box): Promise<{ readonly path: string; readonly cwd: string }> {
  const path = `${box.laboratory.folder}/elsewhere`;
  await box.shell(`cp -a '${box.path}' '${path}'; rm -rf '${path}/.jvs/runtime'`);
  return { path, cwd: `${path}/main` };
}

async function checkMigration(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  await box.shell(
    "printf one > a.txt; mkdir -p deep; printf two > deep/b.txt; ln a.txt hard; ln -s a.txt link",
  );
  const { snapshot_id: first } = await box.save("first", {}, "--tag", "v1");
  await box.shell("printf changed > a.txt");
  const { snapshot_id: second } = await box.save("second");
  const before = await described(box);
  const { cwd, path } = await moved(box);
  // Before the repair it can be read, and what would change it says what to do.
  const ids = async () => {
    const { snapshots } = await box.json<{ snapshots: { snapshot_id: string }[] }>(["history"], { cwd });
    return snapshots.map(({ snapshot_id }) => snapshot_id);
  };
  mustBe(await ids(), [second, first], "The history of the copy");
  const doctor = await box.json<{ healthy: boolean; findings: unknown[] }>(
    ["doctor", "--strict", "--repair-runtime"],
    { cwd },
  );
  mustBe([doctor.healthy, doctor.findings], [true, []], "What doctor says of the copy");
  must(isThere(`${path}/.jvs/runtime`), "The runtime state must be there again");
  mustBe((await box.json(["status"], { cwd }))["clean"], true, "Whether the copy has no unsaved work");
  mustBe(differing(before, await described(box, cwd)), [], "What differs in the copy");
  await box.json(["restore", "v1"], { cwd });
  mustBe(Deno.readTextFileSync(`${cwd}/a.txt`), "one", "A file restored in the copy");
  await box.json(["restore", "HEAD"], { cwd });
  mustBe(
    (await box.save("third", { cwd })).parent_snapshot_id,
    second,
    "The parent of the copy's next snapshot",
  );
  const { code, json, story } = await box.run(["verify", "--all", "--json"], { cwd });
  mustBe([code, json["severity"]], [0, "ok"], story);
  mustBe((await box.history()).length, 2, "Snapshots of the original");
  await box.audit();
}

async function checkMigratedWorktrees(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("first");
  await box.json(["ref", "create", "good", first]);
  await box.json(["worktree", "fork", first, "other"]);
  box.write("a.txt", "two\n");
  const { snapshot_id: second } = await box.save("second");
  await box.json(["restore", first]);
  box.write("a.txt", "unsaved when it was copied\n");
  const { path, cwd } = await moved(box);
  await box.json(["doctor", "--repair-runtime"], { cwd });
  const records = (of: string) =>
    ["main", "other"].map((name): Omit<WorktreeConfig, "identity"> => {
      const { identity: _, ...rest } = JSON.parse(
        Deno.readTextFileSync(`${of}/.jvs/worktrees/${name}/config.json`),
      );
      return rest;
    });
  mustBe(
    records(path),
    records(box.path),
    "The records of the copy's worktrees, but for their folders' identity",
  );
  const status = await box.json(["status"], { cwd });
  mustBe(
    [status["head_snapshot_id"], status["latest_snapshot_id"], status["detached"], status["clean"]],
    [first, second, true, false],
    "Where the copy of main stands",
  );
  const { autosave_snapshot_id: kept } = await box.json(["restore", "HEAD"], { cwd });
  must(kept !== null, "Unsaved work must have come along");
  mustBe((await box.json<{ refs: unknown[] }>(["ref", "list"], { cwd })).refs.length, 1, "Refs of the copy");
  await box.save("in other", { cwd }, "--worktree", "other");
  await box.audit();
}

const ROUNDS_TO_KILL = 10;

async function checkFailedCollection(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a.txt", "one\n");
  await box.save("first");
  const left = (id: string) => [
    ...namesIn(`${box.control}/snapshots`).filter((name) => name.includes(id)),
    ...namesIn(`${box.control}/gc/tombstones`),
  ];
  for (let round = 0; round < ROUNDS_TO_KILL; round++) {
    const id = await looseSnapshot(box, round);
    const { plan_id } = await box.json<{ plan_id: string }>(["gc", "plan"]);
    const run = box.start(["gc", "run", "--plan-id", plan_id, "--json"]);
    // The first one is not disturbed: what deletes nothing must not look like one that was killed.
    if (round > 0) {
      await until(laboratory, () => run.hasEnded() || isThere(`${box.control}/snapshots/${id}.gone`));
      run.kill();
    }
    const { code, signal, story } = await run.ended();
    mustBe((await box.history()).map(({ note }) => note), ["first"], "The history after a collection");
    if (signal === null) {
      mustBe([code, left(id)], [0, []], `What a collection left that was not killed: ${story}`);
    }
    if (signal === null || !isThere(`${box.control}/snapshots/${id}.gone`)) continue;
    await box.json(["gc", "run", "--plan-id", plan_id]);
    mustBe(left(id), [], "What is left after the rerun");
    await box.audit();
    return;
  }
  throw new NotRun(`each of ${ROUNDS_TO_KILL} collections was done before it could be killed`);
}

/** A snapshot with many files that nothing keeps. */
async function looseSnapshot(box: Box, round: number): Promise<string> {
  await box.json(["worktree", "fork", "old"]);
  const old = box.at("old");
  for (let i = 0; i < 2000; i++) Deno.writeTextFileSync(`${old.cwd}/${i}`, `${round} ${i}\n`);
  const { snapshot_id: id } = await box.save("loose", old);
  await box.json(["worktree", "remove", "old"]);
  await box.json(["gc", "unpin", id]);
  return id;
}

const FILES = 400;

async function checkKills(laboratory: Laboratory): Promise<void> {
  const { isThorough, random } = laboratory;
  const box = await Box.make(laboratory);
  const fill = (text: string) => {
    for (let i = 0; i < FILES; i++) box.write(`d${i % 20}/f${i}`, `${text} ${i}\n`.repeat(20));
    box.write(`only-${text}/x`, text);
    const other = text === "one" ? "two" : "one";
    if (isThere(`${box.main}/only-${other}`)) {
      Deno.removeSync(`${box.main}/only-${other}`, { recursive: true });
    }
  };
  const trees: string[][] = [];
  const ids: string[] = [];
  let usual = 0; // how long a command takes here
  for (const text of ["one", "two"]) {
    fill(text);
    const began = performance.now();
    ids.push((await box.save(text)).snapshot_id);
    usual = performance.now() - began;
    trees.push(await described(box));
  }
  let at = 1;
  for (let round = 0; round < (isThorough ? 40 : 4); round++) {
    const to = 1 - at;
    const isRestore = round % 4 !== 1;
    const before = (await box.history()).length;
    const args = isRestore ? ["restore", ids[to] ?? ""] : ["snapshot", `round ${round}`, "--branch"];
    const run = box.start(args);
    // A restore changes the worktree once its journal is written: most kills should come in that part.
    const hasBegun = () => box.intents().some(({ steps }) => steps.includes("journal"));
    const isAimed = isRestore && round % 4 !== 3;
    if (isAimed) await until(laboratory, () => run.hasEnded() || hasBegun());
    const timer = setTimeout(() => run.kill(), random() * usual / (isAimed ? 10 : 1));
    const { signal } = await run.ended();
    clearTimeout(timer);
    const how = signal === null ? "not killed in time" : "killed";
    const what = `after \`jvs ${args.join(" ")}\`, ${how} (round ${round})`;
    await box.json(["doctor", "--repair-runtime"]);
    const now = await described(box);
    if (isRestore) at = assertOldOrNew(now, trees, what);
    else mustBe(differing(now, trees[at] ?? []), [], `What differs in the worktree ${what}`);
    const made = (await box.history()).length - before;
    must(made === 0 || made === 1, `${made} snapshots more ${what}`);
    const { code, json, story } = await box.run(["verify", "--all", "--json"]);
    must(code === 0 && json["tamper_detected"] === false, `All must be whole ${what}: ${story}`);
  }
  await box.json(["doctor", "--repair", "clean_tmp"]);
  await box.audit();
}

function assertOldOrNew(now: readonly string[], trees: readonly string[][], what: string): number {
  const found = trees.findIndex((tree) => differing(tree, now).length === 0);
  const nearest = trees.map((tree) => differing(tree, now)).sort((a, b) => a.length - b.length)[0];
  must(found !== -1, `The worktree is neither old nor new ${what}: ${nearest?.slice(0, 6).join("; ")}`);
  return found;
}
