import type { AuditRecord, Descriptor, Finding, Intent } from "../../model/records.ts";
import type { Ended, Program, Running, RunOptions } from "./program.ts";
import { Broken, must, mustBe, short } from "./promises.ts";

/** Where one rule is checked: a folder of its own, and the program under test. */
export interface Laboratory {
  readonly program: Program;
  /** An empty folder. */
  readonly folder: string;
  /** Whether everything is to be tried, however long it takes. */
  readonly isThorough: boolean;
  /** A number from 0 to 1, by the seed of the run. */
  readonly random: () => number;
  /** Ends waiting when the run is interrupted. */
  readonly signal: AbortSignal;
}

/** An error as JSON: SPEC 11. */
export interface ReportedError {
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A repository that is used only through the program under test, and by what lies in its files. */
export class Box {
  private constructor(readonly laboratory: Laboratory, readonly outside: string, readonly path: string) {}

  /** Makes an empty repository in a new folder of the laboratory. */
  static async make(laboratory: Laboratory, folder = "box"): Promise<Box> {
    const outside = `${laboratory.folder}/${folder}`;
    Deno.mkdirSync(outside);
    const ended = await laboratory.program.run(["init", "project", "--json"], { cwd: outside });
    mustBe(ended.code, 0, ended.story);
    return new Box(laboratory, outside, `${outside}/project`);
  }

  /** The payload root of the first worktree. */
  get main(): string {
    return `${this.path}/main`;
  }

  get control(): string {
    return `${this.path}/.jvs`;
  }

  /** Where the commands of another worktree run. */
  at(worktree: string): RunOptions {
    return { cwd: `${this.path}/worktrees/${worktree}` };
  }

  /** Runs a command, in main unless told otherwise. */
  async run(args: readonly string[], more: Partial<RunOptions> = {}): Promise<Ended> {
    return await this.start(args, more).ended();
  }

  /** Starts one. */
  start(args: readonly string[], more: Partial<RunOptions> = {}): Running {
    return this.laboratory.program.start(args, { cwd: this.main, ...more });
  }

  /** The result of a command that must succeed. */
  async json<Result = Record<string, unknown>>(
    args: readonly string[],
    more: Partial<RunOptions> = {},
  ): Promise<Result> {
    const ended = await this.run([...args, "--json"], more);
    must(ended.code === 0, `It must succeed: ${ended.story}`);
    // What the rule relies on of it, it looks at itself.
    return ended.json as unknown as Result;
  }

  /** The error of a command that must be refused with this class. */
  async error(
    code: string,
    args: readonly string[],
    more: Partial<RunOptions> = {},
  ): Promise<ReportedError> {
    const ended = await this.run([...args, "--json"], more);
    const isIt = ended.code !== 0 && ended.json["error"] === code;
    must(isIt, `It must be refused with ${code}: ${ended.story}`);
    return ended.json as unknown as ReportedError;
  }

  /** Saves main, or another worktree, and returns the new snapshot. */
  async save(note: string, more: Partial<RunOptions> = {}, ...flags: string[]): Promise<Descriptor> {
    return (await this.json<{ snapshot: Descriptor }>(["snapshot", note, ...flags], more)).snapshot;
  }

  /** The whole history of all worktrees, the newest first. */
  async history(): Promise<Descriptor[]> {
    return (await this.json<{ snapshots: Descriptor[] }>(["history", "--all"])).snapshots;
  }

  /** What doctor finds. */
  async findings(...flags: string[]): Promise<Finding[]> {
    const ended = await this.run(["doctor", ...flags, "--json"]);
    const { findings } = ended.json;
    if (!Array.isArray(findings)) throw new Broken(`doctor must list its findings: ${ended.story}`);
    return findings;
  }

  /** Fails if anything is wrong: the end of every rule that changes a repository. */
  async audit(): Promise<void> {
    const ended = await this.run(["doctor", "--strict", "--json"]);
    must(ended.json["healthy"] === true, `Afterwards the repository must be healthy: ${ended.story}`);
    if (!this.laboratory.isThorough) return;
    const verified = await this.run(["verify", "--all", "--json"]);
    mustBe(
      [verified.code, verified.json["severity"]],
      [0, "ok"],
      `Afterwards all must be whole: ${verified.story}`,
    );
  }

  /** The records in the file of the audit log, oldest first. */
  records(): AuditRecord[] {
    const text = Deno.readTextFileSync(`${this.control}/audit/audit.jsonl`);
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** The intents that can be read now: what is under way, or was interrupted. */
  intents(): Intent[] {
    const folder = `${this.control}/runtime/shared/intents`;
    return namesIn(folder).filter((name) => /^[0-9a-f-]{36}\.json$/.test(name)).flatMap((name) => {
      try {
        return [JSON.parse(Deno.readTextFileSync(`${folder}/${name}`))];
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    });
  }

  /** Writes a file in main and makes its folders. */
  write(path: string, text: string): void {
    writeIn(this.main, path, text);
  }

  read(path: string): string {
    return Deno.readTextFileSync(`${this.main}/${path}`);
  }

  /** Runs a script of the shell in main. */
  async shell(script: string, cwd = this.main): Promise<string> {
    const args = ["-ec", `umask 022; ${script}`];
    const env = { LC_ALL: "C.UTF-8" };
    const { code, stdout, stderr } = await new Deno.Command("sh", { args, cwd, env }).output();
    const text = new TextDecoder();
    if (code !== 0) throw new Error(`sh -c '${short(script)}' ended with ${code}: ${text.decode(stderr)}`);
    return text.decode(stdout);
  }
}

/** Writes a file in a folder and makes its folders. */
export function writeIn(folder: string, path: string, text: string): void {
  const full = `${folder}/${path}`;
  Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(full, text);
}

/** Replaces a piece of a file that occurs once in it. */
export function editFile(path: string, old: string, by: string): void {
  const text = Deno.readTextFileSync(path);
  if (text.split(old).length !== 2) throw new Broken(`${path} must have \`${old}\` once: ${short(text)}`);
  const { mode } = Deno.statSync(path);
  if (mode !== null) Deno.chmodSync(path, mode | 0o200);
  Deno.writeTextFileSync(path, text.replace(old, () => by));
  if (mode !== null) Deno.chmodSync(path, mode & 0o7777);
}

/** The names in a folder, sorted. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Whether there is something at a path. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** Waits for a condition. */
export async function until({ signal }: Laboratory, isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Saves main three times, with `one`, `two` and `three` in `a.txt`; returns the ids. */
export async function threeSaved(box: Box): Promise<[string, string, string]> {
  const save = async (note: string) => {
    box.write("a.txt", `${note}\n`);
    return (await box.save(note)).snapshot_id;
  };
  return [await save("one"), await save("two"), await save("three")];
}
