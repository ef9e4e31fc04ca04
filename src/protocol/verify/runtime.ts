import { isJvsError, type JvsError } from "../../model/errors.ts";
import type { Finding, Intent } from "../../model/records.ts";
import { userNameOf } from "../../platform/host_names.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { codeOf, finding } from "./finding.ts";

/** Checks what is of use only while JVS runs: intents and folders. */
export async function checkRuntime(context: RepositoryContext): Promise<Finding[]> {
  const { layout, intents } = context.store;
  const findings: Finding[] = [];
  for (const intent of intents.list()) {
    const found = await detailsProblem(context, intent) ??
      (intents.isAbandoned(intent) ? interrupted(context.store, intent) : undefined);
    if (found !== undefined) findings.push(found);
  }
  findings.push(...intents.read().damaged.map(({ path, error }) => damagedIntent(error, path)));
  for (const { path } of layout.runtimeFolders.filter((folder) => !folder.isThere())) {
    const message = `The folder "${path}" is missing.`;
    findings.push(finding("warning", "RUNTIME_MISSING", message, { path, repair: "repair_runtime" }));
  }
  return findings;
}

/** An intent whose details its kind of change cannot read: whether it is open or abandoned, no recovery gets past it. */
async function detailsProblem(context: RepositoryContext, intent: Intent): Promise<Finding | undefined> {
  const kind = await context.kindOf(intent.operation);
  if (kind === undefined) return undefined;
  const taken = context.store.intents.takeOver(kind, intent);
  try {
    void [taken.details, taken.decided()];
    return undefined;
  } catch (error) {
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT")) return damagedIntent(error, `${error.details.path}`);
    throw error;
  }
}

function interrupted({ intents }: Store, intent: Intent): Finding {
  const why = intents.distrust(intent);
  if (why?.misplaced !== undefined) {
    const message =
      `"${why.misplaced}" says that "${intent.operation}" was interrupted, and any member can put such a ` +
      "file there: what it says is not done. See whether the worktree is as it should be, then remove the file.";
    return finding("warning", "INTENT_OPEN", message, { path: why.misplaced });
  }
  const by = why === undefined ? "" : `, if user ${userNameOf(why.user)}, who began it, makes that change`;
  const message =
    `The operation "${intent.operation}" of ${intent.started_at} was interrupted; the next change ` +
    `finishes or undoes it${by}.`;
  return finding("warning", "INTENT_OPEN", message, { repair: "clean_intents" });
}

function damagedIntent(error: JvsError, path: string): Finding {
  const message =
    `${error.message}. It says what an interrupted operation was about; what that had staged is kept. ` +
    `See whether the worktree is as it should be, then remove the file.`;
  return finding("error", codeOf(error), message, { path });
}
