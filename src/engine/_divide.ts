import type { Cloning } from "./_cloning.ts";
import type { FileWork } from "./_file_work.ts";

/** From so many files on workers pay: another thread takes 0.1 s of a processor to start, and to compile the same code again. */
export const MANY_FILES = 50_000;

/** File systems on which two threads make files faster than one. Elsewhere they wait for each other (btrfs), or it was not tried. */
const SCALING = ["xfs", "ext4"];

/** Does the work on all files: by workers and this thread where that pays. */
export async function divide(cloning: Cloning, work: FileWork): Promise<void> {
  const { platform, request: { workers }, root } = cloning;
  const { files, here, least } = work;
  const pays = workers !== undefined && workers.threads !== 1 && files.length >= least &&
    SCALING.includes(platform.fileSystem(root).kind);
  if (!pays) return await here(files);
  const { CloneTeam } = await import("./_clone_team.ts");
  const team = CloneTeam.begin(cloning, workers, work);
  if (team === undefined) return await here(files);
  await using _end = team;
  await team.finish();
}
