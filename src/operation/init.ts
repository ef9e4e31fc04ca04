import { absolutePath } from "../model/absolute_path.ts";
import { JvsError } from "../model/errors.ts";
import { checkName, isAccepted } from "../model/names.ts";
import { quoted, shellWord } from "../model/path_text.ts";
import { oneOf, record, text } from "../model/schema.ts";
import { checkNewRepositoryPlace, isUnused, type PlaceOptions } from "../repo/new_repository_place.ts";
import { trustedRepositories } from "../repo/trust.ts";
import { beginRepository, initBeginning, NewRepositoryResult } from "../protocol/repository/begin.ts";
import { defineFreeOperation } from "./define.ts";
import type { Context } from "../protocol/context.ts";

/** Makes a new repository with an empty first worktree. */
export const init = defineFreeOperation({
  name: "init",
  summary: "Make a new repository with an empty worktree called main",
  about:
    "Put your files into its folder main. To put an existing folder under version control where it is, use `jvs adopt`.",
  examples: [
    ["jvs init project", "makes project/ with project/main/ to work in"],
    ["jvs init", "makes the repository in the current, empty folder"],
    ["jvs init team --shared group", "lets all members of the folder's group use it"],
  ],
  changes: "outside",
  kinds: [initBeginning],
  input: record({
    name: text().optional().about("The folder to make; by default the current folder, which must be empty.")
      .cli({ positional: true, placeholder: "NAME" }),
    shared: oneOf("group").optional().about("Open the repository to the group of its folder.")
      .cli({ placeholder: "group" }),
  }, { closed: true }),
  output: NewRepositoryResult,
  async run(context, input) {
    if (/^\.\/*$/.test(input.name ?? "")) {
      const message = 'Cannot use "." as repository name: it means this folder';
      const hint = "To use this folder, leave the name out: `jvs init`.";
      throw new JvsError("E_NAME_INVALID", message, { hint, details: { name: ".", what: "repository" } });
    }
    const root = checkNewRepositoryPlace(
      input.name === undefined
        ? context.cwd
        : `${context.cwd}/${checkName(input.name, "repository", wayTo(input.name, context.cwd))}`,
      placeOptions(context),
    );
    if (!isUnused(root)) {
      const hint = input.name === undefined
        ? "To put its content under version control, run `jvs adopt`. For a new repository give a name: `jvs init NAME`."
        : `Choose another name. To put that folder under version control, run \`jvs adopt ${input.name}\`.`;
      const message = `Cannot make a repository in ${quoted(root)}: the folder is not empty`;
      throw new JvsError("E_ALREADY_EXISTS", message, { hint, details: { path: root } });
    }
    return await beginRepository(context, {
      kind: initBeginning,
      root,
      mainPath: "main",
      shared: input.shared === "group",
    });
  },
});

/** How to make a repository at a path: in the folder that it shall be in. Nothing for a path of which that cannot be said. */
function wayTo(path: string, cwd: string): string | undefined {
  const place = absolutePath(path, cwd);
  const slash = place.lastIndexOf("/");
  const [folder, name] = [place.slice(0, slash) || "/", place.slice(slash + 1)];
  const isNamed = path.replace(/\/+$/, "").endsWith(name);
  if (!isNamed || !isAccepted(name, (each) => checkName(each, "repository"))) return undefined;
  if (folder === cwd) return `Give the name alone: \`jvs init ${name}\`.`;
  const there = shellWord(folder);
  return there && `Make it from there: \`cd ${there} && jvs init ${name}\`.`;
}

/** The user's settings that decide where a repository may be made. */
export function placeOptions({ home, userConfig }: Context): PlaceOptions {
  return { ...(home === undefined ? {} : { home }), trustedRoots: trustedRepositories(userConfig) };
}
