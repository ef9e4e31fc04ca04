import { compare, type Comparison } from "./measure.ts";

const JVS = Deno.env.get("JVS_BIN") ?? `${import.meta.dirname}/../bin/jvs`;
const CP_REFLINK = ["cp", "-a", "--reflink=always"];

/** Where to measure, and how much. */
interface Ground {
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
  await run(
    Deno.execPath(),
    ["bundle", "-q", "--minify", "--output", bundle, "cli.ts"],
    `${import.meta.dirname}/..`,
  );
  const nothing = { name: "an empty program", command: [Deno.execPath(), "run", "-q", empty], cwd: disk };
  const bundled = [Deno.execPath(), "run", "-q", "-A", bundle, "version"];
  return [
    // 60 and 40 ms where an empty program takes 12.
    await compare(
      "version, from source",
      { name: "jvs version", command: [JVS, "version"], cwd: disk },
      nothing,
      { rounds: rounds * 3, atMost: 5 },
    ),
    await compare(
      "version, bundled",
      { name: "jvs version", command: bundled, cwd: disk },
      nothing,
      { rounds: rounds * 3, atMost: 3.3 },
    ),
  ];
}

/** `jvs snapshot` and `jvs restore` beside a copy of the tree with shared blocks. */
export async function snapshots({ disk, files, rounds }: Ground): Promise<Comparison[]> {
  const main = await makeRepository(disk, files);
  const size = `${files.toLocaleString("en")} files`;
  await run(JVS, ["snapshot"], main);
  const copy = {
    name: "cp -a --reflink=always",
    command: [...CP_REFLINK, main, `${disk}/copy`],
    cwd: disk,
    before: () => removeIfThere(`${disk}/copy`),
  };
  const save = { name: "jvs snapshot", command: [JVS, "snapshot", "-q"], cwd: main };
  return [
    await compare(`repeated snapshot, nothing changed, ${size}`, save, copy, { rounds, atMost: 1 }),
    await compare(
      `repeated snapshot, 1 % changed, ${size}`,
      { ...save, before: () => changeSome(main, 100) },
      copy,
      { rounds, atMost: null },
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

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // the first round has no copy yet
  }
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { success } = await new Deno.Command(program, { args: [...args], cwd, stdout: "null" }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
}

/** Fills the empty folder `root` with `files` files of 4 KB of noise, fifty in a folder. */
function makeFiles(root: string, files: number): void {
  const content = new Uint8Array(4096);
  for (let made = 0; made < files; made++) {
    const folder = `${root}/folder-${String(Math.floor(made / 50)).padStart(5, "0")}`;
    if (made % 50 === 0) Deno.mkdirSync(folder);
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
