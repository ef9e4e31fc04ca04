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
      if (loses) await run("rm", ["-rf", `${project.folder}/project/.jvs/runtime/hosts`], "/");
      return await bytesOfSnapshot(project, { shares: place === "xfs" }) / entriesOf(size);
    },
  });
  return (["xfs", "ext4"] as const).flatMap((place) => [row(place, false), row(place, true)]);
}

async function bytesOfSnapshot(project: Project, { shares }: { shares: boolean }): Promise<number> {
  const changed = await changeSome(project.main, 100);
  const before = await usedBytes(project.folder);
  await project.jvsRun("snapshot", "-q");
  // Without reflinks the content of a changed file is there twice.
  return await usedBytes(project.folder) - before - (shares ? 0 : 4096 * changed);
}

async function usedBytes(folder: string): Promise<number> {
  await run("sync", ["-f", folder], "/");
  const [blocks = NaN, free = NaN, size = NaN] = (await run("stat", ["-f", "-c", "%b %f %S", folder], "/"))
    .trim().split(" ").map(Number);
  return (blocks - free) * size;
}
