import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { Identity, time, uuid } from "../model/records.ts";
import { type Infer, literal, mapOf, record, text } from "../model/schema.ts";
import { nowIso } from "../platform/clock.ts";
import { readOwnWord, UserFolder } from "../platform/user_folder.ts";
import { readSettings } from "./config.ts";
import { hashOfRead } from "./record_hash.ts";
import type { Store } from "./store.ts";
import { notBelieved, type TrustWait } from "./trust.ts";
import { sameIdentity } from "./identity.ts";

/** The file in the user's own config folder. It exists only while some programs are trusted. */
export const TRUSTED_PROGRAMS = "trusted_programs.json";

/** The programs of one repository that a user trusts. */
export const TrustedPrograms = record({
  programs: text({ pattern: /^[0-9a-f]{64}$/, what: "a SHA-256 in hex" })
    .about("The SHA-256 of the settings `hooks` that may be run, as canonical JSON."),
  path: text().about("Where the repository was."),
  identity: Identity.about("Tells its `.jvs` from another one at the same place."),
  trusted_at: time().about("When it was trusted."),
});

const File = record({ version: literal(1), repositories: mapOf(TrustedPrograms) });

/** Trusted programs by the id of their repository. */
type All = { readonly [repoId: string]: Infer<typeof TrustedPrograms> };
/** The settings that name programs, as the file has them. */
export type Hooks = Readonly<Record<string, unknown>>;

/** What stands for the settings that name programs: a change of any character is another hash. */
export async function trustedProgramsHash(hooks: Hooks): Promise<string> {
  const hash = await hashOfRead(hooks);
  if (hash !== undefined) return hash;
  throw new JvsError("E_USAGE", "Cannot use the setting hooks: it has what no text or number can be", {
    hint: "Correct it in .jvs/config.jsonc.",
  });
}

/**
 * `E_UNTRUSTED`, with the way out, unless this user trusted exactly these settings of this repository, where it is now. The
 * same text elsewhere is not trusted: `./check` is another program there.
 */
export async function requireTrustedPrograms(
  { store, userConfig }: { readonly store: Store; readonly userConfig?: string | undefined },
  hooks: Hooks,
): Promise<void> {
  const reason = whyUntrusted(store, userConfig, await trustedProgramsHash(hooks));
  if (reason === undefined) return;
  const message = `Cannot run the programs that ${quoted(store.layout.config.path)} names: ${reason}`;
  throw new JvsError("E_UNTRUSTED", message, {
    hint:
      "Read them with `jvs config trust --preview`. `jvs config trust` allows exactly that text, here and for you alone.",
    details: { repository: store.layout.root, user: store.platform.host.uid },
  });
}

/** Whether this user trusts settings with this hash, in this repository and where it is now. */
export function areTrusted(store: Store, userConfig: string | undefined, hash: string): boolean {
  return whyUntrusted(store, userConfig, hash) === undefined;
}

function whyUntrusted(store: Store, userConfig: string | undefined, hash: string): string | undefined {
  const nobody = "you have not trusted them";
  if (userConfig === undefined) return `${nobody}, and no folder of your own settings is known`;
  const word = readOwnWord(userConfig, TRUSTED_PROGRAMS);
  if (word !== undefined && "refused" in word) return `${nobody}: ${word.refused}`;
  const found = word === undefined ? undefined : allIn(word.text, userConfig)[store.repoId];
  if (found === undefined) return nobody;
  if (found.path !== store.layout.root || !sameIdentity(found.identity, identityOf(store))) {
    return `you trusted them in ${quoted(found.path)}, and this is another folder`;
  }
  return found.programs === hash ? undefined : `they are not what you trusted on ${found.trusted_at}`;
}

/** All programs that the user trusts, by the id of their repository. */
export function allTrustedPrograms(userConfig: string): All {
  const word = readOwnWord(userConfig, TRUSTED_PROGRAMS);
  if (word !== undefined && "refused" in word) throw notBelieved(word.refused);
  return word === undefined ? {} : allIn(word.text, userConfig);
}

/** Notes that the user trusts settings with this hash; false if that is noted already. */
export async function trustPrograms(
  userConfig: string,
  store: Store,
  hash: string,
  wait?: TrustWait,
): Promise<boolean> {
  if (areTrusted(store, userConfig, hash)) return false;
  const { layout, repoId } = store;
  const entry = { programs: hash, path: layout.root, identity: identityOf(store), trusted_at: nowIso() };
  await changeAll(userConfig, wait, (all) => ({ ...all, [uuid().check(repoId)]: entry }));
  return true;
}

/** Takes back the trust in the programs of the repositories that `isMeant` chooses; false if there was none. */
export async function distrustPrograms(
  userConfig: string,
  isMeant: (repoId: string, path: string) => boolean,
  wait?: TrustWait,
): Promise<boolean> {
  const isKept = ([id, { path }]: [string, All[string]]) => !isMeant(id, path);
  if (Object.entries(allTrustedPrograms(userConfig)).every(isKept)) return false;
  await changeAll(userConfig, wait, (all) => Object.fromEntries(Object.entries(all).filter(isKept)));
  return true;
}

async function changeAll(userConfig: string, wait: TrustWait, change: (all: All) => All): Promise<void> {
  using folder = UserFolder.open(userConfig);
  using _lock = await folder.lock("config trust", wait);
  const repositories = change(allTrustedPrograms(userConfig));
  // Where the file is missing, the launcher gives JVS no right to start programs.
  if (Object.keys(repositories).length === 0) folder.remove(TRUSTED_PROGRAMS);
  else folder.write(TRUSTED_PROGRAMS, `${JSON.stringify({ version: 1, repositories }, null, 2)}\n`);
}

function allIn(content: string, userConfig: string): All {
  const path = `${userConfig}/${TRUSTED_PROGRAMS}`;
  return readSettings(content, path, (value) => File.check(value).repositories, {
    name: "which programs you trust",
    without: "then you trust none, and `jvs config trust` notes it again",
  });
}

function identityOf({ layout, worktrees }: Store): Identity {
  using control = layout.control.open();
  return worktrees.identify(control);
}
