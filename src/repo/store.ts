import { JvsError } from "../model/errors.ts";
import { isUuid } from "../model/ids.ts";
import { quoted } from "../model/path_text.ts";
import { FORMAT_VERSION } from "../model/version.ts";
import { attempt } from "../platform/deno_call.ts";
import { openPlatform } from "../platform/open_platform.ts";
import type { Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { Audit } from "./audit.ts";
import { Config } from "./config.ts";
import { RefusedPath } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import { Intents } from "./intents.ts";
import { Layout } from "./layout.ts";
import { Locks } from "./locks.ts";
import { damaged } from "./record_file.ts";
import { Pins } from "./pins.ts";
import { Refs } from "./refs.ts";
import { Snapshots } from "./snapshots.ts";
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
  const layout = new Layout(withoutLinks(root), { platform, trustedRoots });
  checkControl(layout);
  checkFormat(layout);
  return new Store(layout);
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

  readonly platform: Platform;

  constructor(readonly layout: Layout) {
    const { platform } = layout.plane;
    this.platform = platform;
    this.config = new Config(layout.config);
    this.intents = new Intents(layout, platform.host);
    this.pins = new Pins(layout);
    this.refs = new Refs(layout);
    this.locks = new Locks(layout, platform, () => this.ensureRuntime());
    this.worktrees = new Worktrees(layout, platform);
    this.snapshots = new Snapshots(layout, { lock: () => this.locks.short("snapshot-id") });
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
    for (const folder of this.layout.runtimeFolders()) folder.ensure();
  }

  /** The folder for what only this host keeps, made where it is missing. */
  hostFolder(): ControlPath {
    this.ensureRuntime();
    const folder = this.layout.host(this.platform.host.id);
    for (const needed of [folder, folder.at("cache")]) needed.ensure();
    return folder;
  }
}

function withoutLinks(root: string): string {
  try {
    return attempt("open", root, () => Deno.realPathSync(root));
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return root; // then no control plane is there either
    throw error;
  }
}

/** `E_NOT_A_REPOSITORY` where there is no control plane; of which one is refused `ControlPlane` says why. */
function checkControl({ control, root }: Layout): void {
  try {
    using _control = control.open();
  } catch (error) {
    // A link that leads to one is none: a control plane elsewhere could be anybody's trusted one.
    if (!(error instanceof RefusedPath) && !isSystemError(error, "ENOENT", "ENOTDIR")) throw error;
    throw new JvsError("E_NOT_A_REPOSITORY", `Cannot open the repository ${quoted(root)}: there is none`, {
      details: { root },
      cause: error,
    });
  }
}

function checkFormat(layout: Layout): void {
  const version = layout.formatVersion.readFresh();
  const hint =
    "Bring the file back from a copy of the repository: in every one that this jvs made it holds the one " +
    `line "${FORMAT_VERSION}". Nothing was changed.`;
  const options = { what: "the format version", path: layout.formatVersion.path, hint };
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

function readRepoId({ repoId: file }: Layout): string {
  const id = file.readFresh()?.trim();
  if (id !== undefined && isUuid(id)) return id;
  const options = { what: "the repository's id", path: file.path };
  throw damaged(options, id === undefined ? "the file is missing" : `it must be a UUID, not ${quoted(id)}`);
}
