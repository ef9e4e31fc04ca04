import { python } from "../tests/support/run.ts";
import { interrupted } from "./interrupt.ts";
import type { Contender } from "./scene.ts";

/** What one run of a command took. */
export interface Sample {
  readonly wallMs: number;
  /** User and system time of the command, of what it started, and of the servers that worked for it. */
  readonly cpuMs: number;
  /** The peak of memory of its largest process. */
  readonly peakMb: number;
}

const TIMED = new URL("programs/timed.py", import.meta.url).pathname;
let turn = 0;

/** Runs a command once as a whole process. */
export async function time(contender: Contender): Promise<Sample> {
  await contender.before?.();
  const command = commandOf(contender);
  const { cwd, env = {}, servers = [] } = contender;
  const served = cpuOf(servers);
  const { success, stdout, stderr } = await output(python(), ["-S", "-E", TIMED, ...command], { cwd, env });
  if (!success) throw new Error(`${contender.name} failed: ${command.join(" ")}\n${stderr}`);
  const sample: Sample = JSON.parse(lastLine(stderr));
  const own: Partial<Sample> = contender.timesItself ? JSON.parse(lastLine(stdout)) : {};
  const cpuMs = (own.cpuMs ?? sample.cpuMs) + cpuOf(servers) - served;
  return { wallMs: own.wallMs ?? sample.wallMs, cpuMs, peakMb: sample.peakMb };
}

/** What JVS says about where its time goes: it runs once more for that. Empty where JVS is started by another program. */
export async function phasesOf(contender: Contender): Promise<string> {
  if (contender.command[0] === "sh") return "";
  await contender.before?.();
  const [program = "", ...args] = commandOf(contender);
  const { cwd, env = {} } = contender;
  const { stderr } = await output(program, [...args, "--debug"], { cwd, env });
  return stderr.trimEnd();
}

function commandOf({ command }: Contender): string[] {
  const number = String(++turn);
  return command.map((word) => word.replaceAll("{turn}", number));
}

/** Runs a program that must succeed, and is not timed. */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { success, stdout, stderr } = await output(program, args, { cwd, env });
  if (!success) throw new Error(`${program} ${args.join(" ")} failed: ${stderr}`);
  return stdout;
}

async function output(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  interrupted.throwIfAborted();
  const command = new Deno.Command(program, {
    args: [...args],
    ...options,
    stdin: "null",
    signal: interrupted,
  });
  const { success, stdout, stderr } = await command.output();
  interrupted.throwIfAborted(); // it is no failure of the command that it was ended
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Deletes a tree, if it is there. */
export async function removeTree(path: string): Promise<void> {
  await run("rm", ["-rf", path], "/");
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/** What processes used until now, in milliseconds. The kernel tells it in hundredths of a second. */
function cpuOf(processes: readonly number[]): number {
  return processes.map((id) => {
    // After the name, which is in brackets and may contain anything, the 12th and 13th field.
    const fields = Deno.readTextFileSync(`/proc/${id}/stat`).split(") ").at(-1)?.split(" ") ?? [];
    return 10 * (Number(fields[11]) + Number(fields[12]));
  }).reduce((sum, ms) => sum + ms, 0);
}
