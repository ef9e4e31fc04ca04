import { CHECKOUT } from "../../tasks/bundle.ts";
import { run } from "../process.ts";
import { sharedProject } from "../projects.ts";
import type { Ground, Jvs, Row } from "../scene.ts";
import { makeTree } from "../trees.ts";
import { versionOf } from "./btrfs.ts";

/** Questions about a long history, beside `jvs version`, which asks nothing. */
export function manySnapshots(snapshots: number): Row[] {
  const among = `among ${snapshots.toLocaleString("en")} snapshots`;
  const row = (name: string, ...args: string[]): Row => ({
    name: `${name} ${among}`,
    place: "xfs",
    against: "jvs version",
    target: { times: 1, plusMs: 50 },
    countsCpu: true,
    scene: async (jvs, ground) => ({
      ours: { name: "jvs", command: [jvs.bin, ...args], cwd: await longHistory(jvs, ground, snapshots) },
      reference: () => [{ times: 1, contender: versionOf(jvs, ground) }],
    }),
  });
  return [
    row("history -n 10", "history", "-n", "10"),
    row("a tag", "history", "--tag", "tag-1"),
    row("show", "show", "tag-1"),
  ];
}

/** The plan of a garbage collection, which says of each snapshot what would come free, beside `jvs version`. */
export function gcPlan(snapshots: number, files: number): Row {
  return {
    name: `gc plan of ${snapshots.toLocaleString("en")} snapshots of ${files.toLocaleString("en")} files`,
    place: "xfs",
    against: "jvs version",
    target: { times: 1, plusMs: 300 },
    countsCpu: true,
    scene: async (jvs, ground) => {
      const cwd = await longHistory(jvs, ground, snapshots, files);
      // Of these ten stay. What the first plan finds out of each snapshot, the later ones know.
      const args = ["gc", "plan", "--policy", "thin"];
      await run(jvs.bin, args, cwd);
      return {
        ours: { name: "jvs", command: [jvs.bin, ...args], cwd },
        reference: () => [{ times: 1, contender: versionOf(jvs, ground) }],
      };
    },
  };
}

function longHistory(jvs: Jvs, ground: Ground, snapshots: number, files = 0): Promise<string> {
  return ground.once(`${jvs.name}, ${snapshots} snapshots of ${files}`, async (folder) => {
    await run(jvs.bin, ["init", "project"], folder);
    const main = `${folder}/project/main`;
    if (files > 0) await makeTree(main, { files, bigMb: 0 });
    await run(jvs.bin, ["snapshot"], main);
    const maker = `${CHECKOUT}/tests/support/many_snapshots.ts`;
    const config = ["-c", `${CHECKOUT}/deno.json`];
    const args = ["run", "-A", ...config, maker, `${folder}/project`, String(snapshots)];
    await run(Deno.execPath(), args, main);
    return main;
  });
}

/** Many forks, ten at a time, beside as many times the time of one. */
export function manyForks(forks: number, files: number): Row {
  return {
    name: `${forks} forks of ${files.toLocaleString("en")} files, 10 at a time`,
    place: "xfs",
    against: `${forks} x one fork`,
    target: { times: 0.5 },
    scene: async (jvs, ground) => {
      const project = await (await sharedProject(jvs, ground, { files, bigMb: 0 })).save();
      const one = project.command("worktree", "fork", "one-{turn}");
      const script = `seq ${forks} | xargs -P 10 -I @ "$1" worktree fork many-{turn}-@`;
      return {
        ours: { ...one, command: ["sh", "-c", script, "sh", jvs.bin] },
        reference: () => [{ times: forks, contender: { ...one, name: "one fork" } }],
      };
    },
  };
}
