import { WORKTREE } from "../model/result_fields.ts";
import { Lease } from "../model/lease.ts";
import { boolean, integer, list, nullable, record, text } from "../model/schema.ts";
import { DURATION } from "../protocol/lease/result.ts";
import { runByLease } from "../protocol/lease/run.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";

/** Runs a command that has a worktree for itself. */
export const lockRun = defineOperation({
  name: "lock run",
  summary: "Run a command that has the worktree for itself",
  about:
    "Acquires the lease, runs the command with its session in JVS_SESSION, renews the lease as long as the command runs, and gives " +
    "it back at the end. The command has the terminal, gets the signals that jvs gets, and its exit code is that of jvs (128 and more: " +
    "a signal ended it). If the lease is lost, the command gets SIGTERM, and 10 s later SIGKILL. Only `jvs` asks for leases: " +
    "other programs still write where they like.\n\n" +
    "Write -- before the command, so that its flags are its own.",
  examples: [
    ["jvs lock run -- python train.py --epochs 10", "nobody else restores or saves this worktree meanwhile"],
    ["jvs lock run --worktree night -- make all", "for another worktree than the one you are in"],
  ],
  changes: "worktree",
  input: record({
    command: list(text()).about("The command and its arguments, behind --.").cli({ positional: true }),
    worktree: OTHER_WORKTREE,
    lease_ms: DURATION,
  }, { closed: true }),
  output: record({
    worktree: WORKTREE.worktree,
    lease: Lease.about("The lease by which it ran, as it was at the begin."),
    command: list(text()).about("The command and its arguments."),
    code: integer().about(
      "Its exit code; 128 and the number of the signal if one ended it, 127 if there is no such program.",
    ),
    signal: nullable(text()).about("The signal that ended it; null if none did."),
    released: boolean().about(
      "The lease was given back. It is not if its session had it before, or acquired it again meanwhile.",
    ),
  }),
  exitCode: ({ code }) => code,
  async run(context, { command, worktree: name, lease_ms: durationMs }) {
    const worktree = requireWorktree(context, name);
    return await runByLease(context, worktree, { command, durationMs });
  },
});
