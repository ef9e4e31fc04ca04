import { list, record, text } from "../model/schema.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { callDeno } from "../platform/deno_call.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { readSettings } from "./config.ts";

const UserConfig = record({ trusted_repositories: list(text()).default([]) });

/** The repositories of other owners that the user's own config trusts. */
export function trustedRepositories(userConfig: string | undefined): readonly string[] {
  if (userConfig === undefined) return [];
  const path = `${userConfig}/config.jsonc`;
  // Under sudo and su, HOME can be the home of another user: a file of theirs, or that we may not read, is not our config.
  const content = unlessFailed(["ENOENT", "ENOTDIR", "EACCES", "EPERM"], () =>
    callDeno("read", path, () => {
      const { isFile, uid } = Deno.statSync(path);
      const isOurs = uid === null || uid === 0 || uid === openPlatform().host.uid;
      return isFile && isOurs ? Deno.readTextFileSync(path) : undefined;
    }));
  if (content === undefined) return [];
  return readSettings(content, path, (value) => UserConfig.check(value).trusted_repositories);
}
