import { isJvsError, JvsError } from "../../model/errors.ts";
import { NamedPolicy, type Policy } from "../../model/gc_records.ts";
import { quoted } from "../../model/path_text.ts";
import { mapOf } from "../../model/schema.ts";
import { MOST_OF_SETTINGS, readSettings } from "../../repo/config.ts";
import type { Store } from "../../repo/store.ts";

/** The policy that the settings alone make. */
const USUAL = "default";
/** The policy that comes with JVS: it also thins out the lines of worktrees. */
const THIN = "thin";
/** So many of each worktree are kept by it where the settings say nothing of number or age. */
const THIN_KEEPS = 10;

/** The policy of this name; without a name, what the settings say. `E_NOT_FOUND` names those there are. */
export function policyOf(store: Store, name = USUAL): Policy {
  const settings = settingsOf(store);
  if (name === USUAL) return { ...settings, name };
  const named = namedPolicies(store);
  const own = Object.hasOwn(named, name) ? named[name] : undefined;
  const said = own ?? (name === THIN ? thin(settings) : undefined);
  if (said === undefined) throw unknownPolicy(name, Object.keys(named));
  const policy = { ...settings, ...said, name };
  refuseAll(store, policy);
  return policy;
}

/** What is wrong with the file of the policies, or nothing. A policy by which nothing would be kept is refused when it is used. */
export function policiesProblem(store: Store): JvsError | undefined {
  try {
    namedPolicies(store);
    return undefined;
  } catch (error) {
    if (isJvsError(error)) return error;
    throw error;
  }
}

function settingsOf({ config }: Store): Omit<Policy, "name"> {
  return {
    prune_ancestors: false,
    keep_last_n: config.get("retention.keep_last_n"),
    keep_days: config.get("retention.keep_days"),
    keep_tag_prefixes: config.get("retention.keep_tag_prefixes"),
    max_repo_bytes: config.get("retention.max_repo_bytes"),
    keep_autosave_days: config.get("retention.keep_autosave_days"),
  };
}

function thin({ keep_days, keep_last_n }: Omit<Policy, "name">): NamedPolicy {
  return {
    prune_ancestors: true,
    keep_last_n: keep_days === 0 && keep_last_n === 0 ? THIN_KEEPS : keep_last_n,
  };
}

const POLICIES = { name: "the policies", without: "then there are `default` and `thin` alone" };

/** The policies of the user; `E_USAGE` with line and column when anything in their file is wrong. */
function namedPolicies({ layout: { retention } }: Store): { readonly [name: string]: NamedPolicy } {
  const text = retention.readFreshOwned(MOST_OF_SETTINGS)?.text;
  if (text === undefined) return {};
  const named = readSettings(text, retention.path, (value) => mapOf(NamedPolicy).check(value), POLICIES);
  if (!Object.hasOwn(named, USUAL)) return named;
  throw new JvsError(
    "E_USAGE",
    `Cannot use the policies in ${quoted(retention.path)}: one is called "${USUAL}"`,
    {
      hint: `Give it another name: "${USUAL}" is what the settings retention.* say.`,
    },
  );
}

/** Refuses a policy by which only heads would keep their content: a mistake in a file would cost all history. */
function refuseAll({ layout: { retention } }: Store, policy: Policy): void {
  if (!policy.prune_ancestors || policy.keep_last_n > 0 || policy.keep_days > 0) return;
  throw new JvsError(
    "E_USAGE",
    `Cannot use the policy ${quoted(policy.name)}: by it no earlier snapshot is kept`,
    {
      hint: `Give it keep_last_n or keep_days in "${retention.path}", or set retention.keep_last_n.`,
      details: { policy },
    },
  );
}

function unknownPolicy(name: string, own: readonly string[]): JvsError {
  const known = [
    USUAL,
    THIN,
    ...own.filter((each) => each !== THIN).map((each) => JSON.stringify(each).slice(1, -1)),
  ];
  return new JvsError("E_NOT_FOUND", `Cannot find the policy ${quoted(name)}: there is none of this name`, {
    hint: `There are: ${known.join(", ")}. Write others into gc/retention.json.`,
    details: { policy: name, policies: known },
  });
}
