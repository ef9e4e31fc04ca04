import { JvsError } from "../model/errors.ts";
import { isUuid } from "../model/ids.ts";
import { quoted } from "../model/path_text.ts";
import { FORMAT_VERSION } from "../model/version.ts";
import { attempt } from "../platform/deno_call.ts";
import { makeFolderDurable, readFresh } from "../platform/durable.ts";
import { openPlatform } from "../platform/open_platform.ts";
import type { Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { Audit } from "./audit.ts";
import { Config } from "./config.ts";
import { Intents } from "./intents.ts";
import { Layout } from "./layout.ts";
import { Locks } from "./locks.ts";
import { damaged } from "./record_file.ts";
import { Pins } from "./pins.ts";
import { Refs } from "./refs.ts";
import { Snapshots } from "./snapshots.ts";
import { checkOwner, isShared } from "./trust.ts";
import { Worktrees } from "./worktrees.ts";

/** What makes a repository; the intent of that is in it from its first moment. */
const MAKING: ReadonlySet<string> = new Set(["init", "adopt"]);

/** How to open a repository. */
export interface OpenStoreOptions {
  /** The system's by default. */
  platform?: Platform;
  /** Repositories of other owners that the user's own config trusts (`trustedRepositories`); none by default. */
  trustedRoots?: readonly string[];
}

/**
 * Opens the repository with this root (absolute). Refuses one of an unknown format (`E_FORMAT_UNSUPPORTED`) or of an
 * owner who is not trusted (`E_UNTRUSTED`); changes nothing and reads nothing else of it.
 */
export function openStore(root: string, options: OpenStoreOptions = {}): Store {
  const { platform = openPlatform(), trustedRoots = [] } = options;
  const layout = new Layout(withoutLinks(root));
  const { mode } = checkOwner(layout.root, platform.host, { trustedRoots });
  checkFormat(layout);
  if (isShared(mode)) keepOpenToGroup();
  return new Store(layout, platform);
}

/** A repository: the one way to all that it stores. */
export class Store {
  readonly audit: Audit;
  readonly config: Config;
  readonly intents: Intents;
  readonly locks: Locks;
  readonly pins: Pins;
  readonly refs: Refs;
  readonly snapshots: Snapshots;
  readonly worktrees: Worktrees;
  #repoId: string | undefined;

  constructor(readonly layout: Layout, readonly platform: Platform) {
    this.config = new Config(layout.config);
    this.intents = new Intents(layout, platform.host);
    this.pins = new Pins(layout);
    this.refs = new Refs(layout);
    this.locks = new Locks(layout, platform, () => this.ensureRuntime());
    this.worktrees = new Worktrees(layout, platform);
    this.snapshots = new Snapshots(layout, platform, { lock: () => this.locks.short("snapshot-id") });
    this.audit = new Audit(layout, {
      lock: () => this.locks.short("audit"),
      // A change that was made is recorded, whatever somebody wrote into the settings meanwhile.
      rotateBytes: () => this.config.getOrDefault("audit.rotate_bytes"),
      mayBeEmpty: () => this.intents.list().some(({ operation }) => MAKING.has(operation)),
    });
  }

  /** The repository's own id, whatever its path. */
  get repoId(): string {
    return this.#repoId ??= readRepoId(this.layout);
  }

  /** Makes what is missing of `runtime/`, which a copy of a repository comes without. SPEC 2. */
  ensureRuntime(): void {
    for (const folder of this.layout.runtimeFolders()) ensureFolder(folder);
  }

  /** The folder for what only this host keeps, made where it is missing. */
  hostFolder(): string {
    this.ensureRuntime();
    const folder = this.layout.host(this.platform.host.id);
    for (const needed of [folder, `${folder}/cache`]) ensureFolder(needed);
    return folder;
  }
}

/**
 * Lets all that this process makes from now on be written by its group: a repository that is shared would else be closed
 * to the others file by file, with the umask most users have. SPEC 2.
 */
export function keepOpenToGroup(): void {
  attempt("open to the group", "what is made", () => Deno.umask(Deno.umask() & ~0o070));
}

function withoutLinks(root: string): string {
  try {
    return attempt("open", root, () => Deno.realPathSync(root));
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return root; // then no control plane is there either
    throw error;
  }
}

function checkFormat(layout: Layout): void {
  const version = readFresh(layout.formatVersion);
  const hint =
    "Bring the file back from a copy of the repository: in every one that this jvs made it holds the one " +
    `line "${FORMAT_VERSION}". Nothing was changed.`;
  const options = { what: "the format version", path: layout.formatVersion, hint };
  if (version === undefined) throw damaged(options, "the file is missing");
  if (!/^\d{1,9}\n?$/.test(version)) {
    throw damaged(options, `it must be "${FORMAT_VERSION}", not ${quoted(version)}`);
  }
  if (Number(version) === FORMAT_VERSION) return;
  const isOlder = Number(version) < FORMAT_VERSION;
  throw new JvsError(
    "E_FORMAT_UNSUPPORTED",
    `Cannot open the repository ${
      quoted(layout.root)
    }: its format is ${version.trim()}, this program knows ${FORMAT_VERSION}`,
    {
      hint: isOlder
        ? "It was made by the original jvs, written in Go. Go on using that for it; or restore what you need with that " +
          "and put it under version control anew with `jvs init` or `jvs adopt`."
        : "It was made by a newer jvs: install that. Nothing was changed.",
      details: { root: layout.root, format_version: Number(version), supported: FORMAT_VERSION },
    },
  );
}

function readRepoId({ repoId: path }: Layout): string {
  const id = readFresh(path)?.trim();
  if (id !== undefined && isUuid(id)) return id;
  const options = { what: "the repository's id", path };
  throw damaged(options, id === undefined ? "the file is missing" : `it must be a UUID, not ${quoted(id)}`);
}

function ensureFolder(path: string): void {
  try {
    if (attempt("look at", path, () => Deno.statSync(path)).isDirectory) return;
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
  }
  makeFolderDurable(path);
}
