import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { list, record, SchemaMismatch, text } from "../model/schema.ts";
import { nowIso } from "../platform/clock.ts";
import { attempt } from "../platform/deno_call.ts";
import { writeDurable } from "../platform/durable.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { misfit, parseSettings } from "./config.ts";
import { recordText } from "./record_file.ts";
import { recordHash } from "./record_hash.ts";

const UserConfig = record({ trusted_repositories: list(text()).default([]) });

/** The repositories that the user's own config trusts whoever owns them. */
export function trustedRepositories(userConfig: string | undefined): readonly string[] {
  if (userConfig === undefined) return [];
  const path = `${userConfig}/config.jsonc`;
  const content = readIfAllowed(path);
  if (content === undefined) return [];
  const document = parseSettings(content, path);
  try {
    return UserConfig.check(document.value).trusted_repositories;
  } catch (error) {
    throw error instanceof SchemaMismatch ? misfit(document, path, error) : error;
  }
}

/** A file of the user's own, wherever links lead to it; nothing where there is none. */
function readOwn(path: string): string | undefined {
  try {
    return attempt("read", path, () => Deno.readTextFileSync(path));
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** Under sudo and su HOME can be another user's: what is closed to us is not our config. */
function readIfAllowed(path: string): string | undefined {
  try {
    return readOwn(path);
  } catch (error) {
    if (isSystemError(error, "EACCES", "EPERM")) return undefined;
    throw error;
  }
}

/** What a repository wants to run: where it is, and the text that names the programs (`Config.programs`). */
export interface NamedPrograms {
  readonly root: string;
  readonly programs: string;
}

/** Notes in the user's config folder that this user trusts exactly these programs, in this repository. SPEC 2. */
export async function trustPrograms(userConfig: string, named: NamedPrograms): Promise<void> {
  const path = `${userConfig}/trusted`;
  attempt("create", path, () => Deno.mkdirSync(path, { recursive: true, mode: 0o700 }));
  using folder = openPlatform().openFolder(path);
  writeDurable(folder, await trustFile(named), recordText({ ...named, trusted_at: nowIso() }));
}

/** Whether the user trusted exactly these programs; any other text, or the same one elsewhere, is not trusted. */
export async function areProgramsTrusted(
  userConfig: string | undefined,
  named: NamedPrograms,
): Promise<boolean> {
  return userConfig !== undefined && readOwn(`${userConfig}/trusted/${await trustFile(named)}`) !== undefined;
}

/** `E_UNTRUSTED` unless the user trusted exactly these programs. */
export async function requireTrustedPrograms(
  userConfig: string | undefined,
  named: NamedPrograms,
): Promise<void> {
  if (await areProgramsTrusted(userConfig, named)) return;
  throw new JvsError(
    "E_UNTRUSTED",
    `Cannot run programs for ${quoted(named.root)}: its settings name some that you have not trusted`,
    {
      hint: "Look at them with `jvs config get hooks`, then run `jvs config trust`.",
      details: { ...named },
    },
  );
}

async function trustFile({ root, programs }: NamedPrograms): Promise<string> {
  return `${await recordHash({ root, programs })}.json`;
}
