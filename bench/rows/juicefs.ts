import { moveContent, type Project } from "../projects.ts";
import type { Ground, Part, Row, Scene } from "../scene.ts";
import { juicefsCloneOf, removeVolumeTree, scanOf } from "../tools.ts";
import { changeSome, type Size } from "../trees.ts";
import { workRow } from "./work.ts";

/** The work on a volume with its metadata in Redis: each is one clone of the tree and some scans. */
export function juicefsRows(size: Size): Row[] {
  return [
    juicefsRow("repeated snapshot, 1 % changed", size, { scans: 2, plusMs: 100 }, (project) => ({
      ours: project.command("snapshot", "-q"),
      beforeRound: async () => void await changeSome(project.main, 100),
    })),
    juicefsRow("fork", size, { scans: 1, plusMs: 100 }, (project) => ({
      ours: project.command("worktree", "fork", "fork-{turn}"),
    })),
    juicefsRow("restore of everything", size, { scans: 2, plusMs: 200 }, (project, { folder }) => ({
      ours: {
        ...project.command("restore", "LATEST", "--discard"),
        before: async () => {
          await moveContent(project.main, `${folder}/removed`);
          await removeVolumeTree(`${folder}/removed`);
        },
      },
    })),
  ];
}

function juicefsRow(
  title: string,
  size: Size,
  { scans, plusMs }: { scans: number; plusMs: number },
  sceneOf: (project: Project, ground: Ground) => Omit<Scene, "reference">,
): Row {
  return workRow({
    title,
    place: "juicefs-redis",
    size,
    against: `juicefs clone -p + ${scans === 1 ? "1 scan" : `${scans} scans`}`,
    target: { times: 1, plusMs },
    scene: async (project, ground) => {
      const { ours, ...rest } = sceneOf(await project.save(), ground);
      const { servers, folder } = ground;
      const reference = (): Part[] => [
        { times: 1, contender: juicefsCloneOf(project.main, folder, servers) },
        { times: scans, contender: scanOf(project.main, servers) },
      ];
      return { ours: { ...ours, servers }, reference, ...rest };
    },
  });
}
