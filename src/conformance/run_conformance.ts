import { absolutePath } from "../model/absolute_path.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import type { Finding } from "../model/records.ts";
import { phase } from "../model/progress.ts";
import { callDeno } from "../platform/deno_call.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { areOneFileSystem } from "../platform/file_system.ts";
import type { Context } from "../protocol/context.ts";
import { discover } from "../repo/discover.ts";
import { ownCommand } from "./own_command.ts";
import { type Command, Program } from "./black_box/program.ts";
import { Broken, isForRoom, NO_ROOM, short } from "./black_box/promises.ts";
import type { PROFILES } from "./black_box/rule.ts";
import { RULES } from "./rules.ts";
import { type Checked, runRules } from "./run_rules.ts";
import { removeLeftovers, requireSafe, Scratch } from "./scratch.ts";

interface Input {
  readonly folder?: string | undefined;
  readonly profile: typeof PROFILES[number];
  readonly rule: readonly string[];
  readonly keep: boolean;
  readonly seed?: number | undefined;
}

/** Runs `jvs conformance run`. docs/design/conformance.md */
export async function runConformance(context: Context, input: Input) {
  const command = commandOf(context);
  const root = discover(context.repo ?? context.cwd)?.root;
  const parent = placeFor(context, input.folder, root);
  const unknown = input.rule.find((each) => !RULES.some(({ number }) => String(number) === each));
  if (unknown !== undefined) throw unknownRule(unknown);
  const rules = RULES.filter(({ number }) => input.rule.length === 0 || input.rule.includes(String(number)));
  requireSafe(parent);
  const removed = await removeLeftovers(parent, context.reporter);
  const seed = input.seed ?? Math.floor(Math.random() * 2 ** 31);
  const scratch = Scratch.make(parent);
  let kept = false;
  try {
    const program = new Program(command, scratch.folder("home"));
    const known = await firstLook(program, scratch);
    const { reporter, signal } = context;
    const areNamed = input.rule.length > 0;
    const how = { program, scratch, seed, areNamed, atOnce: threads(context), reporter, signal };
    const checked = await runRules(rules, { ...input, ...how });
    const repository = root === undefined ? null : await lookAtOwn(command, root, context);
    const count = (result: Checked["result"]) => checked.filter((each) => each.result === result).length;
    kept = input.keep && count("failed") > 0;
    return {
      program: command.join(" "),
      ...known,
      profile: input.profile,
      folder: parent,
      user: Deno.uid() === 0 ? "root" : "ordinary user",
      seed,
      passed: count("passed"),
      failed: count("failed"),
      not_run: count("not run"),
      rules: checked,
      repository,
      kept: kept ? scratch.path : null,
      removed,
    };
  } finally {
    if (kept) scratch.keep();
    else await scratch.end();
  }
}

/** The program to check. It must be one that may be run: the permission set `jvs` allows only `juicefs` and `cp`. */
function commandOf({ cwd, program, workers }: Context): Command {
  if (Deno.permissions.querySync({ name: "run" }).state !== "granted") {
    throw new JvsError("E_PERMISSION", "Cannot run jvs to check it: this jvs may not run programs", {
      hint: "Start jvs by its launcher, which gives `conformance run` the permission set `run`.",
    });
  }
  return program === undefined ? ownCommand(workers?.module) : [absolutePath(program, cwd)];
}

/** The folder to make the scratch folder in. */
function placeFor({ cwd }: Context, folder: string | undefined, root: string | undefined): string {
  if (folder === undefined && root === undefined) return callDeno("find", cwd, () => Deno.realPathSync(cwd));
  if (folder !== undefined) {
    const asked = absolutePath(folder, cwd);
    const place = unlessFailed(["ENOENT"], () => callDeno("find", asked, () => Deno.realPathSync(asked)));
    if (place === undefined) {
      throw new JvsError("E_NOT_FOUND", `Cannot check in ${quoted(asked)}: there is no such folder`, {
        hint: "Make the folder first, on the file system that you want to check.",
        details: { folder: asked },
      });
    }
    const inside = discover(place)?.root;
    if (inside === undefined) return place;
    throw new JvsError(
      "E_USAGE",
      `Cannot check in ${quoted(place)}: it is in the repository ${quoted(inside)}`,
      {
        hint: "Name a folder that is in no repository, on the same file system.",
        details: { folder: place, repository: inside },
      },
    );
  }
  const repository = root ?? cwd;
  const beside = repository.slice(0, repository.lastIndexOf("/")) || "/";
  const id = (path: string) => {
    const platform = openPlatform();
    using open = platform.openFolder(path);
    return platform.fileSystem(open).id;
  };
  const around = discover(beside)?.root;
  if (around === undefined && areOneFileSystem(id(beside), id(repository))) return beside;
  const why = around === undefined
    ? "that is another file system"
    : `that is in the repository ${quoted(around)}`;
  throw new JvsError("E_USAGE", `Cannot check beside ${quoted(repository)}, in ${quoted(beside)}: ${why}`, {
    hint: "Name a folder to check in, on the file system of your repository but in no repository.",
    details: { folder: beside, repository },
  });
}

function unknownRule(asked: string): JvsError {
  return new JvsError("E_NOT_FOUND", `Cannot check rule ${quoted(asked)}: there is no such rule`, {
    hint: `The rules are 1 to ${RULES.length}; \`jvs conformance run\` checks them all.`,
  });
}

/** How many rules are checked at once: each runs one command at a time, most of the time. */
function threads({ workers }: Context): number {
  return workers?.threads ?? Math.max(1, Math.min(navigator.hardwareConcurrency, 4));
}

/** What the program is, and how it works in this place. */
async function firstLook(program: Program, scratch: Scratch) {
  const cwd = scratch.folder("first");
  const ask = async (cwd: string, ...args: string[]): Promise<Record<string, unknown>> => {
    const ended = await program.run([...args, "--json"], { cwd });
    if (ended.code !== 0) throw new Broken(ended.story);
    return ended.json;
  };
  try {
    const { version } = await ask(cwd, "version");
    await ask(cwd, "init", "project");
    const info = await ask(`${cwd}/project/main`, "info");
    const engine: unknown = Object(info["engine"]).name;
    return {
      version: String(version),
      file_system: String(Object(info["file_system"]).kind),
      engine: typeof engine === "string" ? engine : null,
    };
  } catch (error) {
    if (isForRoom(error) || scratch.isFull()) throw tooFull(scratch.parent);
    if (!(error instanceof Broken) && !(error instanceof Deno.errors.NotFound)) throw error;
    throw new JvsError(
      "E_USAGE",
      `Cannot check this program: it does not make a repository: ${short(error.message)}`,
      {
        hint: "Name a program in JVS_BIN that is used like jvs, and a folder in which it may write.",
        cause: error,
      },
    );
  } finally {
    await scratch.remove("first");
  }
}

function tooFull(parent: string): JvsError {
  return new JvsError("E_NO_SPACE", `Cannot check in ${quoted(parent)}: ${NO_ROOM}`, {
    hint: "Free space, or name a folder with more: `jvs conformance run --help` says how much is needed.",
    details: { path: parent },
  });
}

/** Looks at the user's own repository, by commands that change nothing. */
async function lookAtOwn(command: Command, path: string, { reporter, signal }: Context) {
  using _phase = phase(reporter, "looking at your repository");
  const program = new Program(command);
  const killAll = () => program.killAll();
  signal.addEventListener("abort", killAll, { once: true });
  const doctor = await program.run(["doctor", "--json", "--repo", path], { cwd: path });
  const audit = await program.run(["audit", "verify", "--json", "--repo", path], { cwd: path });
  signal.removeEventListener("abort", killAll);
  signal.throwIfAborted();
  const findings = doctor.json["findings"];
  if (!Array.isArray(findings)) throw refusedBy(doctor.json);
  return {
    path,
    healthy: doctor.json["healthy"] === true && audit.code === 0,
    findings: findings as Finding[],
  };
}

function refusedBy({ message, hint }: Readonly<Record<string, unknown>>): JvsError {
  return new JvsError("E_IO", `Cannot look at your repository: ${message}`, { hint: String(hint) });
}
