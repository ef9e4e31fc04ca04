import { isJvsError, JvsError } from "../../model/errors.ts";
import type { Expected, OwnTrust, SeenHead } from "../../model/signing.ts";
import { nowIso } from "../../platform/clock.ts";
import type { Break } from "../../repo/audit_chain.ts";
import { changeOwnTrust, readOwnTrust, withHead } from "../../repo/own_trust.ts";
import type { Store } from "../../repo/store.ts";
import { expectedOf } from "../../repo/trust_policy.ts";
import type { RepositoryContext } from "../context.ts";
import { exchanged } from "./check_trail.ts";
import { readTrail, type Trail } from "./trail.ts";
import type { SignatureJudge } from "./judge.ts";

/** How to note what the user trusts. */
interface NoteOptions {
  /** Whether signatures are required from now on; as before by default. */
  readonly require?: boolean | undefined;
  /**
   * What to do where the repository is not the one any more that the user saw: take it as it is, which only the user can say; change
   * nothing, and throw; or note only the change, which must not wait, and leave what is expected of the repository as it was.
   */
  readonly ifExchanged: "accept" | "refuse" | "leave";
}

/** Notes what the user trusts now, together with the end of the audit log of this repository as it is. Gives what is expected of it. */
export async function noteTrust(
  context: RepositoryContext,
  change: (trust: OwnTrust, now: { seen_at: string; repo_id: string }) => OwnTrust,
  { ifExchanged, require }: NoteOptions,
): Promise<Expected | undefined> {
  const { reporter, store, userConfig } = context;
  let noted: Expected | undefined;
  await changeOwnTrust(userConfig, async (before) => {
    const { known, seen, trail, problem } = await compare(store, before);
    if (problem !== undefined && ifExchanged === "refuse") throw problem;
    if (problem !== undefined && ifExchanged === "leave") {
      reporter.warn(`${problem.message}. What you expect of it stays as it was. ${problem.hint}`);
      noted = known;
      return change(before, { seen_at: seen.seen_at, repo_id: known?.repo_id ?? store.repoId });
    }
    if (trail.state.broken !== undefined) throw brokenIn(store.layout.root, trail.state.broken);
    const trust = change(before, { seen_at: seen.seen_at, repo_id: store.repoId });
    noted = asSeen({ trust, trail, seen, store, require });
    // One that was here before may have been moved: it is known by its id.
    return withExpected(trust, noted);
  });
  return noted;
}

/** Throws where the repository is not the one any more that the user saw. */
export async function refuseExchanged({ store, userConfig }: RepositoryContext): Promise<void> {
  const { problem } = await compare(store, readOwnTrust(userConfig));
  if (problem !== undefined) throw problem;
}

/** The repository as it is, and what is not as the user saw it, if anything. */
async function compare(store: Store, trust: OwnTrust) {
  const { layout: { root }, repoId } = store;
  const known = expectedOf(trust, { repoId, root });
  const isOther = known !== undefined && known.repo_id !== repoId;
  const trail = await readTrail(store);
  const seen = { count: trail.state.count, hash: trail.state.last_hash, seen_at: nowIso() };
  const { broken } = trail.state;
  const why = exchanged({ expected: known, isOther }, trail);
  const problem = broken !== undefined
    ? brokenIn(root, broken)
    : why === undefined
    ? undefined
    : exchangedIn(root, why);
  return { known, seen, trail, problem };
}

/** What the user expects of a repository that is taken as it is now. */
function asSeen(
  { require, seen, store: { layout: { root }, repoId: repo_id }, trail: { has }, trust }: {
    readonly trust: OwnTrust;
    readonly trail: Trail;
    readonly seen: SeenHead;
    readonly store: Store;
    readonly require: boolean | undefined;
  },
): Expected {
  const { heads = [], required_since: then = null } =
    trust.repositories.find((each) => each.repo_id === repo_id) ?? {};
  // Where the log was exchanged, and the user accepts that, what was seen before is not in it any more.
  const since = then !== null && has(then) ? then : seen;
  const revocations = trust.revoked.map(({ revoked_at }) => revoked_at);
  return {
    repo_id,
    root,
    required_since: require ?? then !== null ? since : null,
    heads: withHead(heads.filter(has), seen, revocations),
  };
}

function withExpected(trust: OwnTrust, expected: Expected): OwnTrust {
  const others = trust.repositories.filter(({ repo_id }) => repo_id !== expected.repo_id);
  return { ...trust, repositories: [...others, expected] };
}

function exchangedIn(root: string, why: string): JvsError {
  return new JvsError(
    "E_TRUST_POLICY_VIOLATION",
    `Cannot trust the repository "${root}": ${why.charAt(0).toLowerCase()}${why.slice(1)}`,
    {
      hint:
        "Compare it with a copy. If you brought it here yourself, say so first: `jvs key trust`, without a key, " +
        "notes it as it is now.",
      details: { root },
    },
  );
}

function brokenIn(root: string, broken: Break): JvsError {
  return new JvsError(
    "E_AUDIT_CHAIN_BROKEN",
    `Cannot trust the repository "${root}": its audit log is broken`,
    {
      hint: "Compare it with a copy. `jvs doctor` says what is wrong with it, and what to do.",
      details: { ...broken },
    },
  );
}

/** After everything was found in order: the audit log must have from now on what it has now. Only where the user expects something. */
export async function noteHead(context: RepositoryContext, judge: SignatureJudge): Promise<void> {
  const { reporter, userConfig } = context;
  const { expected, isOther } = judge.policy;
  if (expected === undefined || isOther) return;
  const { trail: { state: { broken, count, last_hash: hash } } } = await judge.dated();
  if (broken !== undefined || expected.heads.at(-1)?.hash === hash) return;
  try {
    await changeOwnTrust(userConfig, (trust) => ({
      ...trust,
      repositories: trust.repositories.map((each) => {
        if (each.repo_id !== expected.repo_id) return each;
        if ((each.heads.at(-1)?.count ?? 0) >= count) return each; // another process saw more
        const revocations = trust.revoked.map(({ revoked_at }) => revoked_at);
        return { ...each, heads: withHead(each.heads, { count, hash, seen_at: nowIso() }, revocations) };
      }),
    }));
  } catch (error) {
    if (!isJvsError(error)) throw error;
    reporter.warn(`What was seen of the audit log could not be noted: ${error.message}.`);
  }
}
