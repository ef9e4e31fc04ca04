import { bundle, denoArguments } from "../../tasks/bundle.ts";
import { Project } from "../projects.ts";
import type { Contender, Ground, Jvs, Row } from "../scene.ts";

/** What it costs to start: commands that have almost nothing to do, beside a program that has nothing to do. */
export const START_ROWS: readonly Row[] = [
  startRow(
    "version, from source",
    5,
    (jvs, { folder }) => Promise.resolve(command(jvs.bin, folder, "version")),
  ),
  startRow("version, bundled", 2.5, (jvs, ground) => bundled(jvs, ground, "version")),
  startRow("status of ten files, from source", null, async (jvs, { folder }) => {
    return command(jvs.bin, await tenFiles(jvs, folder), "status");
  }),
  startRow("status of ten files, bundled", 4, (jvs, ground) => bundled(jvs, ground, "status")),
];

function startRow(
  name: string,
  times: number | null,
  ours: (jvs: Jvs, ground: Ground) => Promise<Contender>,
): Row {
  return {
    name,
    place: "anywhere",
    against: "an empty program",
    target: times === null ? null : { times },
    countsCpu: true,
    scene: async (jvs, ground) => ({
      ours: await ours(jvs, ground),
      reference: () => [{ times: 1, contender: emptyProgram(ground.folder) }],
    }),
  };
}

function command(bin: string, cwd: string, ...args: string[]): Contender {
  return { name: "jvs", command: [bin, ...args], cwd };
}

async function bundled(jvs: Jvs, { folder }: Ground, word: string): Promise<Contender> {
  const cwd = await tenFiles(jvs, folder);
  await bundle(`${folder}/bundle`, jvs.root);
  return { name: "jvs", command: [Deno.execPath(), ...denoArguments(`${folder}/bundle`), word], cwd };
}

async function tenFiles(jvs: Jvs, folder: string): Promise<string> {
  const project = new Project(jvs, folder, { files: 10, bigMb: 0 });
  await project.make();
  return (await project.save()).main;
}

/** A Deno that runs nothing. */
export function emptyProgram(folder: string): Contender {
  Deno.writeTextFileSync(`${folder}/empty.ts`, "");
  return { name: "an empty program", command: [Deno.execPath(), "run", "-q", "empty.ts"], cwd: folder };
}
