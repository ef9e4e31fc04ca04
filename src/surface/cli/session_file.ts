import { JvsError } from "../../model/errors.ts";
import { isUuid } from "../../model/ids.ts";
import { quoted } from "../../model/path_text.ts";
import type { AnyOperation } from "../../operation/define.ts";
import { createUserFile, readUserFile } from "../../platform/user_file.ts";

const MOST_BYTES = 1024;

/**
 * The session in a file (`--session-file`). If there is no such file and the operation begins sessions, it is made with a new one first,
 * so that the session is not lost once it holds a lease. It stays, whatever becomes of the operation: another command may have its
 * lease by that session by then.
 *
 * Only a session that JVS made is taken. Sessions stand in the lease and in the audit trail, where members of a shared repository read
 * them; another text in a file that somebody moved to this name may be a secret.
 */
export function sessionOfFile(
  path: string,
  { beginsSession = false }: Pick<AnyOperation, "beginsSession">,
): string {
  const begun = crypto.randomUUID();
  if (beginsSession && createUserFile(path, `${begun}\n`)) return begun;
  const session = readUserFile(path, MOST_BYTES)?.trim();
  if (session !== undefined && isUuid(session)) return session;
  const why = session === undefined ? "there is no such file" : "JVS did not write it";
  throw new JvsError("E_USAGE", `Cannot take the session from ${quoted(path)}: ${why}`, {
    hint:
      "`jvs lock acquire --session-file FILE` makes such a file, if there is none. For a session of your own words use --session.",
    details: { path },
  });
}
