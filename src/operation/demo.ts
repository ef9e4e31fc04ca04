import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { anything, type Infer, list, record, text } from "../model/schema.ts";
import { callDeno } from "../platform/deno_call.ts";
import { isSystemError } from "../platform/system_error.ts";
import { callOperation } from "./call.ts";
import { type AnyOperation, defineFreeOperation } from "./define.ts";
import type { Context } from "../protocol/context.ts";

const Step = record({
  say: text().about("One sentence on what happens; empty if the step belongs to the one before."),
  command: text().about("The command line for this step."),
  operation: text().about("The name of the operation; empty if the step is not one."),
  result: anything().about("The operation's result; null if the step is not an operation."),
});

/** Shows what JVS does, in a small workspace that it makes. */
export const demo = defineFreeOperation({
  name: "demo",
  summary: "Make a small workspace, break it, bring it back: the tour in five seconds",
  about:
    "Everything in it is real: it makes a repository in a new folder, saves it, breaks it, restores it and verifies it. " +
    "The folder stays for you to look around in.",
  examples: [["jvs demo", "in a new temporary folder"], ["jvs demo ~/try", "in a folder of your choice"]],
  changes: "outside",
  input: record({
    folder: text().optional().about("The new folder to make it in; by default a temporary folder.")
      .cli({ positional: true, placeholder: "DIR", completes: "path" }),
  }, { closed: true }),
  output: record({
    folder: text().about("The absolute path of the folder that it made."),
    steps: list(Step).about("What it did, in order."),
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
    callDeno("create", path, () => Deno.mkdirSync(path));
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
    throw new JvsError("E_ALREADY_EXISTS", `Cannot make the demo in ${quoted(path)}: it exists`, {
      hint: "Name a folder that does not exist yet, or none for a temporary folder.",
    });
  }
  return Deno.realPathSync(path);
}

class Tour {
  readonly steps: Infer<typeof Step>[] = [];

  constructor(private context: Context) {}

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
    this.write("Some work: a training script, its settings, and some data.", "train.py", "print('training')");
    this.write("", "settings.yaml", "learning_rate: 0.1");
    this.do("", "mkdir data", (folder) => Deno.mkdirSync(`${folder}/data`));
    this.write("", "data/samples.csv", "x,y", 20_000);
    await this.run(
      "Save it. Later snapshots do not copy unchanged files again.",
      'jvs snapshot "it works" --tag good',
      snapshot,
      { note: "it works", tags: ["good"] },
    );
    this.write(
      "Then everything goes wrong: a bad edit, the data is gone.",
      "settings.yaml",
      "learning_rate: 100",
    );
    this.do("", "rm -r data", (folder) => Deno.removeSync(`${folder}/data`, { recursive: true }));
    this.write("", "notes.txt", "an idea that is nowhere else");
    await this.run("What differs from the last snapshot?", "jvs status", status, {});
    await this.run(
      "Go back. JVS saves unsaved work first, so the idea is not lost.",
      "jvs restore good",
      restore,
      { snapshot: "good" },
    );
    await this.run("Read everything again: is it what was saved?", "jvs verify", verify, {});
    await this.run("And the history, with the unsaved work at its side.", "jvs history", history, {});
  }

  private async run(say: string, command: string, operation: unknown, input: Record<string, unknown>) {
    const known = operation as AnyOperation; // to run it, the types of its input and result do not matter
    const result = await callOperation(known, this.context, input);
    this.steps.push({ say, command, operation: known.name, result });
  }

  private write(say: string, path: string, line: string, times = 1): void {
    const command = times === 1 ? `echo "${line}"` : `yes "${line}" | head -n ${times}`;
    const content = `${line}\n`.repeat(times);
    this.do(say, `${command} > ${path}`, (folder) => Deno.writeTextFileSync(`${folder}/${path}`, content));
  }

  /** Does the same as a shell command in the worktree. */
  private do(say: string, command: string, effect: (folder: string) => void): void {
    effect(this.context.cwd);
    this.steps.push({ say, command, operation: "", result: null });
  }
}
