import { JvsError } from "../model/errors.ts";
import { grouped } from "../model/grouped.ts";
import { quoted } from "../model/path_text.ts";
import { boolean, record, text } from "../model/schema.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { checkAdoptable, entriesBelow } from "../repo/new_repository_place.ts";
import { adoptBeginning, beginRepository, NewRepositoryResult } from "../protocol/repository/begin.ts";
import { defineFreeOperation } from "./define.ts";
import type { Context } from "../protocol/context.ts";
import { relocate } from "../protocol/repository/relocate.ts";
import { relocation } from "../protocol/change/change.ts";
import { placeOptions } from "./init.ts";

/** Adopting a folder with more entries than this gives a warning: perhaps it is the wrong folder. */
const SURPRISINGLY_MANY = 200_000;

/** Puts an existing folder under version control where it is. */
export const adopt = defineFreeOperation({
  name: "adopt",
  summary: "Put an existing folder under version control where it is",
  about:
    "Moves and changes nothing in the folder. All files of JVS go into the folder <folder>.jvs beside it; delete that " +
    "folder to undo `jvs adopt`. Makes no snapshot yet; do that with `jvs snapshot`.",
  examples: [
    ["jvs adopt", "adopts the current folder"],
    ["jvs adopt ~/project", "adopts this folder; its history is in ~/project.jvs"],
    ["jvs adopt --relocate", "after the folder and its .jvs folder were moved or copied"],
  ],
  changes: "outside",
  kinds: [adoptBeginning, relocation],
  input: record({
    folder: text().optional().about("The folder; by default the current one.")
      .cli({ positional: true, placeholder: "DIR", completes: "path" }),
    relocate: boolean().default(false)
      .about("Use the folder at this path as the adopted one, after that was moved or replaced."),
  }, { closed: true }),
  output: NewRepositoryResult,
  async run(context, input) {
    const folder = absolute(context, input.folder ?? ".");
    if (input.relocate) return await relocate(context, folder);
    const place = checkAdoptable(folder, openPlatform(), placeOptions(context));
    if (await isSurprising(place, context.signal)) {
      const many = `${grouped(SURPRISINGLY_MANY)} files and folders`;
      const advice = "Before the first snapshot, list in its .jvsignore what you do not want to save.";
      context.reporter.warn(`${quoted(place)} has more than ${many}. ${advice}`);
    }
    return await beginRepository(context, {
      kind: adoptBeginning,
      root: `${place}.jvs`,
      mainPath: `../${place.slice(place.lastIndexOf("/") + 1)}`,
      shared: false,
    });
  },
});

function absolute({ cwd }: Context, folder: string): string {
  if (folder === "" || folder.includes("\0")) {
    throw new JvsError("E_USAGE", `Cannot adopt ${quoted(folder)}: that is not the name of a folder`, {
      hint: "Name a folder, or go into it and give no name.",
    });
  }
  return folder.startsWith("/") ? folder : `${cwd}/${folder}`;
}

async function isSurprising(folder: string, signal: AbortSignal): Promise<boolean> {
  const slice = new TimeSlice(signal);
  let count = 0;
  for (const _entry of entriesBelow(folder)) {
    if (++count > SURPRISINGLY_MANY) return true;
    if (slice.isOver()) await slice.yield();
  }
  return false;
}
