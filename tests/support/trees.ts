import { asUser } from "./probes.ts";
import { python } from "./run.ts";

/** How a tree is described. */
export interface DescribeOptions {
  /** Aspects that are left out, such as `mtime`; `xattr` means all of those. None by default. */
  omit?: readonly string[];
  /** Aspects that are added, which no copy keeps; none by default. */
  add?: readonly ("inode" | "ctime")[];
}

/**
 * Every aspect of every entry of a tree, one line `path, tab, aspect, tab, value` each, so that two trees are equal if their
 * lines are: type, mode, owner, mtime, size, content, data (where there are no holes), target, device, links, xattr. Read
 * by a Python program that shares no code with JVS.
 */
export async function describeTree(path: string, options: DescribeOptions = {}): Promise<string[]> {
  const omitted = new Set(options.omit);
  for (const aspect of ["inode", "ctime"] as const) if (!options.add?.includes(aspect)) omitted.add(aspect);
  const aspectOf = (line: string) => line.split("\t")[1]?.split(" ")[0] ?? "";
  return (await runScript("describe_tree.py", path)).filter((line) => !omitted.has(aspectOf(line)));
}

/** The payload root hash of a folder by SPEC 4, by a Python program that shares no code with JVS. */
export async function independentRootHash(path: string): Promise<string> {
  const [hash] = await runScript("root_hash.py", path);
  return hash ?? "";
}

/** The checksum that a descriptor's file should have by SPEC 3, by a Python program that shares no code with JVS. */
export async function independentChecksum(path: string): Promise<string> {
  const [checksum] = await runScript("descriptor_checksum.py", path);
  return checksum ?? "";
}

/**
 * Fills an empty folder with everything SPEC 4 lists: types, modes, owners, times, links, holes, attributes, names, depths.
 * As an ordinary user (one whose folder it is) without what only root can make.
 * Gives the kinds of things that this machine could not make.
 */
export async function makeRichTree(path: string, options: { user?: number } = {}): Promise<string[]> {
  // The text and not the file is handed over, because another user may not be able to read the checkout.
  const script = await Deno.readTextFile(new URL("make_rich_tree.py", import.meta.url));
  return await linesOf(...asUser(options.user ?? 0, python(), ["-c", script, path]));
}

function runScript(name: string, path: string): Promise<string[]> {
  return linesOf(python(), "-B", new URL(name, import.meta.url).pathname, path);
}

async function linesOf(program: string, ...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).split("\n").filter((line) => line !== "");
}

/**
 * Everything that tells whether a tree was touched at all: its lines with inodes and ctimes; all but the ctime of its root,
 * which JVS may try a rename in.
 */
export async function fingerprint(path: string): Promise<string[]> {
  const lines = await describeTree(path, { add: ["inode", "ctime"] });
  return lines.filter((line) => !line.startsWith(".\tctime\t"));
}
