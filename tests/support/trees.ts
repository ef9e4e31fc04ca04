import { asUser } from "./as_user.ts";
import { python } from "./run.ts";

/** How to describe a tree. */
export interface DescribeOptions {
  /** Aspects to leave out, such as `mtime`; `xattr` means all attributes. None by default. */
  omit?: readonly string[];
  /** Further aspects, which no copy keeps; none by default. */
  add?: readonly ("inode" | "ctime")[];
}

/**
 * All aspects of all entries of a tree, in lines of `path, tab, aspect, tab, value`. Two trees are equal if their lines
 * are. The aspects: type, mode, owner, mtime, size, content, data (the parts that are no holes), target, device, links,
 * xattr. A Python program reads them that shares no code with JVS.
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
 * Fills an empty folder with everything in SPEC 4: types, modes, owners, times, links, holes, attributes, names, depths.
 * For an ordinary user (the owner of the folder), it leaves out what only root can make. Returns the kinds of things that
 * this machine cannot make.
 */
export async function makeRichTree(path: string, options: { user?: number } = {}): Promise<string[]> {
  // Pass the text of the program, because another user may be unable to read the checkout.
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
 * The lines of a tree with inodes and ctimes, which show each change. Without the ctime of the root, because JVS may try
 * a rename in it.
 */
export async function fingerprint(path: string): Promise<string[]> {
  const lines = await describeTree(path, { add: ["inode", "ctime"] });
  return lines.filter((line) => !line.startsWith(".\tctime\t"));
}
