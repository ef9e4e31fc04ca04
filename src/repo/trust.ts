import { list, record, SchemaMismatch, text } from "../model/schema.ts";
import { attempt } from "../platform/deno_call.ts";
import { isSystemError } from "../platform/system_error.ts";
import { misfit, parseSettings } from "./config.ts";

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
