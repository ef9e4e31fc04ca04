import { fromFileUrl } from "./paths.ts";
import { changeSome, makeFiles } from "./tree.ts";
import { compare, type Comparison } from "./measure.ts";

const JVS = Deno.env.get("JVS_BIN") ?? fromFileUrl("../bin/jvs");
const CP_REFLINK = ["cp", "-a", "--reflink=always"];

/** Where and how much to measure. */
export interface Ground {
  /** A folder on XFS. */
  readonly disk: string;
  readonly files: number;
  readonly rounds: number;
}

/** `jvs version` beside an empty program: from source, and as one bundle. */
export async function startUp({ disk, rounds }: Ground): Promise<Comparison[]> {
  const empty = `${disk}/empty.ts`;
  Deno.writeTextFileSync(empty, "");
  const bundle = `${disk}/jvs.js`;
  await run("deno", ["bundle", "-q", "--minify", "--output", bundle, "cli.ts"], fromFileUrl(".."));
  const nothing = { name: "an empty program", command: [Deno.execPath(), "run", "-q", empty], cwd: disk };
  const bundled = [Deno.execPath(), "run", "-q", "-A", bundle, "version"];
  return [
    // 60 and 40 ms where an empty program takes 12.
    await compare(
      "version, from source",
      { name: "jvs version", command: [JVS, "version"], cwd: disk },
      nothing,
      {
        rounds: rounds * 3,
        atMost: 5,
      },
    ),
    await compare("version, bundled", { name: "jvs version", command: bundled, cwd: disk }, nothing, {
      rounds: rounds * 3,
      atMost: 3.3,
    }),
  ];
}

/** Snapshots of a tree beside copying it with shared blocks. */
export async function snapshots({ disk, files, rounds }: Ground): Promise<Comparison[]> {
  const main = await makeRepository(disk, files);
  const size = `${files.toLocaleString("en")} files`;
  await run(JVS, ["snapshot"], main);
  const copyTo = (round: number) => removeIfThere(`${disk}/copy`, round);
  const copy = {
    name: "cp -a --reflink=always",
    command: [...CP_REFLINK, main, `${disk}/copy`],
    cwd: disk,
    before: copyTo,
  };
  const save = { name: "jvs snapshot", command: [JVS, "snapshot", "-q"], cwd: main };
  return [
    await compare(`repeated snapshot, nothing changed, ${size}`, save, copy, { rounds, atMost: 1 }),
    await compare(
      `repeated snapshot, 1 % changed, ${size}`,
      { ...save, before: () => changeSome(main, 100) },
      copy,
      {
        rounds,
        atMost: null,
      },
    ),
    await compare(
      `restore, 1 % differs, ${size}`,
      {
        name: "jvs restore",
        command: [JVS, "restore", "LATEST", "--discard"],
        cwd: main,
        before: () => changeSome(main, 100),
      },
      copy,
      { rounds, atMost: null },
    ),
  ];
}

/** `jvs status` beside `git status` on the same unchanged tree. */
export async function statuses({ disk, files, rounds }: Ground): Promise<Comparison[]> {
  const main = await makeRepository(disk, files);
  await run(JVS, ["snapshot"], main);
  const git = `${disk}/git`;
  await run("cp", ["-a", "--reflink=always", main, git], disk);
  await run("git", ["init", "-q"], git);
  await run("git", ["add", "-A"], git);
  return [
    await compare(
      `status, nothing changed, ${files.toLocaleString("en")} files`,
      { name: "jvs status", command: [JVS, "status"], cwd: main },
      { name: "git status", command: ["git", "status"], cwd: git },
      { rounds, atMost: null },
    ),
  ];
}

let made = 0;

async function makeRepository(disk: string, files: number): Promise<string> {
  const name = `bench-${made++}`;
  await run(JVS, ["init", name], disk);
  makeFiles(`${disk}/${name}/main`, files);
  return `${disk}/${name}/main`;
}

function removeIfThere(path: string, _round: number): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // the first round finds none
  }
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const command = new Deno.Command(program === "deno" ? Deno.execPath() : program, {
    args: [...args],
    cwd,
    stdout: "null",
  });
  const { success } = await command.output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
}
