import { JvsError, unlessThrown } from "../model/errors.ts";
import { isUuid } from "../model/ids.ts";
import { quoted } from "../model/path_text.ts";
import { FORMAT_VERSION } from "../model/version.ts";
import { callDeno } from "../platform/deno_call.ts";
import type { Platform } from "../platform/platform.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { Audit } from "./audit.ts";
import { Config } from "./config.ts";
import { isUnreadableRecord, RefusedPath } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import { Intents } from "./intents.ts";
import { Layout, type LayoutOptions } from "./layout.ts";
import { Locks } from "./locks.ts";
import { damaged } from "./record_file.ts";
import { Pins } from "./pins.ts";
import { Refs } from "./refs.ts";
import { Signing, type SigningCaller } from "./signing.ts";
import { Snapshots } from "./snapshots.ts";
import { Tombstones } from "./tombstones.ts";
import { UnfinishedSnapshots } from "./unfinished_snapshots.ts";
import { Worktrees } from "./worktrees.ts";

/** No host has a longer name. */
const MOST_NAME_BYTES = 1024;

/** The operations that make a repository; it contains their intent from its first moment. */
const MAKING: ReadonlySet<string> = new Set(["init", "adopt"]);

/**
 * Opens the repository with this absolute root. `E_UNTRUSTED` when its owner is not trusted, `E_FORMAT_UNSUPPORTED` when
 * its format is unknown. Changes nothing, and reads nothing before these checks.
 */
export function openStore(
  root: string,
  { signing, ...options }: LayoutOptions & { readonly signing?: SigningCaller } = {},
): Store {
  const layout = new Layout(withoutLinks(root), options);
  checkControl(layout);
  checkFormat(layout);
  return new Store(layout, signing);
}

/** A repository: the access to all that it stores. */
export class Store {
  readonly audit: Audit;
  readonly config: Config;
  readonly intents: Intents;
  readonly locks: Locks;
  readonly pins: Pins;
  readonly refs: Refs;
  readonly signing: Signing;
  readonly snapshots: Snapshots;
  readonly tombstones: Tombstones;
  readonly unfinished: UnfinishedSnapshots;
  readonly worktrees: Worktrees;
  #repoId: string | undefined;

  readonly platform: Platform;

  /** `signing`: who signs; nobody by default. */
  constructor(readonly layout: Layout, signing: SigningCaller = {}) {
    const { platform } = layout.plane;
    this.platform = platform;
    this.config = new Config(layout.config);
    this.intents = new Intents(layout, platform.host);
    this.pins = new Pins(layout);
    this.refs = new Refs(layout);
    this.locks = new Locks(layout, () => this.ensureRuntime());
    this.tombstones = new Tombstones(layout);
    this.worktrees = new Worktrees(layout);
    this.snapshots = new Snapshots(layout);
    this.unfinished = new UnfinishedSnapshots(layout, () => this.locks.short("snapshot-id"));
    this.signing = new Signing(layout, this.config, () => this.repoId, (end) => this.audit.has(end), signing);
    this.audit = new Audit(layout, {
      sign: (end) => this.signing.signHead(end),
      lock: () => this.locks.short("audit"),
      // A finished change must be recorded, even when the settings file is damaged.
      rotateBytes: () => this.config.getOrDefault("audit.rotate_bytes"),
      mayBeEmpty: () => this.intents.list().some(({ operation }) => MAKING.has(operation)),
    });
  }

  /** The id of the repository; it does not depend on the path. */
  get repoId(): string {
    return this.#repoId ??= readRepoId(this.layout);
  }

  /** Makes missing folders of `runtime/`: a copy of a repository has none. SPEC 2. */
  ensureRuntime(): void {
    for (const folder of this.layout.runtimeFolders) folder.ensure();
  }

  /** The folder of the caller's caches of this host; it is made if it is missing. */
  cacheFolder(): ControlPath {
    const host = this.hostFolder();
    const caches = this.layout.caches(host.name);
    if (caches.parent.path === host.path || caches.isThere()) return caches;
    this.layout.ensureOwn();
    caches.parent.ensure();
    caches.ensure();
    return caches;
  }

  /** The folder for the files of this host; it is made if it is missing. */
  hostFolder(): ControlPath {
    const { id, name } = this.platform.host;
    const folder = this.layout.host(id);
    const cache = folder.at("cache");
    if (cache.isThere()) return folder; // one look instead of one for each folder on the way: every status asks
    this.ensureRuntime();
    folder.ensure();
    this.layout.hostName(id).write(`${name}\n`);
    cache.ensure();
    return folder;
  }

  /** Null if the file is missing or damaged: it is only for people, and each member may write it. */
  #nameOf(id: string): string | null {
    const read = () => this.layout.hostName(id).readFreshOwned(MOST_NAME_BYTES)?.text.trim();
    return unlessThrown(isUnreadableRecord, read) || null;
  }

  /** The hosts that have used this repository. */
  hosts(): { id: string; name: string | null; is_this: boolean }[] {
    const { host } = this.platform;
    return this.layout.hosts.names().sort().map((id) => ({
      id,
      name: this.#nameOf(id),
      is_this: id === host.id,
    }));
  }
}

function withoutLinks(root: string): string {
  const real = unlessFailed(
    ["ENOENT", "ENOTDIR"],
    () => callDeno("open", root, () => Deno.realPathSync(root)),
  );
  return real ?? root; // opening its control plane will fail
}

/** `E_NOT_A_REPOSITORY` when there is no control plane; `ControlPlane` refuses one that is not trusted. */
function checkControl({ control, plane, root }: Layout): void {
  try {
    using _control = control.open();
  } catch (error) {
    if (isSystemError(error, "EACCES")) throw plane.closed(error);
    // A link does not count: the control plane that it leads to could be a trusted one of another repository.
    if (!(error instanceof RefusedPath) && !isSystemError(error, "ENOENT", "ENOTDIR")) throw error;
    throw new JvsError("E_NOT_A_REPOSITORY", `Cannot open the repository ${quoted(root)}: there is none`, {
      details: { root },
      cause: error,
    });
  }
}

function checkFormat(layout: Layout): void {
  const version = layout.formatVersion.readFresh();
  const hint = "Bring the file back from a copy of the repository: there it has the single " +
    `line "${FORMAT_VERSION}". Nothing was changed.`;
  const reason = version === undefined
    ? "the file is missing"
    : `it must be "${FORMAT_VERSION}", not ${quoted(version)}`;
  if (version === undefined || !/^\d{1,9}\n?$/.test(version)) {
    throw damaged(layout.formatVersion, "the format version", reason, {}, hint);
  }
  if (Number(version) === FORMAT_VERSION) return;
  const isOlder = Number(version) < FORMAT_VERSION;
  const state = `its format is ${version.trim()}, this program knows ${FORMAT_VERSION}`;
  throw new JvsError("E_FORMAT_UNSUPPORTED", `Cannot open the repository ${quoted(layout.root)}: ${state}`, {
    hint: isOlder
      ? "It was made by the original jvs, written in Go. Keep using that program for it. Or restore what you need with it " +
        "and put that under version control again with `jvs init` or `jvs adopt`."
      : "It was made by a newer jvs: install that version. Nothing was changed.",
    details: { root: layout.root, format_version: Number(version), supported: FORMAT_VERSION },
  });
}

function readRepoId({ repoId: file }: Layout): string {
  const id = file.readFresh()?.trim();
  if (id !== undefined && isUuid(id)) return id;
  const reason = id === undefined ? "the file is missing" : `it must be a UUID, not ${quoted(id)}`;
  throw damaged(file, "the repository's id", reason);
}
