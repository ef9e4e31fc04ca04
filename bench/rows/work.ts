import { run } from "../process.ts";
import { type Project, sharedProject } from "../projects.ts";
import type { Contender, Ground, Jvs, Place, Row, Scene, Target } from "../scene.ts";
import { backupsOf, gitStatusOf, hashOf, linkCopyOf, reflinkCopyOf, scanOf } from "../tools.ts";
import { changeSome, type Size, sizeText } from "../trees.ts";
import { PLAIN_FOLDERS } from "./btrfs.ts";

/** How a copy of a tree is made beside a snapshot. */
export type Copy = "cp -a --reflink=always" | "cp -al";

const COPIES = { "cp -a --reflink=always": reflinkCopyOf, "cp -al": linkCopyOf };

/** What a row of the work with a tree needs to be made. */
interface Work {
  readonly title: string;
  readonly place: Place;
  readonly size: Size;
  readonly against: string;
  readonly target: Target | null;
  readonly needs?: Row["needs"];
  readonly env?: Readonly<Record<string, string>>;
  readonly scene: (project: Project, ground: Ground, jvs: Jvs) => Promise<Scene>;
}

/** A row about a saved project of some size. */
export function workRow({ title, place, size, against, target, needs = [], env, scene }: Work): Row {
  const fileSystem = place === "xfs" ? "XFS" : place === "juicefs-redis" ? "JuiceFS" : place;
  return {
    name: `${title}, ${sizeText(size)}, ${fileSystem}`,
    place,
    needs,
    against,
    target,
    scene: async (jvs, ground) => await scene(await sharedProject(jvs, ground, size, env), ground, jvs),
  };
}

/** The first snapshot, of files that are in memory. */
export function firstSnapshot(size: Size, target: Target | null): Row {
  return workRow({
    title: "first snapshot",
    place: "xfs",
    size,
    against: "cp -a --reflink=always",
    target,
    scene: (project, { folder }) =>
      Promise.resolve({
        ours: { ...project.command("snapshot", "-q"), before: () => project.renew() },
        reference: () => [{ times: 1, contender: reflinkCopyOf(project.main, folder) }],
        beside: () => size.files <= 20_000 ? backupsOf(project.main, folder, { first: true }) : [],
      }),
  });
}

/** A snapshot after one file of a hundred changed. */
export function repeatedSnapshot(place: Place, size: Size, against: Copy, target: Target | null): Row {
  return workRow({
    title: "repeated snapshot, 1 % changed",
    place,
    size,
    against,
    target,
    env: place === "btrfs" ? PLAIN_FOLDERS : {},
    scene: async (project, { folder }) => ({
      ours: (await project.save()).command("snapshot", "-q"),
      beforeRound: async () => void await changeSome(project.main, 100),
      reference: async () => [{ times: 1, contender: await COPIES[against](project.main, folder) }],
      beside: () =>
        place === "xfs" && size.files <= 20_000 ? backupsOf(project.main, folder, { first: false }) : [],
    }),
  });
}

/** What status says of a tree in which nothing changed. */
export function unchangedStatus(size: Size, target: Target | null): Row {
  return workRow({
    title: "status, nothing changed",
    place: "xfs",
    size,
    against: "git status",
    target,
    needs: ["git"],
    scene: async (project, { folder }) => ({
      ours: (await project.save()).command("status"),
      reference: async () => [{ times: 1, contender: await gitStatusOf(project.main, folder) }],
    }),
  });
}

/** Back to the last snapshot, when one file of `every` differs. */
export function restore(every: number, size: Size, target: Target | null): Row {
  return workRow({
    title: `restore, ${every === 1 ? "all files differ" : "1 % differs"}`,
    place: "xfs",
    size,
    against: "cp -a --reflink=always",
    target,
    scene: async (project, { folder }) => ({
      ours: (await project.save()).command("restore", "LATEST", "--discard"),
      beforeRound: async () => void await changeSome(project.main, every),
      reference: () => [{ times: 1, contender: reflinkCopyOf(project.main, folder) }],
    }),
  });
}

/** A new worktree from the last snapshot. */
export function fork(size: Size): Row {
  return workRow({
    title: "fork",
    place: "xfs",
    size,
    against: "cp -a --reflink=always",
    target: null,
    scene: async (project, { folder }) => ({
      ours: (await project.save()).command("worktree", "fork", "fork-{turn}"),
      reference: () => [{ times: 1, contender: reflinkCopyOf(project.main, folder) }],
    }),
  });
}

/** A snapshot that shares no file with others, and that nothing keeps, is collected. */
export function collection(size: Size): Row {
  return workRow({
    title: "gc run of one snapshot",
    place: "xfs",
    size,
    against: "rm -rf",
    target: null,
    scene: async (project, { folder }) => {
      await project.save();
      let made = 0;
      const addGarbage = async () => {
        const name = `garbage-${++made}`;
        const garbage = `${project.folder}/project/worktrees/${name}`;
        await project.jvsRun("worktree", "create", name);
        await run("cp", ["-a", "--reflink=always", `${project.main}/.`, garbage], folder);
        await project.jvsRun("-C", garbage, "snapshot", name, "-q");
        await project.jvsRun("worktree", "remove", name);
        await project.jvsRun("gc", "unpin", name);
        await run("sync", ["-f", folder], folder); // what was just made is not part of what is measured
      };
      const copy = `${folder}/copy`;
      const addCopy = async () => {
        await run("cp", ["-a", "--reflink=always", project.main, copy], folder);
        await run("sync", ["-f", folder], folder);
      };
      const remove = { name: "rm -rf", command: ["rm", "-rf", copy], cwd: folder, before: addCopy };
      return {
        ours: { ...project.command("gc", "run", "--yes"), before: addGarbage },
        reference: () => [{ times: 1, contender: remove }],
      };
    },
  });
}

/** All content of a snapshot is read and hashed. */
export function verify(size: Size, peakMb?: number): Row {
  return workRow({
    title: "verify",
    place: "xfs",
    size,
    against: "SHA-256 on all cores",
    target: { times: 1 / 0.8, ...(peakMb === undefined ? {} : { peakMb }) },
    scene: async (project) => {
      const ours = (await project.save()).command("verify", "HEAD");
      return { ours, reference: () => [{ times: 1, contender: hashOf(project.main) }] };
    },
  });
}

/** For an earlier JVS only: what differs from the last snapshot. */
export function diff(size: Size): Row {
  return workRow({
    title: "diff with the last snapshot",
    place: "xfs",
    size,
    against: "a scan",
    target: null,
    scene: async (project) => {
      const ours: Contender = (await project.save()).command("diff");
      return { ours, reference: () => [{ times: 1, contender: scanOf(project.main) }] };
    },
  });
}
