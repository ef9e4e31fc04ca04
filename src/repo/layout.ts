import { openPlatform } from "../platform/open_platform.ts";
import type { Platform } from "../platform/platform.ts";
import { unlessThrown } from "../model/errors.ts";
import { Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { RefusedPath } from "./control_errors.ts";
import { ControlPath } from "./control_path.ts";
import { ControlPlane } from "./control_plane.ts";
import type { OwnerOptions } from "./owners.ts";

function isUnusable(error: unknown): error is RefusedPath {
  return error instanceof RefusedPath;
}

/** The folder that only this user may write. */
interface UserFolder {
  readonly uid: number;
  readonly folder: ControlPath;
}

/** How to reach the control plane. */
export interface LayoutOptions extends OwnerOptions {
  /** The system's by default. */
  readonly platform?: Platform;
  /** The `.jvs` that was made there just now: no other one is used. Any by default. */
  readonly made?: Stat | undefined;
}

/** A repository's folder and the way into its `.jvs`: what the fields of `Layout` begin with. */
class Root {
  readonly plane: ControlPlane;
  readonly control: ControlPath;

  /** `root` is the absolute path, without links, of the folder that holds `.jvs`. Nothing is checked yet. */
  constructor(readonly root: string, { platform = openPlatform(), ...owners }: LayoutOptions = {}) {
    this.plane = new ControlPlane(root, platform, owners);
    this.control = new ControlPath(this.plane, []);
  }
}

/** Where every file of JVS is. No other code puts such a path together. SPEC 2. */
export class Layout extends Root {
  readonly formatVersion = this.control.at("format_version");
  readonly repoId = this.control.at("repo_id");
  readonly config = this.control.at("config.jsonc");

  readonly worktrees = this.control.at("worktrees");
  readonly snapshots = this.control.at("snapshots");
  readonly descriptors = this.control.at("descriptors");
  readonly manifests = this.control.at("manifests");
  readonly signatures = this.control.at("signatures");
  readonly refs = this.control.at("refs");

  /** Where the payload roots of worktrees are, except `main` and adopted ones. */
  readonly payloads = `${this.root}/worktrees`;

  readonly audit = this.control.at("audit");
  readonly auditLog = this.audit.at("audit.jsonl");
  readonly auditHead = this.audit.at("HEAD");

  readonly gc = this.control.at("gc");
  readonly pins = this.gc.at("pins");
  readonly plans = this.gc.at("plans");
  /** The named policies of the user, JSON with comments. */
  readonly retention = this.gc.at("retention.json");
  /** Those of the owner, where only the owner of `.jvs` may write. */
  readonly sharedTombstones = this.gc.at("tombstones");

  private readonly runtime = this.control.at("runtime");
  readonly shared = this.runtime.at("shared");
  /** Room for what garbage collection must write on a full disk. */
  readonly reserve = this.shared.at("reserve");
  readonly locks = this.shared.at("locks");
  readonly intents = this.shared.at("intents");
  readonly leases = this.shared.at("leases");
  private readonly sharedStaging = this.shared.at("staging");
  private readonly sharedReplaced = this.shared.at("replaced");
  readonly hosts = this.runtime.at("hosts");
  /** Where others may write into the repository: for each user a folder whose content decides what is done for that user. */
  readonly users = this.runtime.at("users");
  /** There too: for each user the names of those snapshots that may give rights, because the user made them. */
  readonly makers = this.control.at("makers");

  /** Those of the folders that can be made again at any time. */
  readonly runtimeFolders: readonly ControlPath[] = [
    this.runtime,
    this.shared,
    this.locks,
    this.intents,
    this.leases,
    this.sharedStaging,
    this.sharedReplaced,
    this.hosts,
  ];

  /** The folders of a new repository, parents first. */
  readonly folders: readonly ControlPath[] = [
    this.control,
    this.worktrees,
    this.snapshots,
    this.descriptors,
    this.manifests,
    this.signatures,
    ...["seals", "purges", "marks"].map((name) => this.control.at(name)),
    this.refs,
    this.audit,
    this.gc,
    this.pins,
    this.plans,
    this.sharedTombstones,
    ...this.runtimeFolders,
  ];

  readonly worktree = (name: string) => this.worktrees.at(name);
  readonly worktreeConfig = (name: string) => this.worktree(name).at("config.json");

  readonly payload = (id: string) => this.snapshots.payload(id);
  /** A payload that is being made. */
  readonly unfinishedPayload = (id: string) => this.making.payload(`${id}.tmp`);
  readonly ready = (id: string) => this.snapshots.at(`${id}.READY`);
  readonly pruned = (id: string) => this.snapshots.at(`${id}.PRUNED`);
  readonly descriptor = (id: string) => this.descriptors.at(`${id}.json`);
  readonly unfinishedDescriptor = (id: string) => this.descriptors.at(`${id}.json.tmp`);
  readonly signature = (id: string) => this.signatures.at(`${id}.json`);
  readonly ref = (name: string) => this.refs.at(`${name}.json`);
  readonly pin = (id: string) => this.pins.at(`${id}.json`);
  readonly plan = (id: string) => this.plans.at(`${id}.json`);
  readonly tombstone = (id: string) => this.tombstones.at(`${id}.json`);
  readonly lock = (name: string) => this.locks.at(`${name}.lock`);
  readonly lease = (worktreeId: string) => this.leases.at(`${worktreeId}.json`);
  /** Among the intents that every member may complete, or in another folder of intents. */
  readonly intent = (id: string, folder = this.intents) => folder.at(`${id}.json`);
  readonly host = (hostId: string) => this.hosts.at(hostId);
  /** The host's name, for people. */
  readonly hostName = (hostId: string) => this.host(hostId).at("name");
  readonly cache = (hostId: string, worktreeId: string) => this.caches(hostId).at(`${worktreeId}.stat`);
  readonly index = (hostId: string, uid: number) => this.caches(hostId).at(`snapshots-${uid}.index`);
  readonly space = (hostId: string, uid: number) => this.caches(hostId).at(`space-${uid}.ledger`);
  readonly readings = (hostId: string, uid: number) => this.caches(hostId).at(`readings-${uid}`);
  readonly damage = (hostId: string, uid: number) => this.caches(hostId).at(`damage-${uid}`);
  /** What tells that this user made the snapshot. */
  readonly maker = (uid: number, id: string) => this.makers.ownedBy(uid).at(id);

  /** The folder of the caller that no other user may write; undefined where no other user may write at all. */
  get own(): ControlPath | undefined {
    const { isOpenToOthers, owners: { caller } } = this.plane;
    return isOpenToOthers ? this.users.ownedBy(caller.uid) : undefined;
  }

  /** Where the caller's intents are that say what to do to files outside `.jvs`. */
  get ownIntents(): ControlPath {
    return this.own?.at("intents") ?? this.intents;
  }

  /**
   * Where the payloads of the caller's snapshots are made: where others may write, out of their reach until they are whole. If another user
   * keeps the caller from having such a folder, work is saved all the same; but root saves nothing where the owner of a private
   * repository could exchange what root gives away.
   */
  get making(): ControlPath {
    if (this.own === undefined) return this.snapshots;
    if (!this.plane.owners.isOfAnotherAlone && !unlessThrown(isUnusable, () => this.staging.isThere())) {
      return this.snapshots;
    }
    return this.staging;
  }

  /** Where the caller's changes make what they move, and take out what they replace or remove. */
  get staging(): ControlPath {
    return this.own?.at("staging") ?? this.sharedStaging;
  }

  /** Files that the caller's restores replaced, kept for a time; one folder for each restore. */
  get replaced(): ControlPath {
    return this.own?.at("replaced") ?? this.sharedReplaced;
  }

  /** What the caller's garbage collections have to delete. */
  get tombstones(): ControlPath {
    return this.own?.at("tombstones") ?? this.sharedTombstones;
  }

  /**
   * Where payloads are that the caller's garbage collections took out of the history and have not deleted whole yet: where others may
   * write, in a folder of the caller's own, so that nobody can put something else in their place.
   */
  get gone(): ControlPath {
    return this.own === undefined ? this.snapshots : this.tombstones;
  }

  /** The folders in that of the caller; none where no other user may write. */
  get ownFolders(): readonly ControlPath[] {
    return this.own === undefined ? [] : [this.ownIntents, this.staging, this.replaced, this.tombstones];
  }

  /** The caller's caches of a host. */
  caches(hostId: string): ControlPath {
    const { own, plane } = this;
    return own ? this.cachesOf(plane.owners.caller.uid, hostId) : this.host(hostId).at("cache");
  }

  /** Those of a user, where others may write. */
  cachesOf(uid: number, hostId: string): ControlPath {
    return this.users.ownedBy(uid).at("hosts").at(hostId);
  }

  /** Makes the caller's own folders, where other users may write, if they are missing. docs/design/control-plane.md. */
  ensureOwn(): void {
    if (this.own === undefined) return;
    this.own.ensureOwn();
    for (const folder of this.ownFolders) folder.ensure();
    for (const folder of [this.staging, this.replaced]) folder.close();
  }

  /**
   * The folders of all users who have one, and whose each is. Where the caller alone may write, root may have one: a copy of it is nobody's,
   * and the caller's own is of the time when others might write.
   */
  userFolders(): UserFolder[] {
    const { isOpenToOthers, owners: { caller } } = this.plane;
    const names = () => this.users.names();
    // Without the C library, root's umask may have closed it.
    const all = (isOpenToOthers ? names() : unlessFailed(["EACCES"], names) ?? [])
      .filter((name) => /^(0|[1-9]\d{0,9})$/.test(name)).map(Number)
      .map((uid) => ({ uid, folder: this.users.ownedBy(uid) }));
    if (isOpenToOthers || all.length === 0) return all;
    const stat = new Stat();
    return all.filter(({ uid, folder }) => uid !== caller.uid && folder.stat(stat) && stat.uid === uid);
  }

  /** What an older version of JVS made for the caller in the repository of another user, who may have put something else into it. */
  leftInPrivate(): ControlPath[] {
    if (!this.plane.owners.isOfAnotherAlone) return [];
    const stat = new Stat();
    return [this.sharedStaging, this.sharedReplaced]
      .flatMap((folder) => folder.names().map((name) => folder.at(name)))
      .filter((path) => path.stat(stat) && stat.uid === this.plane.owners.caller.uid);
  }
}
