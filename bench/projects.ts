import { removeTree, run } from "./process.ts";
import type { Contender, Ground, Jvs } from "./scene.ts";
import { makeTree, type Size, sizeText } from "./trees.ts";

/** A repository whose worktree `main` has a tree of some size and is saved. */
export class Project {
  constructor(
    private readonly jvs: Jvs,
    /** Where it and what belongs to it are. */
    readonly folder: string,
    readonly size: Size,
    private readonly env: Readonly<Record<string, string>> = {},
  ) {}

  get main(): string {
    return `${this.folder}/project/main`;
  }

  /** A command in its worktree, to time. */
  command(...args: string[]): Contender {
    return { name: "jvs", command: [this.jvs.bin, ...args], cwd: this.main, env: this.env };
  }

  /** Runs a command in its worktree. */
  async jvsRun(...args: string[]): Promise<void> {
    await run(this.jvs.bin, args, this.main, this.env);
  }

  async make(): Promise<void> {
    await run(this.jvs.bin, ["init", "project"], this.folder, this.env);
    await makeTree(this.main, this.size);
    await run("sync", ["-f", "."], this.folder);
  }

  /** Saves it, if anything changed. */
  async save(): Promise<this> {
    await this.jvsRun("snapshot", "-q", "--if-changed");
    return this;
  }

  /** Makes a new repository of the same files: they are moved, so that they stay in memory. */
  async renew(): Promise<void> {
    await moveContent(this.main, `${this.folder}/content`);
    await removeTree(`${this.folder}/project`);
    await run(this.jvs.bin, ["init", "project"], this.folder, this.env);
    await moveContent(`${this.folder}/content`, this.main);
    await run("sync", ["-f", "."], this.folder);
  }
}

/** The project of this size and this JVS on a ground, which all rows share; each row leaves it in good order. */
export function sharedProject(
  jvs: Jvs,
  ground: Ground,
  size: Size,
  env: Readonly<Record<string, string>> = {},
): Promise<Project> {
  return ground.once(`${jvs.name}, ${sizeText(size)}, ${JSON.stringify(env)}`, async (folder) => {
    const project = new Project(jvs, folder, size, env);
    await project.make();
    return project;
  });
}

/** Moves everything that is in a folder into another, which may be there. */
export async function moveContent(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for (const { name } of Deno.readDirSync(from)) Deno.renameSync(`${from}/${name}`, `${to}/${name}`);
}
