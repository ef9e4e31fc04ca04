/**
 * JVS keeps the history of whole working folders: snapshots are immutable, verified, ordinary folders.
 *
 * ```ts
 * import { Repository } from "@jvs/jvs";
 *
 * const folder = await Deno.makeTempDir();
 * const repository = await Repository.init(`${folder}/project`);
 *
 * await Deno.writeTextFile(`${repository.folder}/notes.txt`, "one");
 * const { snapshot } = await repository.snapshot({ note: "first", tags: ["good"] });
 *
 * await Deno.writeTextFile(`${repository.folder}/notes.txt`, "broken");
 * const { sentence } = await repository.restore({ snapshot: snapshot.snapshot_id });
 * console.log(sentence); // Restored … in worktree main: 1 file changed; unsaved work kept as ….
 * console.log(await Deno.readTextFile(`${repository.folder}/notes.txt`)); // one
 *
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */
export {
  ERROR_CLASSES,
  type ErrorCode,
  type ErrorDetails,
  isJvsError,
  JvsError,
  type JvsErrorOptions,
} from "./src/model/errors.ts";
export { type PhaseTotal, type Reporter, silentReporter } from "./src/model/progress.ts";
export { VERSION } from "./src/model/version.ts";
export type { CallOptions, RepositoryOptions } from "./src/surface/library/options.ts";
export { Repository } from "./src/surface/library/repository.ts";
export type * from "./src/surface/library/types.ts";
