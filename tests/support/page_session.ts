import { jvsEnvironment } from "./jvs.ts";

/** A command that a page shows behind `$ `, and the output that the page shows. */
export interface Step {
  readonly command: string;
  readonly printed: string;
}

const BLOCK = /^```console\n([^]*?)^```$/gm;
// No command and no output contains this byte.
const SEPARATOR = "\x1e";

/** The commands of all `console` blocks of a page, in order, as one session. */
export function stepsOf(page: string): Step[] {
  return [...page.matchAll(BLOCK)].flatMap(([, block = ""]) => {
    const [before, ...steps] = `\n${block}`.split(/^\$ /m);
    if (before?.trim() !== "") {
      throw new Error(`A block must begin with a command, and begins with:${before}`);
    }
    return steps.map((step) => {
      const [command = "", ...printed] = step.split("\n");
      return { command, printed: printed.join("\n").trimEnd() };
    });
  });
}

/** Runs commands one after the other in one shell that begins in this folder; returns the output and errors of each. */
export async function runSession(commands: readonly string[], folder: string): Promise<string[]> {
  const script = commands.map((command) => `printf '${SEPARATOR}'\n${command}\n`).join("");
  const { program, env } = await jvsEnvironment();
  const bin = `${folder}/.bin`;
  Deno.mkdirSync(bin);
  Deno.symlinkSync(program, `${bin}/jvs`);
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `exec 2>&1\numask 022\n${script}`],
    cwd: folder,
    clearEnv: true,
    env: { ...env, PATH: `${bin}:${env.PATH}`, NO_COLOR: "1", JVS_ACTOR: "ana@lab" },
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout).split(SEPARATOR).slice(1).map((printed) => printed.trimEnd());
}

/** The page with the present output of its commands, for when the output changed on purpose. */
export function rewritten(page: string, printed: readonly string[]): string {
  let next = 0;
  return page.replace(BLOCK, (_, block: string) => {
    const lines = stepsOf(`\`\`\`console\n${block}\`\`\``).flatMap(({ command }) => {
      const now = printed[next++] ?? "";
      return [`$ ${command}`, ...(now === "" ? [] : [now])];
    });
    return `\`\`\`console\n${lines.join("\n")}\n\`\`\``;
  });
}

/** Replaces what differs between runs by numbers in order of appearance, and the engine and widths of the machine. */
export function masked(texts: readonly string[]): string[] {
  const names = new Map<string, string>();
  const named = (id: string) => names.get(id) ?? names.set(id, `#${names.size + 1}`).get(id) as string;
  return texts.map((text) =>
    text
      .replace(/\b[0-9a-f]{64}\b/g, "HASH")
      .replace(/\b[0-9a-f]{16}\b/g, "PLAN")
      // How much room a file takes differs between file systems.
      .replace(/^.*\b(frees|Freed|delete|prune)\b.*\d [KMG]?B\b.*$/gm, (line) =>
        line.replace(/[\d.]+ [KMG]?B\b/g, "SIZE"))
      .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "UUID")
      .replace(/\b(\d{13}-)?([0-9a-f]{8})\b/g, (_, time = "", id: string) =>
        `${time && "ID"}${named(id)}`)
      .replace(/\b\d{4}-\d\d-\d\d([T ][\d:.]+Z?)?/g, "TIME")
      .replace(/\b[\w.-]+:[\w.-]+:\d+:\w+\b/g, "HOLDER")
      .replace(/\bjust now\b|\b\d+ (second|minute)s? ago\b/g, "AGO")
      .replace(/^( +changed +)[\d.]+ \w+$/gm, "$1SIZE")
      // The exactness of the file system's times decides which files are linked and which are cloned.
      .replace(/\([^()]+ changed\), by (reflink-copy|copy)\b/g, "ENGINE")
      .replace(/\bengine +(reflink-copy|copy)\b/g, "ENGINE")
      .replace(/ +/g, " ")
  );
}
