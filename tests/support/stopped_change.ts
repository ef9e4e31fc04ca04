import { assert, assertEquals } from "@std/assert";
import type { Intent } from "../../src/model/records.ts";
import { BlackBox } from "./black_box.ts";
import { type JsonError, type JvsOptions, spawnJvs } from "./jvs.ts";

/** A command that changes something and is stopped right after its intent is there, as a machine that sleeps. */
export class StoppedChange implements AsyncDisposable {
  #isContinued = false;

  private constructor(private readonly child: Deno.ChildProcess) {}

  /** Starts a command; returns when it is stopped. Fails if it has come too far: past `before`, or to its commit. */
  static async make(
    box: BlackBox,
    args: readonly string[],
    before?: string,
    options: JvsOptions = {},
  ): Promise<StoppedChange> {
    const child = await spawnJvs([...args, "--json"], { ...box.commands(), ...options });
    await child.stdin.close();
    const stopped = new StoppedChange(child);
    let ended = false;
    child.status.then(() => ended = true);
    while (openIntents(box).length === 0) {
      if (ended) throw new Error(`jvs ${args.join(" ")} ended: ${await stopped.#text()}`);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    Deno.kill(child.pid, "SIGSTOP");
    const [intent] = openIntents(box);
    assertEquals(intent?.audit, null, "it was stopped too late: give it more to do");
    if (before !== undefined) {
      assert(!intent?.steps.includes(before), `it was stopped too late, after ${before}`);
    }
    return stopped;
  }

  /** Lets it go on; returns its error. */
  async error(): Promise<JsonError> {
    this.#isContinued = true;
    Deno.kill(this.child.pid, "SIGCONT");
    return JSON.parse(await this.#text());
  }

  async #text(): Promise<string> {
    const { stdout, stderr } = await this.child.output();
    const decoder = new TextDecoder();
    return decoder.decode(stdout) + (stdout.length === 0 ? decoder.decode(stderr) : "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isContinued) return;
    Deno.kill(this.child.pid, "SIGKILL");
    await this.child.output();
  }
}

/** The intents that can be read now. */
export function openIntents({ control }: BlackBox): Intent[] {
  const folder = `${control}/runtime/shared/intents`;
  return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    if (!/^[0-9a-f-]{36}\.json$/.test(name)) return [];
    try {
      return [JSON.parse(Deno.readTextFileSync(`${folder}/${name}`))];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
}

/** A repository with so much to save, and to restore, that a command can be stopped in its middle; `first` is its snapshot. */
export async function largeBox(): Promise<BlackBox & { readonly first: string }> {
  const box = await BlackBox.make();
  const write = (text: string) => {
    for (let i = 0; i < 1500; i++) box.write(`data/${i % 30}/${i}.txt`, `${text} ${i}\n`);
  };
  write("one");
  const { snapshot_id: first } = await box.save("first");
  write("two");
  return Object.assign(box, { first });
}
