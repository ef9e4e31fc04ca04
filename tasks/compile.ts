/**
 * `deno task compile [TARGET] [DIR]`: writes an executable that needs no Deno, `jvs-VERSION-TARGET`, into DIR (default
 * `dist`). TARGET is one of `TARGETS`, by default this machine. It has the bundle, the
 * permission set `run`, because no launcher chooses one, and Deno's own program for executables, denort: from the network,
 * or the file that DENORT_BIN names.
 */
import { VERSION } from "../src/model/version.ts";
import { asked, bundle, denoArguments } from "./bundle.ts";

/** The systems that executables are made for, and Deno's names for them. */
export const TARGETS = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "macos-x64": "x86_64-apple-darwin",
  "macos-arm64": "aarch64-apple-darwin",
  "windows-x64": "x86_64-pc-windows-msvc",
} as const;

/** One of these systems. */
export type Target = keyof typeof TARGETS;

/** Writes the executable for a system into a folder, with the denort of this path or the usual one, and returns its file. */
export async function compile(target: Target, folder: string, denort?: string): Promise<string> {
  const work = await Deno.makeTempDir();
  try {
    await bundle(work);
    await Deno.utime(`${work}/jvs.js`, 0, 0); // this time is built in, and the same source gives the same executable
    await Deno.mkdir(folder, { recursive: true });
    const file = `${folder}/jvs-${VERSION}-${target}${target.startsWith("windows") ? ".exe" : ""}`;
    const [, ...asInPackages] = denoArguments(work, "run");
    const args = ["compile", "--target", TARGETS[target], "--output", file, "--app-name", "jvs"];
    // The cache would be code at a known path in the temporary folder, where another user can put it first.
    args.push("--no-code-cache", ...asInPackages);
    const env: Record<string, string> = { NO_COLOR: "1", OTEL_DENO: "false" }; // else telemetry could be built in
    if (denort) env.DENORT_BIN = denort;
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: work, env }).output();
    if (!success) throw new Error(whyNot(target, new TextDecoder().decode(stderr)));
    return file;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** The system of this machine. */
export function thisMachine(): Target | undefined {
  return targets().find((target) => TARGETS[target] === Deno.build.target);
}

/** Why there is no executable, by what Deno said, and what to do. */
function whyNot(target: Target, said: string): string {
  const causes = [...said.matchAll(/^ +\d+: (.*)$/gm)].map(([, cause]) => cause).slice(0, 2).join(" ");
  const needed = `denort of Deno ${Deno.version.deno} for ${TARGETS[target]}`;
  return `Cannot compile for ${target}: ${causes || said.trim()}\n` +
    `It needs ${needed}. Run this where https://dl.deno.land can be reached, or name the file in DENORT_BIN.`;
}

function targets(): Target[] {
  return Object.keys(TARGETS) as Target[];
}

async function main(): Promise<string> {
  const [word = thisMachine() ?? Deno.build.target, folder] = Deno.args;
  const denort = Deno.env.get("DENORT_BIN");
  const target = targets().find((target) => target === word);
  if (target === undefined) {
    throw new Error(`Cannot compile for "${word}": name one of ${targets().join(", ")}.`);
  }
  const file = await compile(target, asked(folder), denort && asked(denort));
  return `Wrote ${file} (${((await Deno.stat(file)).size / 1e6).toFixed(1)} MB).`;
}

if (import.meta.main) {
  await main().then(console.log, ({ message }: Error) => {
    console.error(message);
    Deno.exit(1);
  });
}
