import type { WorktreeConfig } from "../../model/records.ts";
import { Box, type Laboratory, namesIn, threeSaved } from "../black_box/laboratory.ts";
import { must, mustBe } from "../black_box/promises.ts";
import type { Rule } from "../black_box/rule.ts";

/* Lines of snapshots, where worktrees stand in them, and what may go: rules 12, 21, 22, 31 to 34 and 39. */

/** The rules on lines of snapshots. */
export const LINE_RULES: readonly Rule[] = [
  {
    number: 12,
    promise: "wrong plan id",
    means: "A garbage collection can delete what no valid plan names.",
    from: "release",
    check: checkWrongPlan,
  },
  {
    number: 21,
    promise: "head orphan found, `advance_head`",
    means: "A snapshot that was published just before a crash can be forgotten.",
    from: "release",
    check: checkOrphan,
  },
  {
    number: 22,
    promise: "gc spares refs",
    means: "A garbage collection deletes snapshots that you named.",
    from: "release",
    check: checkSparedRefs,
  },
  {
    number: 31,
    promise: "restore detaches",
    means: "After going back it is unclear where the worktree stands, and newer snapshots seem lost.",
    from: "release",
    check: checkDetached,
  },
  {
    number: 32,
    promise: "`restore HEAD` re-attaches",
    means: "There is no safe way back to the newest snapshot.",
    from: "release",
    check: checkReattached,
  },
  {
    number: 33,
    promise: "snapshot refused while detached",
    means: "A snapshot of an older state silently begins another line.",
    from: "release",
    check: checkRefusedWhileDetached,
  },
  {
    number: 34,
    promise: "fork from any snapshot",
    means: "Old states cannot be worked on.",
    check: checkForks,
  },
  {
    number: 39,
    promise: "parallel snapshots all in one line",
    means:
      "Of snapshots made at once some are lost. The file locks of this file system may not exclude each other.",
    check: checkParallel,
  },
];

async function checkWrongPlan(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const { old: [id = ""] } = await withOldLine(box, ["two\n"]);
  await box.json(["gc", "unpin", id]);
  const plan = await box.json<{ plan_id: string; candidates: string[] }>(["gc", "plan"]);
  mustBe(plan.candidates, [id], "What the plan would delete");
  const before = namesIn(`${box.control}/snapshots`);
  const refused = async (plan_id: string) => {
    await box.error("E_GC_PLAN_MISMATCH", ["gc", "run", "--plan-id", plan_id]);
  };
  await refused("0000000000000000");
  await refused("../pins/x");
  await box.json(["ref", "create", "best", id]);
  await refused(plan.plan_id);
  mustBe(namesIn(`${box.control}/snapshots`), before, "The snapshots after what was refused");
  await box.json(["ref", "delete", "best"]);
  await box.json(["gc", "run", "--plan-id", plan.plan_id]);
  await box.error("E_NOT_FOUND", ["show", id]);
  await refused(plan.plan_id);
  await box.audit();
}

/** Saves main, and a line of a worktree that is removed afterwards. */
async function withOldLine(box: Box, texts: readonly string[]): Promise<{ old: string[] }> {
  box.write("a.txt", "one\n");
  await box.save("first");
  await box.json(["worktree", "fork", "old"]);
  const old: string[] = [];
  for (const text of texts) {
    Deno.writeTextFileSync(`${box.at("old").cwd}/a.txt`, text);
    old.push((await box.save(text, box.at("old"))).snapshot_id);
  }
  await box.json(["worktree", "remove", "old"]);
  return { old };
}

async function checkOrphan(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const [first, , third] = await threeSaved(box);
  mustBe(await box.findings(), [], "Findings before");
  // As a kill before the head was moved leaves it, when the intent is lost too.
  const path = `${box.control}/worktrees/main/config.json`;
  const config: WorktreeConfig = JSON.parse(Deno.readTextFileSync(path));
  const text = JSON.stringify({ ...config, head_snapshot_id: first, latest_snapshot_id: first });
  Deno.writeTextFileSync(path, text);
  const found = (await box.findings()).map(({ code, repair }) => [code, repair]);
  must(
    found.some(([code, repair]) => code === "HEAD_ORPHAN" && repair === "advance_head"),
    `doctor found ${found}`,
  );
  must((await box.findings("--repair-runtime")).length > 0, "No other repair may move a head");
  mustBe(await box.findings("--repair", "advance_head"), [], "Findings after the repair");
  mustBe(box.records().at(-1)?.target, third, "The audit record of the repair");
  const status = await box.json(["status"]);
  mustBe(
    [status["head_snapshot_id"], status["latest_snapshot_id"], status["detached"]],
    [third, third, false],
    "Where the worktree stands",
  );
  box.write("a.txt", "four\n");
  mustBe((await box.save("four")).parent_snapshot_id, third, "The parent of the next snapshot");
  await box.audit();
}

async function checkSparedRefs(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const { old: [one = "", two = "", three = ""] } = await withOldLine(box, ["1\n", "2\n", "3\n"]);
  await box.json(["ref", "create", "best", two]);
  await box.json(["gc", "unpin", three]);
  const plan = await box.json<{ snapshots: { snapshot_id: string; action: string; reasons: string[] }[] }>(
    ["gc", "plan"],
  );
  const said = plan.snapshots.filter(({ snapshot_id }) => [one, two, three].includes(snapshot_id));
  mustBe(said.map(({ action }) => action), ["prune", "keep", "delete"], "What becomes of the three");
  mustBe(said[1]?.reasons, ["ref best"], "Why the second stays");
  await box.json(["gc", "run", "--yes"]);
  const { path } = await box.json<{ path: string }>(["worktree", "fork", "best", "again"]);
  mustBe(Deno.readTextFileSync(`${path}/a.txt`), "2\n", "The content of what the ref names");
  await box.error("E_NOT_FOUND", ["worktree", "fork", one, "pruned"]);
  const { snapshots } = await box.json<{ snapshots: { snapshot_id: string; pruned: boolean }[] }>(
    ["history", "--worktree", "again"],
  );
  const line = snapshots.slice(0, 2).map(({ snapshot_id, pruned }) => [snapshot_id, pruned]);
  mustBe(line, [[two, false], [one, true]], "The line of the ref");
  await box.audit();
}

async function checkDetached(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const [first, , third] = await threeSaved(box);
  for (
    const args of [[third], [first, "--paths", "a.txt"], [first, "--preview"], [first, "--name", "other"]]
  ) {
    await box.json(["restore", ...args]);
    const status = await box.json(["status"]);
    mustBe(
      [status["detached"], status["head_snapshot_id"]],
      [false, third],
      `After restore ${args.join(" ")}`,
    );
  }
  const restored = await box.json(["restore", first, "--discard"]);
  mustBe(
    [restored["detached"], restored["previous_head"], restored["head_snapshot_id"]],
    [true, third, first],
    "What the restore says",
  );
  mustBe(box.read("a.txt"), "one\n", "The content after the restore");
  const status = await box.json(["status"]);
  mustBe(
    [status["detached"], status["head_snapshot_id"], status["latest_snapshot_id"], status["clean"]],
    [true, first, third, true],
    "What status says",
  );
  const { snapshots } = await box.json<{ snapshots: { is_head: boolean; is_latest: boolean }[] }>([
    "history",
  ]);
  mustBe(snapshots.map(({ is_head, is_latest }) => [is_head, is_latest]), MARKS, "The marks in the history");
  for (const command of [["status"], ["restore", first]]) {
    const { story, stdout } = await box.run(command);
    must(stdout.includes("DETACHED"), `It must say DETACHED: ${story}`);
  }
  await box.audit();
}

const MARKS = [[false, true], [false, false], [true, false]];

async function checkReattached(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const [first, second, third] = await threeSaved(box);
  for (const older of [first, second]) {
    await box.json(["restore", older]);
    mustBe((await box.json(["status"]))["detached"], true, "Detached after going back");
    const restored = await box.json(["restore", "HEAD"]);
    mustBe(
      [restored["snapshot_id"], restored["detached"], restored["previous_head"]],
      [third, false, older],
      "What `restore HEAD` says",
    );
    mustBe(box.read("a.txt"), "three\n", "The content after it");
  }
  // Work done meanwhile is kept, at the side of the line.
  await box.json(["restore", first]);
  box.write("a.txt", "tried here\n");
  const { autosave_snapshot_id: kept } = await box.json(["restore", "LATEST"]);
  mustBe(box.read("a.txt"), "three\n", "The content after `restore LATEST`");
  const leaf = (await box.history()).find(({ snapshot_id }) => snapshot_id === kept);
  mustBe([leaf?.kind, leaf?.parent_snapshot_id], ["autosave", first], "What was tried meanwhile");
  box.write("a.txt", "four\n");
  mustBe((await box.save("four")).parent_snapshot_id, third, "The parent of the next snapshot");
  await box.json(["restore", String(kept)]);
  mustBe(box.read("a.txt"), "tried here\n", "The content of what was tried");
  await box.audit();
}

async function checkRefusedWhileDetached(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const [first, , third] = await threeSaved(box);
  await box.json(["restore", first]);
  box.write("a.txt", "another way\n");
  for (const flags of [[], ["--if-changed"], ["a note", "--tag", "v1"]]) {
    const { hint } = await box.error("E_DETACHED", ["snapshot", ...flags]);
    for (const way of ["worktree fork", "restore HEAD", "--branch"]) {
      must(hint.includes(way), `The error must name ${way}: ${hint}`);
    }
  }
  mustBe([(await box.history()).length, box.read("a.txt")], [3, "another way\n"], "After what was refused");
  const saved = await box.json<{ snapshot: { parent_snapshot_id: string }; kept_line_as: string }>(
    ["snapshot", "--branch"],
  );
  mustBe(saved.snapshot.parent_snapshot_id, first, "The parent of the new line");
  const { refs } = await box.json<{ refs: { ref_name: string; snapshot_id: string }[] }>(["ref", "list"]);
  const named = refs.map(({ ref_name, snapshot_id }) => [ref_name, snapshot_id]);
  mustBe(named, [[saved.kept_line_as, third]], "The ref that keeps the old line");
  await box.json(["restore", saved.kept_line_as]);
  mustBe(box.read("a.txt"), "three\n", "The content of the old line");
  await box.audit();
}

async function checkForks(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const ids = await threeSaved(box);
  for (const [i, id] of ids.entries()) {
    if (i > 0 && !laboratory.isThorough) break;
    const { code, stdout, story } = await box.run(["worktree", "fork", id, `fork${i}`]);
    mustBe([code, stdout.split("\n")[0]], [0, `Created worktree fork${i}`], story);
    const fork = box.at(`fork${i}`);
    mustBe(Deno.readTextFileSync(`${fork.cwd}/a.txt`), ["one\n", "two\n", "three\n"][i], `Fork ${i}`);
    Deno.writeTextFileSync(`${fork.cwd}/own`, String(i));
    mustBe((await box.save("own", fork)).parent_snapshot_id, id, "The parent of the fork's snapshot");
  }
  await box.json(["worktree", "fork", "fork0@", "by-worktree"]);
  mustBe(Deno.readTextFileSync(`${box.at("by-worktree").cwd}/own`), "0", "What another line has made of it");
  const names = Array.from({ length: laboratory.isThorough ? 12 : 4 }, (_, i) => `at-once-${i}`);
  await Promise.all(names.map((name) => box.json(["worktree", "fork", name])));
  for (const name of names) mustBe(Deno.readTextFileSync(`${box.at(name).cwd}/a.txt`), "three\n", name);
  mustBe([box.read("a.txt"), namesIn(box.main)], ["three\n", ["a.txt"]], "Main, which was forked");
  await box.audit();
}

async function checkParallel(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a.txt", "one\n");
  await box.save("first");
  const count = laboratory.isThorough ? 20 : 8;
  const saved = await Promise.all(
    Array.from({ length: count }, (_, i) => box.save(`${i}`, {}, "--lock-timeout", "5m")),
  );
  mustBe(new Set(saved.map(({ snapshot_id }) => snapshot_id)).size, count, "Different ids");
  const { snapshots: line } = await box.json<{ snapshots: typeof saved }>(["history", "--limit", "1000"]);
  mustBe(line.length, count + 1, "Snapshots in the line");
  for (const [i, { snapshot_id, parent_snapshot_id }] of line.entries()) {
    mustBe(parent_snapshot_id, line[i + 1]?.snapshot_id ?? null, `The parent of ${snapshot_id}`);
  }
  await box.audit();
}
