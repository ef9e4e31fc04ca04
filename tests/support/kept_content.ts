import { assert, assertEquals } from "@std/assert";
import type { BlackBox } from "./black_box.ts";
import { exists } from "./files.ts";
import { jvsJson, type JvsOptions } from "./jvs.ts";

/** The fields of a restore's result that these tests use. */
export interface RestoreSays {
  readonly sentence: string;
  readonly changed: number;
  readonly added: number;
  readonly removed: number;
  readonly kept: readonly string[];
  readonly left_alone: readonly string[];
  readonly autosave_snapshot_id: string | null;
  readonly second_autosave_id: string | null;
}

/** The content of each file and the target of each link below a folder, by path. */
export function contentsOf(folder: string): Map<string, string> {
  const contents = new Map<string, string>();
  const walk = (prefix: string) => {
    for (const entry of Deno.readDirSync(`${folder}/${prefix}`)) {
      const path = `${prefix}${entry.name}`;
      if (entry.isDirectory) walk(`${path}/`);
      else if (entry.isSymlink) contents.set(path, `-> ${Deno.readLinkSync(`${folder}/${path}`)}`);
      else if (entry.isFile) contents.set(path, Deno.readTextFileSync(`${folder}/${path}`));
    }
  };
  if (exists(folder)) walk("");
  return contents;
}

/** What a restore makes of a tree: the target, but what its result says it left alone is as before. SPEC 7. */
export function restoredTo(
  target: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  { left_alone }: Pick<RestoreSays, "left_alone">,
): Map<string, string> {
  const isLeft = (path: string) => left_alone.some((each) => path === each || path.startsWith(`${each}/`));
  return new Map([
    ...[...target].filter(([path]) => !isLeft(path)),
    ...[...before].filter(([path]) => isLeft(path)),
  ]);
}

/** The payloads of all snapshots with a READY file, by id. */
export function payloadsOf(control: string): Map<string, Map<string, string>> {
  const snapshots = `${control}/snapshots`;
  const payloads = new Map<string, Map<string, string>>();
  for (const { name } of Deno.readDirSync(snapshots)) {
    if (!name.endsWith(".READY")) continue;
    const id = name.slice(0, -".READY".length);
    payloads.set(id, contentsOf(`${snapshots}/${id}`));
  }
  return payloads;
}

/** The contents that are at their path neither in the folder nor in a snapshot. */
export function missingFrom(
  contents: ReadonlyMap<string, string>,
  folder: string,
  control: string,
): string[] {
  const places = [contentsOf(folder), ...payloadsOf(control).values()];
  return [...contents].filter(([path, content]) => !places.some((place) => place.get(path) === content))
    .map(([path, content]) => `${path}: ${content.slice(0, 60)}`);
}

/**
 * Runs a command, which must succeed, and returns its result. Fails if the repository is damaged, or if some earlier
 * content of the worktree is afterwards at its path neither in the worktree nor in a snapshot.
 */
export async function losingNothing<Result = RestoreSays>(
  box: BlackBox,
  args: readonly string[],
  options: JvsOptions & { worktree?: string } = {},
): Promise<Result> {
  const { worktree = box.main, ...more } = options;
  const before = contentsOf(worktree);
  assert(before.size > 0, "there must be something that could be lost");
  const result = await jvsJson<Result>(args, box.commands({ cwd: worktree, ...more }));
  assertEquals(missingFrom(before, worktree, box.control), []);
  await box.audit();
  return result;
}
