import type { Descriptor } from "../../model/records.ts";
import { Box, isThere, type Laboratory } from "../black_box/laboratory.ts";
import { must, mustBe } from "../black_box/promises.ts";
import type { Rule } from "../black_box/rule.ts";
import { described, differing } from "./described_tree.ts";

/* What is kept of content: rules 5, 19, 35 and 37. */

/** The rules on content. */
export const CONTENT_RULES: readonly Rule[] = [
  {
    number: 5,
    promise: "best_effort is labelled in history",
    means: "A snapshot of files that were being written looks like one of a single moment.",
    check: checkBestEffort,
  },
  {
    number: 19,
    promise: "root hash deterministic, the same on every engine, recomputed independently",
    means: "Content cannot be proved: the hash of a tree depends on how it was saved.",
    check: checkRootHash,
  },
  {
    number: 35,
    promise: "restore saves unsaved work first, ignored files included",
    means: "Going back can destroy work that is nowhere else.",
    check: checkUnsaved,
  },
  {
    number: 37,
    promise: "a file named like our markers is only a file",
    means: "Files of yours with certain names are lost, or taken for records of JVS.",
    from: "release",
    check: checkOwnNames,
  },
];

async function checkBestEffort(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const write = (n: number) => {
    for (let i = 0; i < 50; i++) box.write(`data/${i}`, `${n}\n`);
  };
  write(0);
  const running = box.start(["snapshot", "moving", "--consistency", "best_effort", "--json"]);
  for (let n = 1; !running.hasEnded(); n++) {
    write(n);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const { code, json, story } = await running.ended();
  mustBe(code, 0, story);
  const { snapshot_id: id, consistency_level: level } = json["snapshot"] as Descriptor;
  mustBe(level, "best_effort", "The label of a snapshot of files that kept changing");
  mustBe(
    (await box.history()).map((each) => each.consistency_level),
    ["best_effort"],
    "Its label in the history",
  );
  for (const args of [["history"], ["show", id]]) {
    const shown = await box.run(args);
    must(shown.stdout.includes("best_effort"), `It must say best_effort: ${shown.story}`);
  }
  const still = await box.save("still");
  mustBe(still.consistency_level, "quiesced", "The label of a snapshot of files that did not change");
  await box.audit();
}

/** SPEC 4's worked example. */
const EXAMPLE = "984fceb383a3e68a4ba25b43d9d7fc881c44f25f70786b71c208711c1e8bfa17";

async function checkRootHash(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  await box.shell(
    "mkdir a; : > a.txt; printf 'hi\\n' > a/b:c; chmod 640 a/b:c; ln -s a.txt link; chmod 755 .",
  );
  const first = await box.save("first");
  mustBe(first.payload_root_hash?.value, EXAMPLE, `The hash of the example of SPEC 4 by ${first.engine}`);
  // Again, with what is known of the first: another way to the same hash. And copied, whatever the engine is.
  for (const env of [{}, { JVS_SNAPSHOT_ENGINE: "copy" }]) {
    const { engine, payload_root_hash } = await box.save("again", { env });
    mustBe(payload_root_hash?.value, EXAMPLE, `The same by ${engine}`);
  }
  await box.shell("touch -h -d 2001-01-01T00:00:00 link; touch a.txt");
  mustBe((await box.save("times")).payload_root_hash?.value, EXAMPLE, "The hash after other times");
  const seen = new Set<string | undefined>([EXAMPLE]);
  for (
    const script of ["chmod 600 a.txt", "printf x > a.txt", "mkdir empty", "mv a.txt b.txt", "mkfifo fifo"]
  ) {
    await box.shell(script);
    const hash = (await box.save(script)).payload_root_hash?.value;
    must(!seen.has(hash), `The hash must differ after \`${script}\``);
    seen.add(hash);
  }
  await box.audit();
}

interface Restored {
  readonly autosave_snapshot_id: string | null;
  readonly kept: string[];
}

/** Content that no snapshot holds, in each way it can stand in a restore's way. */
const WAYS: readonly [what: string, rules: string, path: string][] = [
  ["ignored, in a folder that becomes a file", "*.log\n", "thing/x.log"],
  ["ignored", "*.log\n", "run.log"],
  ["in a folder that is ignored", "out/\n", "out/deep/x"],
  ["untracked", "", "new.txt"],
  ["in a folder that becomes a file", "", "thing/x"],
];

async function checkUnsaved(laboratory: Laboratory): Promise<void> {
  const ways = laboratory.isThorough ? WAYS : WAYS.slice(0, 2);
  for (const [i, [what, rules, path]] of ways.entries()) {
    const box = await Box.make(laboratory, `way-${i}`);
    if (rules !== "") box.write(".jvsignore", rules);
    box.write("thing", "a file\n");
    const { snapshot_id: first } = await box.save("first");
    if (path.startsWith("thing/")) Deno.removeSync(`${box.main}/thing`);
    box.write(path, "precious\n");
    const { autosave_snapshot_id: kept } = await box.json<Restored>(["restore", first]);
    mustBe(box.read("thing"), "a file\n", "A file after the restore");
    if (!isThere(`${box.main}/${path}`)) {
      must(kept !== null, `What was ${what} must be saved before it goes`);
      await box.json(["restore", kept]);
    } else must(rules !== "", `What was ${what} must go: it is not in the snapshot`);
    mustBe(box.read(path), "precious\n", `What was ${what}`);
    await box.audit();
  }
  const box = await Box.make(laboratory);
  await box.shell("printf one > a.txt; printf gone > gone.txt; mkdir folder; printf two > folder/b.txt");
  const { snapshot_id: first } = await box.save("first");
  await box.shell(
    "printf unsaved > a.txt; rm gone.txt; mkdir -p new/empty; printf new > new/c.txt; rm -r folder",
  );
  await box.shell("printf 'a file now' > folder; ln -s a.txt link; mkfifo fifo");
  const before = await described(box);
  const { autosave_snapshot_id: kept } = await box.json<Restored>(["restore", first]);
  mustBe([box.read("a.txt"), box.read("folder/b.txt")], ["one", "two"], "Files after the restore");
  await box.json(["restore", kept ?? ""]);
  mustBe(differing(before, await described(box)), [], "What differs from the unsaved work");
  await box.json(["config", "set", "restore.unsaved", "refuse"]);
  box.write("a.txt", "more\n");
  await box.error("E_UNSAVED_CHANGES", ["restore", first]);
  mustBe(box.read("a.txt"), "more\n", "A file after a restore that was refused");
  await box.json(["restore", first, "--discard"]);
  await box.audit();
}

/** Names that mean something to JVS elsewhere. */
const OWN_NAMES = [
  ".READY",
  "1795236123903-66272f6d.READY",
  "1795236123903-66272f6d.PRUNED",
  "1795236123903-66272f6d.tmp/a.txt",
  "1795236123903-66272f6d.json.tmp",
  ".config.json.0123456789abcdef.tmp",
  ".jvs-staging-5f0c62a6-98c2-4e2a-bd0b-0f0f4f8e1c55/new/a.txt",
  "format_version",
  "config.jsonc",
  "snapshots/1795236123903-66272f6d/a.txt",
  "worktrees/main/config.json",
  "HEAD",
  "audit.jsonl",
  ".git/HEAD",
];

async function checkOwnNames(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  for (const name of OWN_NAMES) box.write(name, `the user's own ${name}\n`);
  const before = await described(box);
  const saved = await box.save("whole");
  mustBe(saved.stats.files, OWN_NAMES.length, "Files in the snapshot");
  for (const name of OWN_NAMES) box.write(name, "changed\n");
  await box.save("changed");
  await box.json(["restore", saved.snapshot_id]);
  mustBe(differing(before, await described(box)), [], "What differs after the restore");
  const { path } = await box.json<{ path: string }>(["worktree", "fork", saved.snapshot_id, "other"]);
  mustBe(differing(before, await described(box, path)), [], "What differs in a fork");
  Deno.removeSync(`${box.main}/.READY`);
  const { differences } = await box.json<{ differences: { path: string }[] }>(["diff"]);
  mustBe(differences.map((each) => each.path), [".READY"], "What diff says of a removed .READY");
  await box.audit();
}
