import { hexOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { newUuid } from "../model/ids.ts";
import { quoted } from "../model/path_text.ts";
import type { Identity } from "../model/records.ts";
import { FORMAT_VERSION } from "../model/version.ts";
import { randomBytes } from "../platform/clock.ts";
import { attempt } from "../platform/deno_call.ts";
import { syncFolder, writeDurable } from "../platform/durable.ts";
import { openPlatform } from "../platform/open_platform.ts";
import type { Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { initialConfig } from "./config.ts";
import { repositoryAt } from "./discover.ts";
import { Layout } from "./layout.ts";
import { writeRecord } from "./record_file.ts";
import { isUnused, UNFINISHED } from "./refusals.ts";
import { keepOpenToGroup, openStore, type Store } from "./store.ts";
import { newWorktreeConfig, Worktrees } from "./worktrees.ts";

/** What a new repository is to be. */
export interface CreateOptions {
  readonly main: {
    /** `main`, which is made, or `../X` for the folder that `X.jvs` adopts. */
    readonly path: string;
    /** Open to the group of its folder; false by default. */
    readonly shared?: boolean;
  };
  /** Puts more into the control plane before anybody sees it; nothing by default. */
  readonly fill?: (control: Layout) => void;
  /** The system's by default. */
  readonly platform?: Platform;
}

const PRIVATE = 0o700;
const SHARED = 0o2770;

/**
 * Makes a repository at an absolute root, which is made with it or is empty. The control plane appears whole, by one
 * rename; on failure everything that was made is removed again, and of two at once one gets `E_ALREADY_EXISTS`.
 */
export function createRepository(root: string, options: CreateOptions): Store {
  const { fill, main, platform = openPlatform() } = options;
  if (!isUnused(root)) throw inTheWay(root);
  if (main.shared) keepOpenToGroup();
  const mode = main.shared ? SHARED : undefined;
  const made: string[] = [];
  try {
    if (makeFolder(root, mode)) made.push(root);
    const layout = new Layout(attempt("find", root, () => Deno.realPathSync(root)));
    const payload = `${layout.root}/main`;
    if (main.path === "main" && makeFolder(payload, mode)) made.push(payload);
    const identity = identify(layout, main.path, platform);
    publish(layout, platform, (unfinished) => {
      fillControlPlane(unfinished, { path: main.path, identity, mode: mode ?? PRIVATE });
      fill?.(unfinished);
    });
    return openStore(layout.root, { platform });
  } catch (error) {
    takeBack(made, root);
    throw explained(error, root, main.path);
  }
}

interface ControlPlane {
  readonly path: string;
  readonly identity: Identity;
  readonly mode: number;
}

function fillControlPlane(layout: Layout, { path, identity, mode }: ControlPlane): void {
  for (const folder of layout.folders) {
    attempt("create", folder, () => Deno.mkdirSync(folder));
    // Before anything is in it: what is made in a folder with setgid has its group.
    if (folder === layout.control) attempt("set the mode of", folder, () => Deno.chmodSync(folder, mode));
  }
  writeDurable(layout.formatVersion, `${FORMAT_VERSION}\n`);
  writeDurable(layout.repoId, `${newUuid(randomBytes(16))}\n`);
  writeDurable(layout.config, initialConfig());
  attempt("create", layout.worktree("main"), () => Deno.mkdirSync(layout.worktree("main")));
  writeRecord(
    layout.worktreeConfig("main"),
    newWorktreeConfig({ name: "main", path, identity, snapshotId: null }),
  );
}

/** Makes the control plane under a name of its own and gives it the true one when it is whole and durable. */
function publish(layout: Layout, platform: Platform, fill: (unfinished: Layout) => void): void {
  const unfinished = new Layout(`${layout.root}/${UNFINISHED}${hexOf(randomBytes(8))}`);
  attempt("create", unfinished.root, () => Deno.mkdirSync(unfinished.root, { mode: PRIVATE }));
  try {
    fill(unfinished);
    using folder = platform.openFolder(unfinished.root);
    platform.syncFileSystem(folder); // the folders; the files are durable already
    attempt("create", layout.control, () => Deno.renameSync(unfinished.control, layout.control));
  } finally {
    Deno.removeSync(unfinished.root, { recursive: true });
  }
  syncFolder(layout.root);
}

function identify(layout: Layout, path: string, platform: Platform): Identity {
  const worktrees = new Worktrees(layout, platform);
  const identity: Identity = { file_system: "", inode: "0" };
  using folder = worktrees.openRoot(newWorktreeConfig({ name: "main", path, identity, snapshotId: null }));
  return worktrees.identify(folder);
}

/** False when it was there already: it was found empty, or another makes a repository here at this moment. */
function makeFolder(path: string, mode: number | undefined): boolean {
  try {
    attempt("create", path, () => Deno.mkdirSync(path));
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
    return false;
  }
  if (mode !== undefined) attempt("set the mode of", path, () => Deno.chmodSync(path, mode));
  return true;
}

function takeBack(made: readonly string[], root: string): void {
  if (repositoryAt(root) === root) return; // the other of two at once has them now
  for (const folder of made.toReversed()) {
    try {
      Deno.removeSync(folder);
    } catch {
      // Somebody put something in it meanwhile, or what failed before fails here too: the first error is what to tell.
    }
  }
}

function explained(error: unknown, root: string, mainPath: string): unknown {
  if (isSystemError(error, "EEXIST", "ENOTEMPTY")) return inTheWay(root, error);
  if (mainPath === "main" || !isSystemError(error, "EACCES", "EPERM", "EROFS")) return error;
  return new JvsError(
    "E_PERMISSION",
    `Cannot adopt ${
      quoted(root.replace(/\.jvs$/, ""))
    }: the folder it is in, where its history would be, cannot be written`,
    {
      hint: "Adopt a folder inside it, or get the right to write beside it.",
      details: { root },
      cause: error,
    },
  );
}

function inTheWay(root: string, cause?: unknown): JvsError {
  return new JvsError(
    "E_ALREADY_EXISTS",
    `Cannot make a repository in ${quoted(root)}: something is there already`,
    {
      hint: "Choose another name; to put a folder under version control where it stands, use `jvs adopt`.",
      details: { root },
      cause,
    },
  );
}
