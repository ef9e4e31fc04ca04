import { JvsError } from "../model/errors.ts";
import { integer, list, mismatch, record, Schema, text } from "../model/schema.ts";
import { readOwnWord, UserFolder } from "../platform/user_folder.ts";
import { readSettings } from "./config.ts";
import type { TrustedRepository } from "./owners.ts";

const FILE = "config.jsonc";
const LIST = ["trusted_repositories"];

const WithOwner = record({
  path: text().about("The folder that holds `.jvs`."),
  owner: integer({ min: 0 }).about("The number of the user to whom `.jvs` belongs."),
});

const Trusted = new Schema<TrustedRepository>({
  kind: "other",
  check: (value, at) => {
    if (typeof value === "string") return value;
    if (typeof value === "object" && value !== null) return WithOwner.check(value, at);
    throw mismatch(at, "a path, or an object with path and owner", value);
  },
  json: () => ({ anyOf: [{ type: "string" }, WithOwner.json()] }),
});

const UserConfig = record({ trusted_repositories: list(Trusted).default([]) });

/** The repositories of other owners that the user's own config trusts; none if that is not believed (`readOwnWord`). */
export function trustedRepositories(userConfig: string | undefined): readonly TrustedRepository[] {
  const word = userConfig === undefined ? undefined : readOwnWord(userConfig, FILE);
  return word === undefined || "refused" in word ? [] : repositoriesIn(word.text, userConfig);
}

function repositoriesIn(content: string, userConfig = ""): readonly TrustedRepository[] {
  return readSettings(
    content,
    `${userConfig}/${FILE}`,
    (value) => UserConfig.check(value).trusted_repositories,
    {
      name: "your settings",
      without: "then you trust no repository of another user",
    },
  );
}

/** How a change of what the user trusts waits for another one. */
export type TrustWait = Parameters<UserFolder["lock"]>[1];

/** Notes that the user trusts a repository; false if that is noted already. Comments in the file stay. */
export async function trustRepository(
  userConfig: string,
  trusted: Extract<TrustedRepository, object>,
  wait?: TrustWait,
): Promise<boolean> {
  const { withItem } = await import("./_jsonc_edit.ts");
  return await changeConfig(userConfig, wait, (content, all) => {
    const isThere = all.some((each) =>
      typeof each !== "string" && each.path === trusted.path && each.owner === trusted.owner
    );
    return isThere ? content : withItem(content, LIST, trusted);
  });
}

/** Takes back the trust in the repositories whose paths `isMeant` chooses; false if there was none. Comments in the file stay. */
export async function distrustRepositories(
  userConfig: string,
  isMeant: (path: string) => boolean,
  wait?: TrustWait,
): Promise<boolean> {
  if (!believedRepositories(userConfig).some((each) => isMeant(pathOfTrusted(each)))) return false;
  const { withoutItem } = await import("./_jsonc_edit.ts");
  return await changeConfig(userConfig, wait, (content, all) => {
    // The last first, so that the places of the others stay.
    return all.reduceRight<string>(
      (text, each, i) => isMeant(pathOfTrusted(each)) ? withoutItem(text, LIST, i) : text,
      content,
    );
  });
}

/** The same as `trustedRepositories`, for commands about trust itself: they say when the user's config is not believed. */
export function believedRepositories(userConfig: string): readonly TrustedRepository[] {
  const word = readOwnWord(userConfig, FILE);
  if (word !== undefined && "refused" in word) throw notBelieved(word.refused);
  return word === undefined ? [] : repositoriesIn(word.text, userConfig);
}

/** The path of a trusted repository, as the user's config has it. */
export function pathOfTrusted(trusted: TrustedRepository): string {
  return typeof trusted === "string" ? trusted : trusted.path;
}

async function changeConfig(
  userConfig: string,
  wait: TrustWait,
  change: (content: string, all: readonly TrustedRepository[]) => string,
): Promise<boolean> {
  using folder = UserFolder.open(userConfig);
  using _lock = await folder.lock("config trust", wait);
  const word = readOwnWord(userConfig, FILE);
  if (word !== undefined && "refused" in word) throw notBelieved(word.refused);
  const content = word?.text ?? "{}\n";
  const all = repositoriesIn(content, userConfig);
  if (content.includes("\ufffd")) throw notBelieved(`"${userConfig}/${FILE}" is no UTF-8 text`);
  const changed = change(content, all);
  if (changed === content) return false;
  repositoriesIn(changed, userConfig); // what the next command could not read is not written
  folder.write(FILE, changed);
  return true;
}

/** The error for settings of the user that others may have written. */
export function notBelieved(why: string): JvsError {
  return new JvsError("E_PERMISSION", `Cannot change what you trust: ${why}`, {
    hint:
      "Your settings count only if you or root own them and no other user may write them: see what they say, then `chmod go-w` " +
      "the file and its folder. Under sudo, set HOME to your own.",
  });
}
