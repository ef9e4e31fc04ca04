import { assertEquals, assertStringIncludes } from "@std/assert";
import type { BlackBox } from "./black_box.ts";
import { BROKEN_LINES } from "./broken_lines.ts";
import { BROKEN_RECORDS } from "./broken_records.ts";
import { BROKEN_SIGNATURES } from "./broken_signatures.ts";
import { bringBack, type BrokenRepository, change, moveAway, says } from "./break_and_mend.ts";
import { leaveIntent, LEFTOVERS } from "./leftovers.ts";
import { namesIn } from "./files.ts";
import { mustRun } from "./run.ts";

/** Leaves a pruned snapshot behind: the first of a line, of which a ref keeps the second. */
async function pruneOne(box: BlackBox): Promise<void> {
  await box.json(["worktree", "fork", "old"]);
  const old = { cwd: `${box.path}/worktrees/old` };
  const save = async (text: string) => {
    Deno.writeTextFileSync(`${old.cwd}/a.txt`, text);
    return (await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], old)).snapshot.snapshot_id;
  };
  await save("to be pruned\n");
  const kept = await save("kept\n");
  await box.json(["ref", "create", "next", kept]);
  await box.json(["worktree", "remove", "old"]);
  await box.json(["gc", "unpin", kept]);
  const { pruned, deleted } = await box.json<Record<"pruned" | "deleted", string[]>>(["gc", "run", "--yes"]);
  assertEquals([pruned.length, deleted.length], [1, 0]);
}

/** The ways in which a repository can be broken: at least one for each code of a finding. */
export const BROKEN: readonly BrokenRepository[] = [
  ...BROKEN_RECORDS,
  ...BROKEN_LINES,
  ...BROKEN_SIGNATURES,
  {
    name: "a cut audit trail",
    ...says("critical", "E_AUDIT_CHAIN_BROKEN", "audit_repair"),
    breakIt: ({ control }) => {
      const { size } = Deno.statSync(`${control}/audit/audit.jsonl`);
      Deno.truncateSync(`${control}/audit/audit.jsonl`, size >> 1);
    },
  },
  {
    name: "an edited audit trail",
    ...says("critical", "E_AUDIT_CHAIN_BROKEN", "audit_repair"),
    breakIt: ({ control }) => {
      const text = Deno.readTextFileSync(`${control}/audit/audit.jsonl`);
      Deno.writeTextFileSync(`${control}/audit/audit.jsonl`, text.replace('"note":"one"', '"note":"eno"'));
    },
  },
  {
    name: "an audit trail without HEAD",
    ...says("critical", "E_AUDIT_CHAIN_BROKEN", "audit_repair"),
    breakIt: ({ control }) => Deno.removeSync(`${control}/audit/HEAD`),
  },
  {
    name: "no audit trail",
    ...says("critical", "E_AUDIT_CHAIN_BROKEN", "audit_repair"),
    also: ["LAYOUT"],
    breakIt: ({ control }) => Deno.removeSync(`${control}/audit`, { recursive: true }),
  },
  {
    name: "a lost file of a rotated trail, with pruned snapshots",
    ...says("critical", "E_AUDIT_CHAIN_BROKEN", "audit_repair"),
    async breakIt({ box, control, first }) {
      await box.json(["config", "set", "audit.rotate_bytes", "1"]);
      await pruneOne(box);
      await box.json(["ref", "create", "later", first]); // in another file
      const files = namesIn(`${control}/audit`).map((name) => `${control}/audit/${name}`);
      const lost = files.filter((file) => Deno.readTextFileSync(file).includes('"operation":"gc run"'));
      assertEquals(lost.length, 1);
      Deno.removeSync(`${lost[0]}`);
    },
  },
  {
    name: "an audit record that is only announced",
    ...says("info", "AUDIT_PENDING"),
    breakIt: ({ control }) => {
      const lines = Deno.readTextFileSync(`${control}/audit/audit.jsonl`).trimEnd().split("\n");
      Deno.writeTextFileSync(`${control}/audit/audit.jsonl`, `${lines.slice(0, -1).join("\n")}\n`);
    },
    mend: async ({ box }) => void await box.json(["snapshot"]),
  },
  {
    name: "a symbolic link in the place of a folder",
    ...says("critical", "E_PATH_ESCAPE"),
    breakIt: ({ control, copy }) => {
      Deno.removeSync(`${control}/refs`, { recursive: true });
      Deno.symlinkSync(`${copy}/.jvs/refs`, `${control}/refs`);
    },
    mend: (box) => bringBack(box, "refs"),
  },
  {
    name: "a worktree's record that leads out of the repository",
    ...says("critical", "E_PATH_ESCAPE"),
    breakIt: (box) => change(box, "worktrees/other/config.json", { path: "../../elsewhere" }),
    mend: (box) => bringBack(box, "worktrees/other/config.json"),
  },
  {
    name: "a FIFO in the place of a ref",
    ...says("critical", "E_PERMISSION"),
    breakIt: ({ control }) => {
      Deno.removeSync(`${control}/refs/named.json`);
      mustRun("mkfifo", `${control}/refs/named.json`);
    },
    mend: (box) => bringBack(box, "refs/named.json"),
  },
  {
    name: "a folder in the place of a plan",
    ...says("critical", "E_PERMISSION"),
    async breakIt({ box, control }) {
      const { plan_id } = await box.json<{ plan_id: string }>(["gc", "plan"], { cwd: box.path });
      Deno.removeSync(`${control}/gc/plans/${plan_id}.json`);
      Deno.mkdirSync(`${control}/gc/plans/${plan_id}.json`);
      const { message, hint } = await box.error("E_PERMISSION", ["gc", "plan"], { cwd: box.path });
      assertStringIncludes(
        `${message}. ${hint}`,
        `${plan_id}.json": it is a folder, where a file of JVS must be`,
      );
      assertStringIncludes(hint, "move it away");
    },
    mend(box) {
      for (const name of namesIn(`${box.control}/gc/plans`)) moveAway(box, `gc/plans/${name}`);
    },
  },
  {
    name: "a second name of the audit trail",
    ...says("critical", "E_PERMISSION"),
    breakIt: ({ control, copy }) => Deno.linkSync(`${control}/audit/audit.jsonl`, `${copy}.name`),
    mend: ({ control }) => {
      const file = `${control}/audit/audit.jsonl`;
      mustRun("cp", "-p", file, `${file}.own`);
      mustRun("mv", `${file}.own`, file);
    },
  },
  {
    name: "a snapshot that the user may not read",
    ...says("warning", "E_PERMISSION"),
    kind: "of a user",
    requires: ["root", "user"],
    breakIt: ({ control, leaf }) => {
      mustRun("chown", "root:root", `${control}/snapshots/${leaf}/folder`);
      mustRun("chmod", "700", `${control}/snapshots/${leaf}/folder`);
    },
    mend: (box) => bringBack(box, `snapshots/${box.leaf}`),
  },
  {
    name: "a file that the device does not give",
    ...says("critical", "E_IO"),
    requires: ["strace", "ffi"],
    under: ({ control, leaf }) => ({
      under: [
        ...["strace", "-f", "-qq", "-o", "/dev/null", "-P", `${control}/descriptors/${leaf}.json`],
        ...["-e", "trace=read,pread64", "-e", "inject=read,pread64:error=EIO"],
      ],
    }),
    breakIt: () => {},
    mend: () => {}, // on another device it can be read
  },
  ...["seals", "gc/plans", "gc/tombstones"].map((folder): BrokenRepository => ({
    name: `no folder ${folder}`,
    ...says("error", "LAYOUT", "repair_runtime"),
    breakIt: ({ control }) => Deno.removeSync(`${control}/${folder}`, { recursive: true }),
  })),
  ...([
    ["snapshots", ["READY_MISSING", "E_LINEAGE_BROKEN"]],
    ["descriptors", ["E_DESCRIPTOR_CORRUPT"]],
    ["manifests", ["E_DESCRIPTOR_CORRUPT", "E_IO"]],
    ["worktrees", ["E_DESCRIPTOR_CORRUPT"]],
  ] as const).map(([folder, also]): BrokenRepository => ({
    name: `no folder ${folder}`,
    ...says("error", "LAYOUT"),
    also,
    breakIt: (box) => moveAway(box, folder),
    mend: (box) => bringBack(box, folder),
  })),
  {
    name: "no folder of a worktree",
    ...says("error", "WORKTREE_MISSING"),
    breakIt: ({ copy, other }) => void mustRun("mv", other, `${copy}.other`),
    async mend({ box, copy, other }) {
      Deno.mkdirSync(other);
      await box.json(["restore", "LATEST"], { cwd: other });
      mustRun("cp", "-a", `${copy}.other/c.txt`, other);
    },
  },
  {
    name: "no folder of an adopted worktree, which was moved",
    ...says("error", "WORKTREE_MISSING"),
    kind: "adopted",
    breakIt: ({ box }) => void mustRun("mv", box.main, `${box.main}.moved`),
    async mend({ box }) {
      mustRun("mv", `${box.main}.moved`, box.main);
      await box.json(["adopt", "--relocate"], { cwd: box.main });
    },
  },
  {
    name: "an adopted folder that was renamed with its history",
    ...says("error", "WORKTREE_MISSING"),
    kind: "adopted",
    breakIt: (box) => change(box, "worktrees/main/config.json", { path: "../before" }),
    mend: async ({ box }) => void await box.json(["adopt", "--relocate"], { cwd: box.main }),
  },
  {
    name: "another folder in the place of a worktree's",
    ...says("warning", "WORKTREE_REPLACED", "repair_runtime"),
    breakIt: ({ copy, other }) => {
      mustRun("mv", other, `${copy}.other`);
      mustRun("cp", "-a", `${copy}.other`, other);
    },
  },
  {
    name: "another folder in the place of an adopted worktree's",
    ...says("error", "WORKTREE_REPLACED"),
    kind: "adopted",
    breakIt: ({ box, copy }) => {
      mustRun("mv", box.main, `${copy}.main`);
      mustRun("cp", "-a", `${copy}.main`, box.main);
    },
    mend: async ({ box }) => void await box.json(["adopt", "--relocate"], { cwd: box.main }),
  },
  {
    name: "settings that cannot be read",
    ...says("error", "E_USAGE"),
    breakIt: ({ control }) => Deno.writeTextFileSync(`${control}/config.jsonc`, "{"),
    mend: (box) => moveAway(box, "config.jsonc"),
  },
  {
    name: "policies that cannot be read",
    ...says("error", "E_USAGE"),
    breakIt: ({ control }) =>
      Deno.writeTextFileSync(`${control}/gc/retention.json`, '{ "own": { "kep": 3 } }'),
    mend: (box) => moveAway(box, "gc/retention.json"),
  },
  {
    name: "a setting that does nothing",
    ...says("warning", "E_USAGE"),
    breakIt: ({ control }) => Deno.writeTextFileSync(`${control}/config.jsonc`, '{ "environment": {} }'),
    mend: ({ control }) => Deno.writeTextFileSync(`${control}/config.jsonc`, "{}"),
  },
  {
    name: "an operation that was interrupted",
    ...says("warning", "INTENT_OPEN", "clean_intents"),
    breakIt: ({ control, leaf }) =>
      void leaveIntent(control, "doctor advance_head", { target: leaf, claims: { snapshot_id: leaf } }),
  },
  ...LEFTOVERS.map(([what, make]): BrokenRepository => ({
    name: `${what}, which a crash left`,
    ...says("warning", "LEFTOVER", "clean_tmp"),
    breakIt: ({ control, leaf }) => make(control, leaf),
  })),
  {
    name: "no runtime, as in a copy",
    ...says("warning", "RUNTIME_MISSING", "repair_runtime"),
    breakIt: (box) => moveAway(box, "runtime"),
  },
  {
    name: "a snapshot that lies in the future",
    ...says("warning", "E_CLOCK_SKEW_EXCEEDED"),
    stays: true,
    async breakIt({ box, control }) {
      const reserved = `${control}/descriptors/${Date.now() + 3_600_000}-00000000.json.tmp`;
      Deno.writeTextFileSync(reserved, "");
      await box.json(["snapshot"]);
      Deno.removeSync(reserved);
    },
    mend: async ({ box }) => {
      box.write("a.txt", "saved after it\n");
      await box.json(["snapshot"]);
    },
  },
  {
    name: "a file of another program",
    ...says("info", "FOREIGN_FILE"),
    breakIt: ({ control }) => Deno.writeTextFileSync(`${control}/descriptors/notes.txt`, "mine"),
    mend: (box) => moveAway(box, "descriptors/notes.txt"),
  },
];
