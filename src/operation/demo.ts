import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { anything, list, record, text } from "../model/schema.ts";
import { attempt } from "../platform/deno_call.ts";
import { isSystemError } from "../platform/system_error.ts";
import { callOperation } from "./call.ts";
import { type AnyOperation, defineFreeOperation } from "./define.ts";
import type { Context } from "../protocol/context.ts";

/** One thing that the demo does. */
const Step = record({
  say: text().about("What happens from here on, in a sentence; empty where it goes on."),
  command: text().about("What one would type."),
  operation: text(),
  result: anything().about("What the operation gave; null where a file was written instead."),
});

/** Shows what JVS does on a real workspace of its own. */
export const demo = defineFreeOperation({
  name: "demo",
  summary: "Make a small workspace, break it, bring it back: the tour in five seconds",
  about:
    "Everything in it is real: a repository is made in a new folder, saved, broken, restored and verified. The folder " +
    "stays, for you to look around in.",
  examples: [["jvs demo", "in a new temporary folder"], ["jvs demo ~/try", "in a folder of your choice"]],
  changes: "outside",
  input: record({
    folder: text().optional().about(
      "A folder to make it in, which must not exist yet; a temporary one when left out.",
    )
      .cli({ positional: true, placeholder: "DIR", completes: "path" }),
  }, { closed: true }),
  output: record({
    folder: text(),
    steps: list(Step),
  }),
  async run(context, input) {
    const folder = makeFolder(context, input.folder);
    const tour = new Tour({ ...context, cwd: folder, repo: undefined });
    await tour.walk();
    return { folder, steps: tour.steps };
  },
});

function makeFolder({ cwd }: Context, folder: string | undefined): string {
  if (folder === undefined) return Deno.realPathSync(Deno.makeTempDirSync({ prefix: "jvs-demo-" }));
  const path = folder.startsWith("/") ? folder : `${cwd}/${folder}`;
  try {
    attempt("create", path, () => Deno.mkdirSync(path));
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
    throw new JvsError("E_ALREADY_EXISTS", `Cannot make the demo in ${quoted(path)}: it exists`, {
      hint: "Name a folder that does not exist yet, or none: then it is made in a temporary one.",
    });
  }
  return Deno.realPathSync(path);
}

interface StepRecord {
  readonly say: string;
  readonly command: string;
  readonly operation: string;
  readonly result: unknown;
}

class Tour {
  readonly steps: StepRecord[] = [];
  private context: Context;
  private sentence = "";

  constructor(context: Context) {
    this.context = context;
  }

  async walk(): Promise<void> {
    const { init } = await import("./init.ts");
    const { snapshot } = await import("./snapshot.ts");
    const { status } = await import("./status.ts");
    const { restore } = await import("./restore.ts");
    const { verify } = await import("./verify.ts");
    const { history } = await import("./history.ts");

    await this.run("A repository, with a first worktree called main.", "jvs init trial", init, {
      name: "trial",
    });
    this.context = { ...this.context, cwd: `${this.context.cwd}/trial/main` };
    this.say("Some work: a training script, its settings, and some data.");
    this.write("train.py", "print('training')", 1);
    this.write("settings.yaml", "learning_rate: 0.1", 1);
    this.write("data/samples.csv", "x,y", 20_000);
    await this.run(
      "Save it. Unchanged files will never be copied again.",
      'jvs snapshot "it works" --tag good',
      snapshot,
      {
        note: "it works",
        tags: ["good"],
      },
    );

    this.say("Then everything goes wrong: a bad edit, the data is gone.");
    this.write("settings.yaml", "learning_rate: 100", 1);
    this.remove("data");
    this.write("notes.txt", "an idea that is nowhere else", 1);
    await this.run("What differs from the last snapshot?", "jvs status", status, {});
    await this.run(
      "Go back. What was not saved yet is saved first: the idea is not lost.",
      "jvs restore good",
      restore,
      {
        snapshot: "good",
      },
    );
    await this.run("Read everything again: is it what was saved?", "jvs verify", verify, {});
    await this.run("And the history, with the unsaved work as a leaf.", "jvs history", history, {});
  }

  /** What the next step does. */
  private say(sentence: string): void {
    this.sentence = sentence;
  }

  private async run(
    say: string,
    command: string,
    operation: unknown,
    input: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const known = operation as AnyOperation; // each has types of its own; here only running it matters
    const result = await callOperation(known, this.context, input);
    this.steps.push({ say, command, operation: known.name, result });
  }

  private write(path: string, line: string, times: number): void {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (folder !== "") this.do(`mkdir ${folder}`, () => Deno.mkdirSync(`${this.context.cwd}/${folder}`));
    const command = times === 1 ? `echo "${line}"` : `yes "${line}" | head -n ${times}`;
    this.do(`${command} > ${path}`, () => {
      Deno.writeTextFileSync(`${this.context.cwd}/${path}`, `${line}\n`.repeat(times));
    });
  }

  private remove(path: string): void {
    this.do(`rm -r ${path}`, () => Deno.removeSync(`${this.context.cwd}/${path}`, { recursive: true }));
  }

  /** Does what one would do by a command of the shell. */
  private do(command: string, effect: () => void): void {
    effect();
    this.steps.push({ say: this.sentence, command, operation: "", result: null });
    this.sentence = "";
  }
}
