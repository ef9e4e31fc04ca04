import {
  bringBack,
  type BrokenRepository,
  change,
  cut,
  forgeParent,
  makeAgain,
  moveAway,
  partsOf,
  says,
} from "./break_and_mend.ts";
import { leaveIntent } from "./leftovers.ts";
import { mustRun } from "./run.ts";
import { type SoundBox, UNKNOWN } from "./sound_box.ts";

const DAMAGED = says("critical", "E_DESCRIPTOR_CORRUPT");
const MAIN = "worktrees/main/config.json";

/** Records and content of snapshots, worktrees, refs and pins that are broken. */
export const BROKEN_RECORDS: readonly BrokenRepository[] = [
  {
    name: "nothing of a snapshot but its audit record",
    ...says("critical", "SNAPSHOT_MISSING"),
    breakIt: (box) => moveAway(box, ...partsOf(box.leaf)),
    mend: (box) => bringBack(box, ...partsOf(box.leaf)),
  },
  {
    name: "a snapshot without its commit marker",
    ...says("critical", "READY_MISSING", "rebuild_ready"),
    breakIt: (box) => moveAway(box, `snapshots/${box.leaf}.READY`),
  },
  {
    name: "a head without its commit marker",
    ...says("critical", "READY_MISSING", "rebuild_ready"),
    also: ["E_LINEAGE_BROKEN"],
    breakIt: (box) => moveAway(box, `snapshots/${box.head}.READY`),
  },
  {
    name: "a snapshot without content that was never pruned, but marked so",
    ...says("critical", "E_PAYLOAD_HASH_MISMATCH"),
    breakIt: (box) => {
      moveAway(box, `snapshots/${box.leaf}`);
      const [ready, pruned] = ["READY", "PRUNED"].map((kind) =>
        `${box.control}/snapshots/${box.leaf}.${kind}`
      );
      const marker = JSON.parse(Deno.readTextFileSync(`${ready}`));
      Deno.writeTextFileSync(`${pruned}`, JSON.stringify({ ...marker, plan_id: "0123456789abcdef" }));
      moveAway(box, `snapshots/${box.leaf}.READY`);
    },
    mend: (box) => {
      bringBack(box, `snapshots/${box.leaf}`, `snapshots/${box.leaf}.READY`);
      Deno.removeSync(`${box.control}/snapshots/${box.leaf}.PRUNED`);
    },
  },
  {
    name: "a snapshot without its commit marker and its descriptor",
    ...says("critical", "READY_MISSING"),
    breakIt: (box) => moveAway(box, `snapshots/${box.leaf}.READY`, `descriptors/${box.leaf}.json`),
    mend: (box) => bringBack(box, `snapshots/${box.leaf}.READY`, `descriptors/${box.leaf}.json`),
  },
  ...damaged("descriptor", ({ leaf }) => `descriptors/${leaf}.json`),
  ...damaged("index of a manifest", ({ leaf }) => `manifests/${leaf}`),
  ...damaged("pack of a manifest", ({ leaf }) => `manifests/${leaf}.pack`),
  ...damaged("id of the repository", () => "repo_id"),
  {
    name: "the id of the repository cut, where no copy has it",
    ...DAMAGED,
    breakIt: (box) => cut(box, "repo_id"),
    async mend({ box, control }) {
      Deno.writeTextFileSync(`${control}/repo_id`, `${crypto.randomUUID()}\n`);
      await box.json(["gc", "run", "--yes"]);
    },
  },
  ...damaged("record of a worktree", () => MAIN),
  {
    name: "a lease that is cut",
    ...says("error", "E_DESCRIPTOR_CORRUPT"),
    async breakIt(box) {
      const { lease } = await box.box.json<{ lease: { worktree_id: string } }>(["lock", "acquire"]);
      cut(box, `runtime/shared/leases/${lease.worktree_id}.json`);
    },
    async mend({ box }) {
      const { lease } = await box.json<{ lease: { session_id: string } }>(["lock", "steal", "--force"]);
      await box.json(["lock", "release", "--session", lease.session_id]);
    },
  },
  {
    name: "a worktree's record that is cut, where no copy has it",
    ...DAMAGED,
    breakIt: (box) => cut(box, MAIN),
    async mend(box) {
      moveAway(box, MAIN);
      await makeAgain(box);
    },
  },
  {
    name: "a commit marker that is cut",
    ...DAMAGED,
    breakIt: (box) => cut(box, `snapshots/${box.leaf}.READY`),
    async mend(box) {
      moveAway(box, `snapshots/${box.leaf}.READY`);
      await box.box.json(["doctor", "--repair", "rebuild_ready"]);
    },
  },
  {
    name: "an intent that is cut",
    ...says("error", "E_DESCRIPTOR_CORRUPT"),
    breakIt: ({ control }) => Deno.truncateSync(leaveIntent(control, "restore"), 99),
    mend: ({ control }) =>
      void mustRun("find", `${control}/runtime/shared/intents`, "-name", "*.json", "-delete"),
  },
  {
    name: "an intent that no recovery understands",
    ...says("error", "E_DESCRIPTOR_CORRUPT"),
    breakIt: ({ control }) => void leaveIntent(control, "lock acquire", { worktree_id: null }),
    mend: ({ control }) =>
      void mustRun("find", `${control}/runtime/shared/intents`, "-name", "*.json", "-delete"),
  },
  {
    name: "a tombstone that is cut",
    ...DAMAGED,
    breakIt: ({ control }) => {
      Deno.mkdirSync(`${control}/gc/tombstones`, { recursive: true });
      Deno.writeTextFileSync(`${control}/gc/tombstones/${crypto.randomUUID()}.json`, "{");
    },
    mend: (box) => {
      const [name] = [...Deno.readDirSync(`${box.control}/gc/tombstones`)].map((entry) => entry.name);
      moveAway(box, `gc/tombstones/${name}`);
    },
  },
  {
    name: "a manifest of a newer version",
    ...says("critical", "E_FORMAT_UNSUPPORTED"),
    breakIt: ({ control, leaf }) => {
      const file = `${control}/manifests/${leaf}.pack`;
      const bytes = Deno.readFileSync(file);
      bytes[PACK_VERSION] = 99;
      Deno.writeFileSync(file, bytes);
    },
    mend: (box) => bringBack(box, `manifests/${box.leaf}.pack`),
  },
  {
    name: "a snapshot with a file that was changed, one that is gone and one more",
    ...says("critical", "E_PAYLOAD_HASH_MISMATCH"),
    breakIt: ({ control, leaf }) => {
      const payload = `${control}/snapshots/${leaf}`;
      Deno.chmodSync(payload, 0o700);
      Deno.removeSync(`${payload}/a.txt`);
      Deno.writeTextFileSync(`${payload}/a.txt`, "else\n");
      Deno.removeSync(`${payload}/folder/b.txt`);
      Deno.writeTextFileSync(`${payload}/more.txt`, "more\n");
    },
    mend: (box) => bringBack(box, `snapshots/${box.leaf}`),
  },
  {
    name: "a file that several snapshots share, changed by a program that wrote into it",
    ...says("critical", "E_PAYLOAD_HASH_MISMATCH"),
    breakIt: (box) => {
      for (const path of sharedFiles(box)) {
        const file = `${box.control}/${path}`;
        const { mtime } = Deno.statSync(file);
        Deno.chmodSync(file, 0o644);
        Deno.writeTextFileSync(file, "evil\n");
        Deno.utimeSync(file, new Date(), mtime ?? 0);
      }
    },
    mend: (box) => bringBack(box, ...sharedFiles(box).map((path) => path.replace("/folder/b.txt", ""))),
  },
  {
    name: "a snapshot without its content",
    ...says("critical", "E_PAYLOAD_HASH_MISMATCH"),
    breakIt: (box) => moveAway(box, `snapshots/${box.leaf}`),
    mend: (box) => bringBack(box, `snapshots/${box.leaf}`),
  },
  {
    name: "a snapshot whose content lost metadata",
    ...says("warning", "E_DEGRADED"),
    breakIt: ({ control, leaf }) => void mustRun("touch", "-d", "@1", `${control}/snapshots/${leaf}/folder`),
    mend: (box) => bringBack(box, `snapshots/${box.leaf}`),
  },
  {
    name: "a snapshot whose parent is missing",
    ...says("critical", "E_LINEAGE_BROKEN"),
    also: ["SNAPSHOT_MISSING"],
    breakIt: (box) => moveAway(box, ...partsOf(box.second)),
    mend: (box) => bringBack(box, ...partsOf(box.second)),
  },
  {
    name: "a snapshot that is its own ancestor",
    ...says("critical", "E_LINEAGE_BROKEN"),
    breakIt: (box) => forgeParent(box, box.first, box.second),
    mend: (box) => bringBack(box, `descriptors/${box.first}.json`, `snapshots/${box.first}.READY`),
  },
  ...["head", "latest"].map((what): BrokenRepository => ({
    name: `a worktree whose ${what} is missing`,
    ...says("critical", "E_LINEAGE_BROKEN"),
    also: ["HEAD_ORPHAN"], // what was saved after that one, or where the audit trail says that it stands
    breakIt: (box) => change(box, MAIN, { [`${what}_snapshot_id`]: UNKNOWN }),
    mend: (box) => bringBack(box, MAIN),
  })),
  {
    name: "a worktree whose head is missing, also in the copy",
    ...says("critical", "E_LINEAGE_BROKEN"),
    also: ["HEAD_ORPHAN"],
    breakIt: (box) => change(box, MAIN, { head_snapshot_id: UNKNOWN, latest_snapshot_id: UNKNOWN }),
    async mend(box) {
      moveAway(box, MAIN);
      await makeAgain(box);
    },
  },
  {
    name: "a ref whose snapshot is missing",
    ...says("error", "E_LINEAGE_BROKEN"),
    breakIt: (box) => change(box, "refs/named.json", { snapshot_id: UNKNOWN }),
    mend: async ({ box }) => void await box.json(["ref", "delete", "named"]),
  },
  {
    name: "a pin whose snapshot is missing",
    ...says("error", "E_LINEAGE_BROKEN"),
    breakIt: (box) => change(box, `gc/pins/${box.pin}.json`, { snapshot_id: UNKNOWN }),
    mend: async ({ box, pin }) => void await box.json(["gc", "unpin", pin]),
  },
  {
    name: "a snapshot to which the head was not moved",
    ...says("warning", "HEAD_ORPHAN", "advance_head"),
    breakIt: (box) => change(box, MAIN, { head_snapshot_id: box.second, latest_snapshot_id: box.second }),
  },
];

/** A file that is the same in all snapshots: one inode, where the file system shares no blocks. */
function sharedFiles({ first, head, leaf, second }: SoundBox): string[] {
  return [first, second, head, leaf].map((id) => `snapshots/${id}/folder/b.txt`);
}

/** Where a pack has its version. */
const PACK_VERSION = "JVSPACK\n".length;

/** A record that is cut, and one that is missing; the copy has it. */
function damaged(what: string, pathOf: (box: SoundBox) => string): BrokenRepository[] {
  const mend = (box: SoundBox) => bringBack(box, pathOf(box));
  return [
    { name: `the ${what} cut`, ...DAMAGED, breakIt: (box) => cut(box, pathOf(box)), mend },
    { name: `the ${what} missing`, ...DAMAGED, breakIt: (box) => moveAway(box, pathOf(box)), mend },
  ];
}
