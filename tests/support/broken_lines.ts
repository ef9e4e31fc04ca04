import type { Finding } from "../../src/model/records.ts";
import { type BrokenRepository, cut, lastRecord, makeAgain, moveAway, says } from "./break_and_mend.ts";
import { namesIn } from "./files.ts";
import { mustRun } from "./run.ts";
import type { SoundBox } from "./sound_box.ts";

const DAMAGED = says("critical", "E_DESCRIPTOR_CORRUPT");
const MAIN = "worktrees/main/config.json";

/** Records that alone keep a line of snapshots. What is made again in their place must keep the whole line, too. */
export const BROKEN_LINES: readonly BrokenRepository[] = [
  {
    name: "the pin of a removed worktree that is cut",
    ...DAMAGED,
    prepare: removeLine,
    breakIt: (box) => cut(box, pinOfLine(box)),
    async mend(box) {
      moveAway(box, pinOfLine(box));
      await makeKeepersAgain(box);
    },
  },
  {
    name: "no file of a pin of a removed worktree",
    ...DAMAGED,
    prepare: removeLine,
    breakIt: (box) => moveAway(box, pinOfLine(box)),
    mend: makeKeepersAgain,
  },
  {
    name: "no file of a pin, which is not needed any more",
    ...DAMAGED,
    breakIt: (box) => moveAway(box, `gc/pins/${box.pin}.json`),
    mend: async ({ box, pin }) => void await box.json(["gc", "unpin", pin]),
  },
  {
    name: "no file of a ref",
    ...DAMAGED,
    breakIt: (box) => moveAway(box, "refs/named.json"),
    mend: makeKeepersAgain,
  },
  {
    name: "no file of a ref, which is not needed any more",
    ...DAMAGED,
    breakIt: (box) => moveAway(box, "refs/named.json"),
    mend: async ({ box }) => void await box.json(["ref", "delete", "named"]),
  },
  {
    name: "no folder gc/pins",
    ...says("error", "LAYOUT"),
    also: ["E_DESCRIPTOR_CORRUPT"],
    prepare: removeLine,
    breakIt: (box) => moveAway(box, "gc/pins"),
    async mend(box) {
      mustRun("mkdir", `${box.control}/gc/pins`);
      await makeKeepersAgain(box);
    },
  },
  {
    name: "the ref of a line that was left that is cut",
    ...DAMAGED,
    prepare: leaveLine,
    breakIt: (box) => cut(box, `refs/${refOfLine(box)}.json`),
    async mend(box) {
      moveAway(box, `refs/${refOfLine(box)}.json`);
      await makeKeepersAgain(box);
    },
  },
  {
    name: "no folder refs",
    ...says("error", "LAYOUT"),
    also: ["E_DESCRIPTOR_CORRUPT"],
    prepare: leaveLine,
    breakIt: (box) => moveAway(box, "refs"),
    async mend(box) {
      mustRun("mkdir", `${box.control}/refs`);
      await makeKeepersAgain(box);
    },
  },
  {
    name:
      "a worktree's record that is cut, where no copy has it, and which is made again from an older snapshot",
    ...DAMAGED,
    async prepare({ box }) {
      for (const text of ["four\n", "five\n"]) {
        box.write("a.txt", text);
        await box.save();
      }
    },
    breakIt: (box) => cut(box, MAIN),
    async mend(box) {
      moveAway(box, MAIN);
      const { target } = await lastRecord(box, "--operation", "snapshot", "--worktree", "main");
      await box.box.json(["gc", "pin", target, "--line"], { cwd: box.box.path });
      await makeAgain(box);
    },
  },
];

/** Saves a line of three in a worktree of its own. */
async function saveLine({ box }: SoundBox): Promise<{ readonly cwd: string }> {
  await box.json(["worktree", "fork", "line"]);
  const there = { cwd: `${box.path}/worktrees/line` };
  for (const text of ["first", "second", "third"]) {
    Deno.writeTextFileSync(`${there.cwd}/line.txt`, `${text}\n`);
    await box.json(["snapshot", text], there);
  }
  return there;
}

/** Leaves a line that only the pin of its removed worktree keeps. */
async function removeLine(box: SoundBox): Promise<void> {
  await saveLine(box);
  await box.box.json(["worktree", "remove", "line"]);
}

function pinOfLine({ control, pin }: SoundBox): string {
  const [name] = namesIn(`${control}/gc/pins`).filter((each) => each !== `${pin}.json`);
  return `gc/pins/${name}`;
}

/** Makes refs and pins again whose files are gone, by the commands that doctor says. */
async function makeKeepersAgain({ box }: SoundBox): Promise<void> {
  const { json } = await box.run(["doctor", "--json"]);
  const { findings } = json as { findings: Finding[] };
  const commands = findings.flatMap(({ message }) =>
    [...message.matchAll(/`jvs ((?:ref create|gc pin|gc unpin) [^`]+)`/g)].map(([, command = ""]) => command)
  );
  for (const command of commands) await box.json(command.split(" "));
}

/** Leaves a line that only the ref of `snapshot --branch` keeps. */
async function leaveLine(box: SoundBox): Promise<void> {
  const there = await saveLine(box);
  await box.box.json(["restore", "HEAD~2"], there);
  Deno.writeTextFileSync(`${there.cwd}/line.txt`, "another\n");
  await box.box.json(["snapshot", "--branch"], there);
}

function refOfLine({ control }: SoundBox): string {
  const [name = ""] = namesIn(`${control}/refs`).filter((each) => each.startsWith("line-"));
  return name.replace(".json", "");
}
