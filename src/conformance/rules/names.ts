import { Box, type Laboratory, namesIn } from "../black_box/laboratory.ts";
import { must, mustBe } from "../black_box/promises.ts";
import type { Rule } from "../black_box/rule.ts";

/* Names, ids and places: rules 7, 18, 20, 25 to 28 and 30. */

/** The rules on names and places. */
export const NAME_RULES: readonly Rule[] = [
  {
    number: 7,
    promise: "path traversal in any name refused",
    means: "A name can lead out of the repository, so that files elsewhere are written or removed.",
    from: "release",
    check: checkNames,
  },
  {
    number: 18,
    promise: "id format and order",
    means: "Snapshots can get the same id or stand in the wrong order, and one hides another.",
    from: "release",
    check: checkIds,
  },
  {
    number: 20,
    promise: "ref create and delete audited, names checked",
    means: "A name can come and go without a trace.",
    from: "release",
    check: checkRefs,
  },
  {
    number: 25,
    promise: "worktree found from a nested folder",
    means: "Commands in a subfolder work on another worktree than the one you are in, or on none.",
    from: "release",
    check: checkNested,
  },
  {
    number: 26,
    promise: "no control file in a payload root",
    means: "JVS leaves files of its own among yours.",
    from: "release",
    check: checkPayloadRoot,
  },
  {
    number: 27,
    promise: "main's config valid after init",
    means: "A new repository is not what the other commands expect.",
    from: "release",
    check: checkConfig,
  },
  {
    number: 28,
    promise: "worktree remove removes payload and metadata, not snapshots",
    means: "Removing a worktree loses history, or leaves its files behind.",
    from: "release",
    check: checkRemove,
  },
  {
    number: 30,
    promise: "tags stored and checked (`[A-Za-z0-9._-]+`)",
    means: "Snapshots cannot be found by their tags.",
    from: "release",
    check: checkTags,
  },
];

const LEADING_OUT = ["../out", "../../out", "a/b", "/tmp/out", "..", "a\\b"];

async function checkNames(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a", "1");
  await box.save("first");
  await box.json(["worktree", "fork", "try"]);
  const commands = [
    ["worktree", "create"],
    ["worktree", "fork"],
    ["worktree", "fork", "HEAD"],
    ["worktree", "fork", "--live"],
    ["worktree", "rename", "try"],
    ["worktree", "remove"],
    ["worktree", "path"],
    ["ref", "create"],
    ["ref", "delete"],
    ["restore", "HEAD", "--name"],
  ];
  const names = laboratory.isThorough ? LEADING_OUT : LEADING_OUT.slice(0, 1);
  for (const name of names) await box.error("E_PATH_ESCAPE", ["init", name], { cwd: box.outside });
  for (const command of commands) {
    for (const name of names) await box.error("E_PATH_ESCAPE", [...command, name]);
  }
  mustBe(namesIn(laboratory.folder), ["box"], "What is beside the repository");
  mustBe(namesIn(box.path), [".jvs", "main", "worktrees"], "What is in the repository");
  mustBe(namesIn(`${box.path}/worktrees`), ["try"], "The worktrees");

  // No link is followed that was put where a worktree stands.
  const elsewhere = `${laboratory.folder}/elsewhere`;
  Deno.mkdirSync(elsewhere);
  Deno.writeTextFileSync(`${elsewhere}/precious`, "mine");
  Deno.renameSync(`${box.path}/worktrees/try`, `${box.outside}/try`);
  Deno.symlinkSync(elsewhere, `${box.path}/worktrees/try`);
  for (const args of [["snapshot", "--worktree", "try"], ["worktree", "remove", "try", "--force"]]) {
    await box.error("E_PATH_ESCAPE", args);
  }
  mustBe(namesIn(elsewhere), ["precious"], "What a link in place of a worktree leads to");
  Deno.removeSync(`${box.path}/worktrees/try`);
  Deno.renameSync(`${box.outside}/try`, `${box.path}/worktrees/try`);
  await box.audit();
}

const ID = /^\d{13}-[0-9a-f]{8}$/;

async function checkIds(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const ids: string[] = [];
  for (let i = 0; i < (laboratory.isThorough ? 8 : 3); i++) {
    box.write("a.txt", `${i}\n`);
    const before = Date.now();
    const { snapshot_id: id } = await box.save("");
    const time = Number(id.slice(0, 13));
    must(ID.test(id), `An id must have 13 digits and 8 hex digits: ${id}`);
    must(time >= before && time <= Date.now(), `The time in ${id} must be that of the snapshot`);
    must(id.slice(0, 13) > (ids.at(-1) ?? "").slice(0, 13), `${id} must be above ${ids.at(-1)}`);
    ids.push(id);
  }
  mustBe(
    (await box.history()).map(({ snapshot_id }) => snapshot_id),
    ids.reverse(),
    "The order of the history",
  );
  // As a killed snapshot of a host whose clock is an hour ahead leaves it.
  const ahead = `${Number(ids[0]?.slice(0, 13)) + 3_600_000}-0000abcd`;
  Deno.mkdirSync(`${box.control}/snapshots/${ahead}.tmp`);
  const { snapshot_id: next } = await box.save("next");
  must(ID.test(next) && next > ahead, `${next} must be above ${ahead}, which lies in the future`);
}

async function checkRefs(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a", "1");
  const { snapshot_id: id } = await box.save("first");
  await box.json(["ref", "create", "best", "HEAD", "--reason", "it won"]);
  await box.error("E_ALREADY_EXISTS", ["ref", "create", "best"]);
  for (const name of ["HEAD", "LATEST", ".x", "a b", "ä", "x".repeat(129), id]) {
    await box.error("E_NAME_INVALID", ["ref", "create", name]);
  }
  await box.error("E_NOT_FOUND", ["ref", "create", "other", "nonsense"]);
  const { refs } = await box.json<{ refs: { ref_name: string; snapshot_id: string }[] }>(["ref", "list"]);
  mustBe(refs.map((ref) => [ref.ref_name, ref.snapshot_id]), [["best", id]], "The refs");
  await box.json(["ref", "delete", "best"]);
  await box.error("E_NOT_FOUND", ["ref", "delete", "best"]);
  must((await box.run(["ref", "create"])).code !== 0, "A ref without a name must be refused");
  const records = box.records().filter(({ operation }) => operation.startsWith("ref "));
  mustBe(
    records.map(({ operation, target, reason }) => [operation, target, reason]),
    [["ref create", "best", "it won"], ["ref delete", "best", null]],
    "The audit records of refs",
  );
  await box.audit();
}

async function checkNested(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("deep/er/file", "1");
  await box.save("first", { cwd: `${box.main}/deep/er` });
  await box.json(["worktree", "fork", "try"], { cwd: `${box.main}/deep` });
  const worktreeAt = async (cwd: string) => (await box.json(["status"], { cwd }))["worktree"];
  mustBe(await worktreeAt(`${box.main}/deep/er`), "main", "The worktree of a nested folder");
  mustBe(await worktreeAt(`${box.path}/worktrees/try/deep/er`), "try", "The worktree of a nested folder");
  mustBe(await worktreeAt(box.path), "main", "The worktree where there is none");
  await box.audit();

  const work = `${laboratory.folder}/work`;
  Deno.mkdirSync(`${work}/deep`, { recursive: true });
  Deno.writeTextFileSync(`${work}/deep/file`, "1");
  await box.json(["adopt", "work"], { cwd: laboratory.folder });
  await box.save("first", { cwd: `${work}/deep` });
  mustBe(await worktreeAt(`${work}/deep`), "main", "The worktree of a folder in an adopted one");
}

async function checkPayloadRoot(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  mustBe(namesIn(box.main), [], "A new worktree");
  box.write("a", "1");
  const { snapshot_id: id } = await box.save("first");
  box.write("a", "2");
  await box.json(["restore", id]);
  await box.json(["worktree", "fork", "fork"]);
  await box.json(["worktree", "fork", "--live", "live"]);
  await box.json(["worktree", "create", "empty"]);
  mustBe(namesIn(box.main), ["a"], "The worktree after a restore");
  const made = ["fork", "live", "empty"].map((name) => namesIn(`${box.path}/worktrees/${name}`));
  mustBe(made, [["a"], ["a"], []], "New worktrees");
  mustBe(namesIn(`${box.control}/snapshots/${id}`), ["a"], "The payload of a snapshot");
  await box.audit();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

async function checkConfig(laboratory: Laboratory): Promise<void> {
  const { control, main } = await Box.make(laboratory);
  const { worktree_id, identity, created_at, ...rest } = JSON.parse(
    Deno.readTextFileSync(`${control}/worktrees/main/config.json`),
  );
  must(
    UUID.test(worktree_id) && TIME.test(created_at),
    `${worktree_id} must be a UUID, and ${created_at} a time`,
  );
  mustBe(identity.inode, String(Deno.statSync(main).ino), "The inode of main in its record");
  const name = "main";
  const none = { base_snapshot_id: null, head_snapshot_id: null, latest_snapshot_id: null };
  const expected = { name, path: "main", isolation: "exclusive", ...none, fencing_token: 0, label: "" };
  const sorted = (of: object) => Object.entries(of).sort(([a], [b]) => a < b ? -1 : 1);
  mustBe(sorted(rest), sorted(expected), "The record of main");
  mustBe(Deno.readTextFileSync(`${control}/format_version`), "2\n", "The format");
  must(UUID.test(Deno.readTextFileSync(`${control}/repo_id`).trim()), "The repository's id must be a UUID");
  mustBe((Deno.statSync(control).mode ?? 0) & 0o7777, 0o700, "The mode of .jvs");
}

async function checkRemove(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a", "1");
  await box.save("first");
  await box.json(["worktree", "fork", "try"]);
  const inTry = box.at("try");
  Deno.writeTextFileSync(`${inTry.cwd}/b`, "2");
  const { snapshot_id: id } = await box.save("in the fork", inTry);
  Deno.writeTextFileSync(`${inTry.cwd}/c`, "unsaved");
  await box.error("E_UNSAVED_CHANGES", ["worktree", "remove", "try"]);
  const { autosave_snapshot_id: kept } = await box.json(["worktree", "remove", "try", "--force"]);
  mustBe(namesIn(`${box.path}/worktrees`), [], "The folders of worktrees");
  mustBe(namesIn(`${box.control}/worktrees`), ["main"], "The records of worktrees");
  mustBe(namesIn(`${box.control}/snapshots/${id}`), ["a", "b"], "The snapshot of the removed worktree");
  mustBe(namesIn(`${box.control}/snapshots/${kept}`), ["a", "b", "c"], "What was unsaved in it");
  await box.json(["worktree", "fork", id, "again"]);
  mustBe(namesIn(`${box.path}/worktrees/again`), ["a", "b"], "A fork of its snapshot");
  await box.error("E_USAGE", ["worktree", "remove", "main", "--force"]);
  await box.audit();
}

async function checkTags(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a", "1");
  for (const tag of ["a b", "a/b", "ä", "a:b", "", "a\nb"]) {
    await box.error("E_NAME_INVALID", ["snapshot", "bad", "--tag", tag]);
  }
  mustBe(namesIn(`${box.control}/snapshots`), [], "Snapshots with a bad tag");
  const tags = ["v1.0", "Best_so-far", ".x"];
  const saved = await box.save("good", {}, ...[...tags, "v1.0"].flatMap((tag) => ["--tag", tag]));
  mustBe(saved.tags, tags, "The tags of the snapshot");
  const stored = JSON.parse(Deno.readTextFileSync(`${box.control}/descriptors/${saved.snapshot_id}.json`));
  mustBe(stored.tags, tags, "The tags in its descriptor");
  const { snapshot } = await box.json<{ snapshot: { snapshot_id: string } }>(["show", "v1.0"]);
  mustBe(snapshot.snapshot_id, saved.snapshot_id, "The snapshot of this tag");
  await box.audit();
}
