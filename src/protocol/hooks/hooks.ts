import { isJvsError, JvsError } from "../../model/errors.ts";
import type { HookedOperation, HookName, HookResult, HooksRun } from "../../model/hooks.ts";
import { jsonText } from "../../model/printable.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import {
  endText,
  mayRunPrograms,
  notPermitted,
  NotStarted,
  type ProgramEnd,
} from "../../platform/foreign_program.ts";
import { runAside } from "../../platform/program_aside.ts";
import { requireTrustedPrograms, trustedProgramsHash } from "../../repo/trusted_programs.ts";
import type { RepositoryContext } from "../context.ts";

/** What a hook is told besides what every hook is. */
export interface HookFacts {
  /** The snapshot that was made, or that is restored. */
  readonly snapshot?: string | undefined;
  /** The note of the snapshot. */
  readonly note?: string | undefined;
}

/** The command lines of an operation's hooks; empty for none. */
interface Commands {
  readonly before: string;
  readonly after: string;
}

/** How a hook failed. */
interface Failure {
  /** As the end of a sentence. */
  readonly how: string;
  /** The last lines of what it printed. */
  readonly output: readonly string[];
  /** What the user can do. */
  readonly hint: string;
  readonly result: Partial<HookResult>;
  readonly cause?: NotStarted;
}

/** So many lines of a hook that failed are in the error. */
const LAST_LINES = 20;
const SHOWN = 500;

/**
 * The hooks of one operation on one worktree. Their text was read once, and is what the user trusts: what the settings say
 * meanwhile does not matter. No lock is held while one runs, so a hook may call `jvs`.
 */
export class Hooks {
  readonly #results: HookResult[] = [];

  private constructor(
    private readonly context: RepositoryContext,
    private readonly operation: HookedOperation,
    private readonly worktree: WorktreeConfig,
    private readonly commands: Commands,
    private readonly programs: string,
  ) {}

  /** The hooks of an operation, if the user trusts them and JVS may run programs. */
  static async trusted(
    context: RepositoryContext,
    operation: HookedOperation,
    worktree: WorktreeConfig,
    commands: Commands,
  ): Promise<Hooks> {
    const settings = context.store.config.hooks() ?? {};
    try {
      await requireTrustedPrograms(context, settings);
    } catch (error) {
      throw isJvsError(error, "E_UNTRUSTED") ? untrusted(error, operation, commands) : error;
    }
    if (!mayRunPrograms()) throw notPermitted(`run the hooks of ${operation}`);
    return new Hooks(context, operation, worktree, commands, await trustedProgramsHash(settings));
  }

  /** How those ended that ran. */
  get results(): readonly HookResult[] {
    return this.#results;
  }

  /** What the audit record says. */
  get forAudit(): HooksRun {
    return { programs: this.programs, before: this.#results.map(({ hook }) => hook) };
  }

  /** Runs the hook before the operation; an error if it fails, and then nothing was begun. */
  async before(facts: HookFacts): Promise<void> {
    const hook = `pre-${this.operation}` as const;
    const { signal } = this.context;
    const failure = await this.#run(hook, this.commands.before, facts);
    if (failure === undefined) return;
    if (signal.aborted) throw signal.reason;
    const { how, output, hint, result, cause } = failure;
    throw new JvsError(
      "E_HOOK_FAILED",
      `Cannot ${VERBS[this.operation]}: the hook ${hook} ${how}${lastLine(output)}`,
      { hint: `Nothing was begun. ${hint}`, details: { ...result, output }, cause },
    );
  }

  /** Runs the hook after the operation. That is done, so if the hook fails, this is only a warning. */
  async after(facts: HookFacts): Promise<void> {
    const hook = `post-${this.operation}` as const;
    const { reporter } = this.context;
    try {
      const failure = await this.#run(hook, this.commands.after, facts);
      if (failure === undefined) return;
      reporter.warn(
        `The ${this.operation} is done; but then the hook ${hook} ${failure.how}. ${failure.hint}`,
      );
    } catch (error) {
      if (!isJvsError(error)) throw error;
      reporter.warn(`The ${this.operation} is done; but then: ${error.message}`);
    }
  }

  /** Runs a hook; how it failed, if it did. */
  async #run(hook: HookName, command: string, facts: HookFacts): Promise<Failure | undefined> {
    if (command === "") return undefined;
    const { reporter, signal, store } = this.context;
    const timeout = store.config.get("hooks.timeout");
    let output: readonly string[] = [];
    using _running = reporter.program?.(hook);
    const running = runAside(command, {
      cwd: store.worktrees.root(this.worktree),
      env: this.#environment(hook, facts),
      timeoutMs: timeout === 0 ? undefined : timeout,
      signal,
      lines: (texts) => {
        reporter.printed?.(hook, texts);
        const latest = texts.slice(-LAST_LINES).map((text) => text.slice(0, SHOWN));
        output = [...output, ...latest].slice(-LAST_LINES);
      },
    });
    const end = await running.catch(ifNotStarted);
    if (end instanceof NotStarted) return { ...couldNotStart(end), result: { hook }, output };
    const result = resultOf(hook, end);
    this.#results.push(result);
    return isGood(end) ? undefined : { how: endText(end), output, hint: wayOut(hook), result };
  }

  #environment(hook: HookName, { snapshot, note }: HookFacts): Record<string, string> {
    const { hookEnvironment, session, store, worktree: _, ...context } = this.context;
    const facts = {
      JVS_HOOK: hook,
      JVS_OPERATION: this.operation,
      JVS_REPO: store.layout.root,
      JVS_WORKTREE: this.worktree.name,
      JVS_WORKTREE_PATH: store.worktrees.root(this.worktree),
      JVS_SNAPSHOT: snapshot,
      JVS_NOTE: note,
      JVS_SESSION: session,
      JVS_ACTOR: context.actor,
    };
    const given = Object.entries(facts).filter((each): each is [string, string] => each[1] !== undefined);
    // A NUL would end the text; notes may have one.
    const clean = given.map(([name, value]) => [name, value.replaceAll("\0", "")]);
    return { PATH: "/usr/local/bin:/usr/bin:/bin", ...hookEnvironment?.(), ...Object.fromEntries(clean) };
  }
}

const VERBS: Record<HookedOperation, string> = { snapshot: "make a snapshot", restore: "restore" };

function isGood({ code, signal, stopped }: ProgramEnd): boolean {
  return code === 0 && signal === null && stopped === null;
}

function resultOf(hook: HookName, { code, signal, stopped }: ProgramEnd): HookResult {
  return { hook, code: signal === null ? code : null, signal, stopped };
}

function ifNotStarted(error: unknown): NotStarted {
  if (error instanceof NotStarted) return error;
  throw error;
}

function couldNotStart(cause: NotStarted) {
  const hint = "The hook itself did not run: try again when the system can start it.";
  return { how: `could not be started: ${cause.why}`, hint, cause };
}

function wayOut(hook: HookName): string {
  return `Correct what it complains of, or remove it with \`jvs config set hooks.${hook} ''\`.`;
}

/** What a program says last is most often the reason. */
function lastLine(lines: readonly string[]): string {
  const last = lines.findLast((line) => line.trim() !== "");
  return last === undefined ? "" : `: ${last.trim()}`;
}

/** The error of trust, with the texts that would run. */
function untrusted(cause: JvsError, operation: HookedOperation, { before, after }: Commands): JvsError {
  const texts = { [`hooks.pre-${operation}`]: before, [`hooks.post-${operation}`]: after };
  const given = Object.entries(texts).filter(([, text]) => text !== "");
  const shown = given.map(([key, text]) => `${key} is ${jsonText(text.slice(0, SHOWN))}`).join(", ");
  const removed = given.map(([key]) => `\`jvs config set ${key} ''\``).join(" and ");
  return new JvsError("E_UNTRUSTED", `${cause.message} (${shown})`, {
    hint: `${cause.hint} Or remove what you do not want: ${removed}.`,
    details: { ...cause.details, hooks: Object.fromEntries(given) },
    cause,
  });
}
