import { isJvsError, JvsError } from "../../model/errors.ts";
import type { Lease } from "../../model/lease.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { mayRunPrograms, notPermitted, type ProgramEnd } from "../../platform/foreign_program.ts";
import { ProgramInFront } from "../../platform/program_in_front.ts";
import { nowMs } from "../../platform/clock.ts";
import { Leases, stateOf } from "../../repo/leases.ts";
import { currentRecord } from "../change/change.ts";
import { guardWorktree } from "../change/guard.ts";
import type { Guard, RepositoryContext } from "../context.ts";
import { releaseLease, renewLease } from "./release.ts";
import { leaseAcquisition, takeLease } from "./take.ts";

/** What runs by a lease. */
interface LeasedCommand {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly durationMs: number | undefined;
}

/**
 * Runs a command with a lease of a worktree, which is renewed as long as it runs and given back at the end. `E_LOCK_EXPIRED` or
 * `E_FENCING_MISMATCH` if the lease is lost meanwhile: then the command is ended.
 */
export async function runByLease(
  caller: RepositoryContext,
  worktree: WorktreeConfig,
  { command, durationMs }: LeasedCommand,
) {
  if (command[0] === undefined || command[0] === "") {
    throw new JvsError("E_USAGE", "Cannot run a command by a lease: there is none", {
      hint: "Give it behind --: `jvs lock run -- make test`.",
    });
  }
  if (!mayRunPrograms()) throw notPermitted(`run "${command[0]}" by a lease`);
  const context = { ...caller, session: caller.session ?? crypto.randomUUID() };
  const held = await renewedIfHeld(context, worktree);
  const how = { kind: leaseAcquisition, durationMs, force: false };
  const lease = held ?? await takeLease(context, worktree, how);
  const giveBack = async () => held === undefined && await releaseUnlessKept(context, worktree, lease);
  try {
    const { code, signal } = await runGuarded(context, worktree, command, lease);
    return { worktree: worktree.name, lease, command, code, signal, released: await giveBack() };
  } catch (error) {
    if (!isLost(error)) await giveBack();
    throw error;
  }
}

/** The lease that the session holds already, as the command of another `lock run` does. Whoever acquired it gives it back. */
async function renewedIfHeld(
  context: RepositoryContext,
  worktree: WorktreeConfig,
): Promise<Lease | undefined> {
  const lease = new Leases(context.store.layout).find(worktree.worktree_id);
  const isOurs = lease !== undefined && lease.session_id === context.session &&
    stateOf(lease, nowMs()) === "held";
  return isOurs ? await renewLease(context, worktree) : undefined;
}

async function runGuarded(
  context: RepositoryContext & { readonly session: string },
  worktree: WorktreeConfig,
  command: readonly string[],
  lease: Lease,
): Promise<ProgramEnd> {
  const { cwd, forProgram: outputToError, session, signal, signals, store: { platform } } = context;
  // The lease is ours already, so nothing is asked of the settings.
  using guard = await guardWorktree(context, currentRecord(context, worktree), { needsNoLease: true });
  using program = new ProgramInFront(command, { cwd, env: { JVS_SESSION: session }, outputToError });
  using _signals = signals?.takeOver((name) => {
    // Ctrl-C goes to the whole process group, so the program has it already.
    if (name !== "SIGINT" || !platform.host.isInForeground) program.send(name);
  });
  const interrupted = () => program.stop();
  signal.addEventListener("abort", interrupted);
  if (signal.aborted) interrupted();
  using watch = new Watch(guard, lease, () => program.stop());
  try {
    const end = await program.end();
    await watch.look(); // it may have lost the lease since the last look
    if (watch.lost !== undefined) throw lostByCommand(watch.lost, command, end);
    return end;
  } finally {
    signal.removeEventListener("abort", interrupted);
  }
}

/** Looks at a lease as often as it is renewed, until `using` ends. */
class Watch implements Disposable {
  /** Why the lease is lost. */
  lost: JvsError | undefined;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(private readonly guard: Guard, lease: Lease, private readonly onLost: () => void) {
    this.#timer = setInterval(() => void this.look(), lease.renew_interval_ms);
  }

  /** Renews the lease if it is time. What fails otherwise, such as a full disk, may pass before the lease runs out. */
  async look(): Promise<void> {
    try {
      await this.guard.check();
    } catch (error) {
      if (!isLost(error) || this.lost !== undefined) return;
      this.lost = error;
      this.onLost();
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function isLost(error: unknown): error is JvsError {
  return isJvsError(error, "E_LOCK_EXPIRED", "E_FENCING_MISMATCH");
}

/** The error for a command that lost its lease. Unlike an operation of JVS, what it did is not undone. */
function lostByCommand(
  { code, message, details }: JvsError,
  [program = ""]: readonly string[],
  { code: exitCode, signal, stopped }: ProgramEnd,
): JvsError {
  const ended = stopped === null ? "it ended by itself meanwhile" : "it was ended";
  return new JvsError(code, `Cannot keep the lease for "${program}", so ${ended}: ${message}`, {
    hint:
      "What it did without the lease is in the worktree beside what others did. Look at `jvs lock status`, `jvs status` and " +
      "`jvs history`, then run it again.",
    details: { ...details, code: exitCode, signal },
  });
}

/** Gives back a lease that was acquired for the command, unless its session acquired it once more meanwhile, to keep it. */
async function releaseUnlessKept(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  { acquire_seq, lock_id }: Lease,
): Promise<boolean> {
  try {
    const now = new Leases(context.store.layout).find(worktree.worktree_id);
    if (now?.lock_id !== lock_id || now.acquire_seq !== acquire_seq) return false;
    // The command is over, so what interrupted it must not keep the lease from being given back.
    await releaseLease({ ...context, signal: new AbortController().signal }, worktree);
    return true;
  } catch (error) {
    if (!isJvsError(error)) throw error;
    context.reporter.warn(`The lease is not given back, and runs out by itself: ${error.message}`);
    return false;
  }
}
