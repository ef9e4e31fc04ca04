import { run } from "../process.ts";
import { type Project, sharedProject } from "../projects.ts";
import type { SpaceRow } from "../scene.ts";
import { changeSome, entriesOf, type Size, sizeText } from "../trees.ts";

/** What a repeated snapshot takes of the disk, besides the content that changed; after a lost cache too. */
export function spaceRows(size: Size): SpaceRow[] {
  const row = (place: "ext4" | "xfs", loses: boolean): SpaceRow => ({
    name: `space of a repeated snapshot${loses ? " after a lost cache" : ""}, ${sizeText(size)}, ${
      place === "xfs" ? "XFS" : place
    }`,
    place,
    atMost: 120,
    bytesPerEntry: async (jvs, ground) => {
      const project = await (await sharedProject(jvs, ground, size)).save();
      return await bytesOfSnapshot(project, { shares: place === "xfs", loses }) / entriesOf(size);
    },
  });
  return (["xfs", "ext4"] as const).flatMap((place) => [row(place, false), row(place, true)]);
}

async function bytesOfSnapshot(
  project: Project,
  { shares, loses }: { shares: boolean; loses: boolean },
): Promise<number> {
  const changed = await changeSome(project.main, 100);
  // With the cache: each worktree has one on each host, however many snapshots there are, and the snapshot makes a lost one again.
  const before = await usedBytes(project.folder);
  if (loses) await run("rm", ["-rf", `${project.folder}/project/.jvs/runtime/hosts`], "/");
  await project.jvsRun("snapshot", "-q");
  // Without reflinks the content of a changed file is there twice.
  return await usedBytes(project.folder) - before - (shares ? 0 : 4096 * changed);
}

async function usedBytes(folder: string): Promise<number> {
  // Only then has XFS given back what was deleted, and what it set aside behind the ends of files.
  for (const how of ["-f", "-u"]) await run("fsfreeze", [how, folder], "/");
  const [blocks = NaN, free = NaN, size = NaN] = (await run("stat", ["-f", "-c", "%b %f %S", folder], "/"))
    .trim().split(" ").map(Number);
  return (blocks - free) * size;
}
