import { jvsEnvironment } from "../../tests/support/jvs.ts";
import { asUser, USER } from "../../tests/support/as_user.ts";
import { run } from "../process.ts";
import { Project, sharedProject } from "../projects.ts";
import type { Contender, Ground, Jvs, Row, Scene } from "../scene.ts";
import { scanOf } from "../tools.ts";
import { changeSome, type Size, sizeText } from "../trees.ts";

/** With this, worktrees on btrfs are plain folders. */
export const PLAIN_FOLDERS = { JVS_SNAPSHOT_ENGINE: "reflink-copy" };

/** Snapshots of a subvolume by one call: for root, who may ask btrfs what changed, and for another user, who may not. */
export function subvolumeRows(size: Size): Row[] {
  const name = `repeated snapshot, 1 % changed, ${sizeText(size)}, btrfs subvolume`;
  return [
    {
      name: `${name}, as root`,
      place: "btrfs",
      against: "jvs version",
      target: { times: 1, plusMs: 150 },
      scene: async (jvs, ground) =>
        scene(await sharedProject(jvs, ground, size), () => versionOf(jvs, ground)),
    },
    {
      name: `${name}, as a user`,
      place: "btrfs",
      needs: ["user"],
      onlyNow: true,
      against: "2 scans",
      target: { times: 1, plusMs: 60 },
      scene: async (_jvs, ground) => {
        const project = await projectOfUser(ground, size);
        return scene(project, () => scanOf(project.main), 2);
      },
    },
  ];
}

async function scene(project: Project, contender: () => Contender, times = 1): Promise<Scene> {
  return {
    ours: (await project.save()).command("snapshot", "-q"),
    beforeRound: async () => void await changeSome(project.main, 100),
    reference: () => [{ times, contender: contender() }],
  };
}

/** `jvs version`, which has nothing to do. */
export function versionOf({ bin }: Jvs, { folder }: Pick<Ground, "folder">): Contender {
  return { name: "jvs version", command: [bin, "version"], cwd: folder };
}

/** A project of an ordinary user, who may make and delete subvolumes there. */
function projectOfUser(ground: Ground, size: Size): Promise<Project> {
  return ground.once(`of a user, ${sizeText(size)}`, async (folder) => {
    const { program, env } = await jvsEnvironment(USER);
    const bin = `${folder}/jvs`;
    const [first, ...rest] = asUser(USER, program, []);
    Deno.writeTextFileSync(bin, `#!/bin/sh\nexec ${[first, ...rest].join(" ")} "$@"\n`, { mode: 0o755 });
    const mount = folder.slice(0, folder.lastIndexOf("/"));
    await run("mount", ["-o", "remount,user_subvol_rm_allowed", mount], "/");
    Deno.chownSync(folder, USER, USER);
    const project = new Project({ name: "jvs", bin, root: "" }, folder, size, env);
    await project.make();
    await run("chown", ["-R", `${USER}:${USER}`, project.main], folder);
    return project;
  });
}
