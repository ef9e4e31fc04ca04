import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { boolean, record, text } from "../model/schema.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { checkAdoptable } from "../repo/new_repository_place.ts";
import { adoptBeginning, beginRepository } from "../protocol/repository/begin.ts";
import { hasMoreEntriesThan } from "../protocol/repository/count_entries.ts";
import { defineFreeOperation } from "./define.ts";
import type { Context } from "../protocol/context.ts";
import { NewRepositoryResult, newRepositoryResult } from "../protocol/repository/result.ts";
import { relocate, relocation } from "../protocol/repository/relocate.ts";
import { placeOptions } from "./init.ts";

/** A tree with more than this is worth a word before its first snapshot is made. */
const SURPRISINGLY_MANY = 200_000;

/** Puts an existing folder under version control where it stands. */
export const adopt = defineFreeOperation({
  name: "adopt",
  summary: "Put an existing folder under version control where it stands",
  about:
    "Nothing in the folder is moved or changed: all that is JVS's goes into the folder <dir>.jvs beside it. " +
    "Delete that, and JVS was never there. No snapshot is made yet: that is `jvs snapshot`.",
  examples: [
    ["jvs adopt", "adopts the current folder"],
    ["jvs adopt ~/project", "adopts that one; its history will be in ~/project.jvs"],
    ["jvs adopt --relocate", "after a folder and its .jvs folder were moved or copied: this is it now"],
  ],
  changes: "outside",
  kinds: [adoptBeginning, relocation],
  input: record({
    folder: text().optional().about("The folder; the current one when none is given.")
      .cli({ positional: true, placeholder: "DIR", completes: "path" }),
    relocate: boolean().default(false)
      .about("The folder is adopted already, and was moved or replaced: it is this one now."),
  }, { closed: true }),
  output: NewRepositoryResult,
  async run(context, input) {
    const folder = absolute(context, input.folder ?? ".");
    if (input.relocate) return await newRepositoryResult(context, await relocate(context, folder));
    const place = checkAdoptable(folder, openPlatform(), placeOptions(context));
    await warnIfLarge(context, place);
    const store = await beginRepository(context, {
      kind: adoptBeginning,
      root: `${place}.jvs`,
      mainPath: `../${place.slice(place.lastIndexOf("/") + 1)}`,
      shared: false,
    });
    return await newRepositoryResult(context, store);
  },
});

function absolute({ cwd }: Context, folder: string): string {
  if (folder === "" || folder.includes("\0")) {
    throw new JvsError("E_USAGE", `Cannot adopt ${quoted(folder)}: that is no folder's name`, {
      hint: "Name a folder, or go into it and give none.",
    });
  }
  return folder.startsWith("/") ? folder : `${cwd}/${folder}`;
}

async function warnIfLarge({ reporter, signal }: Context, place: string): Promise<void> {
  if (!await hasMoreEntriesThan(place, SURPRISINGLY_MANY, signal)) return;
  reporter.warn(
    `${quoted(place)} holds more than ${
      SURPRISINGLY_MANY.toLocaleString("en")
    } files and folders. If that is more ` +
      "than you want to version, name what can be made anew in its .jvsignore before the first snapshot.",
  );
}
