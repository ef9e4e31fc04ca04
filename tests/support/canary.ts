import { mustRun } from "./run.ts";

/** A tree outside of a repository that no command may touch: what links point to. */
export class Canary {
  /** What is in each of its files, and nowhere else. */
  readonly secret = `secret ${crypto.randomUUID()}`;
  private readonly paths: readonly string[];
  private readonly before: string;

  /** The tree has a file in its root and one in each of these folders. */
  constructor(readonly root: string, folders: readonly string[], file: string) {
    const all = ["", ...folders].map((folder) => folder === "" ? root : `${root}/${folder}`);
    for (const folder of all) Deno.mkdirSync(folder, { recursive: true });
    const files = all.map((folder) => `${folder}/${file}`);
    for (const path of files) Deno.writeTextFileSync(path, this.secret);
    this.paths = [...files, ...all.reverse()];
    // So old that the first read moves the time of access, also where that is written seldom (relatime).
    mustRun("touch", "-d", "@1000000000", ...this.paths);
    this.before = this.state();
  }

  /** Everything that reading, writing, or setting would move. */
  private state(): string {
    return mustRun("stat", "-c", "%n %f %u %g %h %i %s %x %y %z", ...this.paths);
  }

  /** What happened to it, if anything did: the lines that differ. */
  touched(): string | undefined {
    const now = this.state().split("\n");
    const lines = this.before.split("\n").flatMap((line, i) =>
      line === now[i] ? [] : [`- ${line}`, `+ ${now[i]}`]
    );
    return lines.length === 0 ? undefined : lines.join("\n");
  }

  /** The files in a folder with what only it has. */
  copies(folder: string): string[] {
    const { stdout } = new Deno.Command("grep", { args: ["-rlsF", this.secret, folder] }).outputSync();
    return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  }
}
