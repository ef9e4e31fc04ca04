import { absolutePath } from "../model/absolute_path.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { anything, boolean, integer, list, mapOf, nullable, oneOf, record, text } from "../model/schema.ts";
import { userNameOf } from "../platform/host_names.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { ControlPlane } from "../repo/control_plane.ts";
import { discover } from "../repo/discover.ts";
import { Layout } from "../repo/layout.ts";
import { believedRepositories, distrustRepositories, pathOfTrusted, trustRepository } from "../repo/trust.ts";
import {
  allTrustedPrograms,
  areTrusted,
  distrustPrograms,
  TrustedPrograms,
  trustedProgramsHash,
  trustPrograms,
} from "../repo/trusted_programs.ts";
import type { Context } from "../protocol/context.ts";
import { openRepository } from "./call.ts";
import { defineFreeOperation } from "./define.ts";

const Owner = record({
  uid: integer({ min: 0 }).about("The user's number."),
  name: text().about("The user's name on this machine, or the number."),
});

const input = record({
  repository: text().optional().cli({ placeholder: "PATH", bare: ".", completes: "path" })
    .about("Trust the owner of the repository at PATH, by default the one here, so that you can use it."),
  preview: boolean().default(false).about("Only show what would be trusted."),
  list: boolean().default(false).about("List all that you trust."),
  remove: text().optional().cli({ placeholder: "PATH", bare: ".", completes: "path" })
    .about("Take back all trust in the repository at PATH, by default the one here; its id does too."),
}, { closed: true });

const output = record({
  done: oneOf("trusted", "unchanged", "preview", "list", "removed").about("What was done."),
  repository: nullable(text()).about("The folder of the repository; null with `--list`."),
  owner: nullable(Owner).about("To whom its `.jvs` belongs; null where that was not asked."),
  needs_trust: nullable(boolean()).about(
    "With `--repository`: whether you may use it only because you trust it; null otherwise.",
  ),
  programs: nullable(mapOf(anything())).about(
    "The settings `hooks` of the repository, which name programs, as they are, emptied ones too; null if none would run, or it is not about programs.",
  ),
  programs_hash: nullable(text()).about("The SHA-256 of these settings, which stands for exactly this text."),
  members: boolean().about(
    "Other users may change the files that these programs are and use: members of a group, or the owner of the repository.",
  ),
  trusted_repositories: list(record({
    path: text().about("The folder that holds `.jvs`."),
    owner: nullable(integer()).about("The only owner for whom it is trusted; null for any."),
  })).about("All repositories of other users that you trust."),
  trusted_programs: list(
    record({ repo_id: text().about("The id of the repository."), ...TrustedPrograms.fields }),
  )
    .about("All repositories whose programs you trust."),
  path: text().about("The folder of your own settings, which holds all of it."),
});

/** Shows and changes what this user trusts. */
export const configTrust = defineFreeOperation({
  name: "config trust",
  summary: "Trust the programs of this repository, or a repository of another user",
  about:
    "The settings `hooks` of a repository name programs. JVS runs them only for users who trusted exactly this text, in this folder. " +
    "A change of the text, or another folder, has to be trusted again. Trust covers the text, and not the files that it names.\n\n" +
    "A repository that belongs to another user is used only if you trust its owner: `--repository`. Before that, nothing in it is read.\n\n" +
    "What you trust is in your own settings (~/.config/jvs, or where XDG_CONFIG_HOME says). The repository does not learn of it.",
  examples: [
    ["jvs config trust --preview", "shows the programs that this repository names"],
    ["jvs config trust", "lets exactly these run from now on, for you"],
    ["jvs config trust --repository /data/theirs", "says whose it is, and lets you use it"],
    ["jvs config trust --list", "all that you trust"],
    ["jvs config trust --remove", "takes back all trust in the repository here"],
  ],
  changes: "outside",
  input,
  output,
  async run(context, { repository, preview, list, remove }) {
    const ways = [repository !== undefined || preview, list, remove !== undefined].filter(Boolean);
    if (ways.length > 1) {
      throw new JvsError("E_USAGE", "Cannot do this at once: --list, --remove, and to trust something", {
        hint: "Give one of them.",
      });
    }
    const folder = settingsFolder(context);
    const found = list
      ? { done: "list" as const, repository: null }
      : remove !== undefined
      ? await takeBack(context, folder, remove)
      : repository !== undefined
      ? await trustOwner(context, folder, { path: repository, preview })
      : await trustText(context, folder, preview);
    return { ...NOTHING, ...found, ...trustIn(folder), path: folder };
  },
});

const NOTHING = { owner: null, needs_trust: null, programs: null, programs_hash: null, members: false };

function settingsFolder({ userConfig }: Context): string {
  if (userConfig !== undefined) return userConfig;
  throw new JvsError("E_USAGE", "Cannot say what you trust: there is no folder for your own settings", {
    hint: "Set HOME or XDG_CONFIG_HOME to an absolute path. From the library, give `userConfig`.",
  });
}

function trustIn(folder: string) {
  return {
    trusted_repositories: believedRepositories(folder).map((each) => ({
      path: pathOfTrusted(each),
      owner: typeof each === "string" ? null : each.owner,
    })),
    trusted_programs: Object.entries(allTrustedPrograms(folder)).map(([repo_id, each]) => ({
      repo_id,
      ...each,
    })),
  };
}

function waitOf({ lockTimeoutMs, signal }: Context) {
  return { signal, ...(lockTimeoutMs === undefined ? {} : { timeoutMs: lockTimeoutMs }) };
}

/** Trusts the programs of the repository around the caller's folder. */
async function trustText(context: Context, folder: string, preview: boolean) {
  const { store } = await openRepository(context);
  // Where all are emptied nothing runs, and nothing asks for trust.
  const programs = (store.config.hasHooks() ? store.config.hooks() : undefined) ?? null;
  const about = { repository: store.layout.root, programs, members: store.layout.plane.isOpenToOthers };
  if (programs === null) return { ...about, done: "unchanged" as const };
  const programs_hash = await trustedProgramsHash(programs);
  const told = { ...about, programs_hash };
  if (preview) {
    const done = areTrusted(store, folder, programs_hash) ? "unchanged" as const : "preview" as const;
    return { ...told, done };
  }
  const isNew = await trustPrograms(folder, store, programs_hash, waitOf(context));
  return { ...told, done: isNew ? "trusted" as const : "unchanged" as const };
}

/** Trusts the owner of a repository, of which nothing but that is looked at before. */
async function trustOwner(
  context: Context,
  folder: string,
  { path, preview }: { path: string; preview: boolean },
) {
  const from = absolutePath(path, context.cwd);
  const root = rootAt(from);
  if (root === undefined) {
    throw new JvsError(
      "E_NOT_A_REPOSITORY",
      `Cannot trust ${quoted(from)}: there is no JVS repository there`,
      {
        hint: "Name the folder that contains .jvs, or a folder in one of its worktrees.",
        details: { path: from },
      },
    );
  }
  const { uid } = ControlPlane.at(root, openPlatform());
  const about = { repository: root, owner: { uid, name: userNameOf(uid) }, needs_trust: needsTrust(root) };
  if (!about.needs_trust) return { ...about, done: "unchanged" as const };
  if (preview) return { ...about, done: "preview" as const };
  const isNew = await trustRepository(folder, { path: root, owner: uid }, waitOf(context));
  return { ...about, done: isNew ? "trusted" as const : "unchanged" as const };
}

/** Takes back trust: in a folder, in the repository around it, or in what the list calls so. */
async function takeBack(context: Context, folder: string, word: string) {
  const at = absolutePath(word, context.cwd);
  const root = rootAt(at);
  const isAt = (path: string) =>
    path === at || path === word || path === root || path.replace(/\/+$/, "") === root;
  const ways = [
    await distrustPrograms(folder, (repoId, path) => repoId === word || isAt(path), waitOf(context)),
    await distrustRepositories(folder, isAt, waitOf(context)),
  ];
  return { done: ways.includes(true) ? "removed" as const : "unchanged" as const, repository: root ?? at };
}

/** The repository at or above a path, without its records being read where its owner is not trusted. */
function rootAt(path: string): string | undefined {
  return unlessFailed(["ENOENT", "ENOTDIR"], () => discover(path))?.root;
}

/** Whether a repository is refused unless the user's settings trust it; an error for one that is closed, which no trust opens. */
function needsTrust(root: string): boolean {
  const { control, plane } = new Layout(root);
  try {
    control.open()[Symbol.dispose]();
    return false;
  } catch (error) {
    if (isJvsError(error, "E_UNTRUSTED")) return true;
    throw isSystemError(error, "EACCES") ? plane.closed(error) : error;
  }
}
