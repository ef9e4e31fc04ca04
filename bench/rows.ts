import { bundle, CHECKOUT, denoArguments } from "../tasks/bundle.ts";
import type { Contender } from "./measure.ts";

/** A JVS to time: this checkout, or an earlier one. */
export interface Jvs {
  readonly name: string;
  readonly bin: string;
  readonly root: string;
}

/** Where one contender works, on XFS, and with how many files or snapshots. */
interface Ground {
  readonly folder: string;
  readonly files: number;
  readonly snapshots: number;
}

/** One thing to time. Without a `peer` it is only compared with an earlier JVS. */
export interface Row {
  readonly name: string;
  readonly ours: (jvs: Jvs, ground: Ground) => Promise<Contender>;
  readonly peer: ((ground: Ground, jvs: Jvs) => Contender | Promise<Contender>) | null;
  /** The ratio to the peer that was promised. */
  readonly atMost: number | null;
  /** A command of milliseconds needs more rounds. */
  readonly isShort?: boolean;
}

/** What is timed, in the order of a day's work. */
export const ROWS: readonly Row[] = [
  { name: "version, from source", ours: version, peer: emptyProgram, atMost: 5, isShort: true },
  { name: "version, bundled", ours: bundled("version"), peer: emptyProgram, atMost: 2.5, isShort: true },
  {
    name: "status of ten files, from source",
    ours: tenFiles,
    peer: emptyProgram,
    atMost: null,
    isShort: true,
  },
  {
    name: "status of ten files, bundled",
    ours: bundled("status"),
    peer: emptyProgram,
    atMost: 4,
    isShort: true,
  },
  { name: "first snapshot", ours: firstSnapshot, peer: copyOfTree, atMost: null },
  { name: "repeated snapshot, nothing changed", ours: sameSnapshot, peer: copyOfTree, atMost: 1 },
  { name: "repeated snapshot, 1 % changed", ours: changedSnapshot, peer: copyOfTree, atMost: null },
  { name: "status, nothing changed", ours: inRepository("status"), peer: gitStatus, atMost: null },
  { name: "diff with the last snapshot", ours: inRepository("diff"), peer: null, atMost: null },
  { name: "restore, 1 % differs", ours: restoreOfSome, peer: copyOfTree, atMost: null },
  { name: "restore, all differs", ours: restoreOfAll, peer: copyOfTree, atMost: null },
  { name: "fork", ours: fork, peer: copyOfTree, atMost: null },
  { name: "verify", ours: inRepository("verify", "--all"), peer: null, atMost: null },
  { name: "history of 1,000 snapshots", ours: longHistory, peer: null, atMost: null },
  amongMany("the newest ten of many snapshots", "history", "-n", "10"),
  amongMany("a tag among many snapshots", "history", "--tag", "tag-1"),
  amongMany("show one of many snapshots", "show", "tag-1"),
];

function version({ name, bin }: Jvs, { folder }: Ground): Promise<Contender> {
  return Promise.resolve({ name, command: [bin, "version"], cwd: folder, countsCpu: true });
}

async function tenFiles({ name, bin }: Jvs, { folder }: Pick<Ground, "folder">): Promise<Contender> {
  const cwd = await makeRepository(bin, { folder, files: 10 });
  return { name, command: [bin, "status"], cwd, countsCpu: true };
}

function bundled(command: string) {
  return async (jvs: Jvs, { folder }: Ground): Promise<Contender> => {
    const { cwd } = await tenFiles(jvs, { folder });
    await bundle(`${folder}/bundle`, jvs.root);
    const args = [...denoArguments(`${folder}/bundle`), command];
    return { name: jvs.name, command: [Deno.execPath(), ...args], cwd, countsCpu: true };
  };
}

function emptyProgram({ folder }: Ground): Contender {
  Deno.writeTextFileSync(`${folder}/empty.ts`, "");
  const command = [Deno.execPath(), "run", "-q", "empty.ts"];
  return { name: "an empty program", command, cwd: folder, countsCpu: true };
}

function copyOfTree({ folder, files }: Ground): Contender {
  makeFiles(`${folder}/tree`, files);
  return {
    name: "cp -a --reflink=always",
    command: ["cp", "-a", "--reflink=always", "tree", "copy"],
    cwd: folder,
    before: () => removeIfThere(`${folder}/copy`),
  };
}

async function gitStatus({ folder, files }: Ground): Promise<Contender> {
  makeFiles(`${folder}/tree`, files);
  await run("git", ["init", "-q"], `${folder}/tree`);
  await run("git", ["add", "-A"], `${folder}/tree`);
  return { name: "git status", command: ["git", "status"], cwd: `${folder}/tree` };
}

async function firstSnapshot({ name, bin }: Jvs, { folder, files }: Ground): Promise<Contender> {
  makeFiles(`${folder}/tree`, files);
  await run(bin, ["init", "project"], folder);
  return {
    name: `${name} snapshot`,
    command: [bin, "snapshot", "-q"],
    cwd: `${folder}/project/main`,
    before: async () => {
      removeIfThere(`${folder}/project`);
      await run(bin, ["init", "project"], folder);
      await run("cp", ["-a", "--reflink=always", "tree/.", "project/main"], folder);
      await run("sync", ["-f", "."], folder);
    },
  };
}

async function sameSnapshot({ name, bin }: Jvs, ground: Ground): Promise<Contender> {
  return {
    name: `${name} snapshot`,
    command: [bin, "snapshot", "-q"],
    cwd: await makeRepository(bin, ground),
  };
}

async function changedSnapshot(jvs: Jvs, ground: Ground): Promise<Contender> {
  const contender = await sameSnapshot(jvs, ground);
  return { ...contender, before: () => changeSome(contender.cwd, 100) };
}

function inRepository(...args: string[]) {
  return async ({ name, bin }: Jvs, ground: Ground): Promise<Contender> => {
    const cwd = await makeRepository(bin, ground);
    return { name: `${name} ${args.join(" ")}`, command: [bin, ...args], cwd };
  };
}

async function restoreOfSome({ name, bin }: Jvs, ground: Ground): Promise<Contender> {
  const cwd = await makeRepository(bin, ground);
  const command = [bin, "restore", "LATEST", "--discard"];
  return { name: `${name} restore`, command, cwd, before: () => changeSome(cwd, 100) };
}

async function restoreOfAll(jvs: Jvs, ground: Ground): Promise<Contender> {
  const contender = await restoreOfSome(jvs, ground);
  const empty = () => {
    for (const { name } of Deno.readDirSync(contender.cwd)) {
      Deno.removeSync(`${contender.cwd}/${name}`, { recursive: true });
    }
  };
  return { ...contender, before: empty };
}

async function fork({ name, bin }: Jvs, ground: Ground): Promise<Contender> {
  const cwd = await makeRepository(bin, ground);
  let last: string | undefined;
  const command = [bin, "worktree", "fork", "again"];
  const before = async () => {
    if (last !== undefined) await run(bin, ["worktree", "remove", last, "--force"], cwd);
    last = "again";
  };
  return { name: `${name} fork`, command, cwd, before };
}

/** A question about a long history, beside the same about ten snapshots. */
function amongMany(name: string, ...args: string[]): Row {
  const among = (snapshots: number) => async ({ name, bin }: Jvs, { folder }: Pick<Ground, "folder">) => {
    await run(bin, ["init", "project"], folder);
    const cwd = `${folder}/project/main`;
    await run(bin, ["snapshot"], cwd);
    const maker = `${CHECKOUT}/tests/support/many_snapshots.ts`;
    const config = ["-c", `${CHECKOUT}/deno.json`];
    await run(Deno.execPath(), ["run", "-A", ...config, maker, `${folder}/project`, String(snapshots)], cwd);
    return { name: `${name}, ${snapshots} snapshots`, command: [bin, ...args], cwd, countsCpu: true };
  };
  return {
    name,
    ours: (jvs, ground) => among(ground.snapshots)(jvs, ground),
    peer: (ground, jvs) => among(10)(jvs, ground),
    atMost: 1.5,
    isShort: true,
  };
}

async function longHistory({ name, bin, root }: Jvs, { folder }: Ground): Promise<Contender> {
  const script = `
    const { Repository } = await import(${JSON.stringify(`file://${root}/mod.ts`)});
    const repository = await Repository.init("project");
    for (let n = 0; n < 1000; n++) {
      Deno.writeTextFileSync("project/main/n", String(n));
      await repository.snapshot({ note: "number " + n });
    }`;
  const config = ["--config", `${root}/deno.json`];
  await run(Deno.execPath(), [
    "run",
    "-q",
    "-A",
    ...config,
    `data:text/javascript,${encodeURIComponent(script)}`,
  ], folder);
  return { name: `${name} history`, command: [bin, "history"], cwd: `${folder}/project/main` };
}

/** A repository whose worktree `main` has `files` files and is saved. */
async function makeRepository(
  bin: string,
  { folder, files }: Pick<Ground, "folder" | "files">,
): Promise<string> {
  await run(bin, ["init", "project"], folder);
  makeFiles(`${folder}/project/main`, files);
  await run(bin, ["snapshot"], `${folder}/project/main`);
  return `${folder}/project/main`;
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // the first round has no copy yet
  }
}

/** Runs a program that must succeed, and is not timed. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args], cwd, stdout: "null" })
    .output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
}

/** Fills the folder `root` with `files` files of 4 KB of noise, fifty in a folder. */
function makeFiles(root: string, files: number): void {
  const content = new Uint8Array(4096);
  for (let made = 0; made < files; made++) {
    const folder = `${root}/folder-${String(Math.floor(made / 50)).padStart(5, "0")}`;
    if (made % 50 === 0) Deno.mkdirSync(folder, { recursive: true });
    crypto.getRandomValues(content);
    Deno.writeFileSync(`${folder}/file-${String(made % 50).padStart(2, "0")}`, content);
  }
}

/** Writes new content of the same size into one file of every `every`. */
function changeSome(root: string, every: number): void {
  const content = new Uint8Array(4096);
  let seen = 0;
  for (const folder of Deno.readDirSync(root)) {
    if (!folder.isDirectory) continue;
    for (const file of Deno.readDirSync(`${root}/${folder.name}`)) {
      if (seen++ % every !== 0) continue;
      crypto.getRandomValues(content);
      Deno.writeFileSync(`${root}/${folder.name}/${file.name}`, content);
    }
  }
}
