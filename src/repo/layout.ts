import { openPlatform } from "../platform/open_platform.ts";
import type { Platform } from "../platform/platform.ts";
import { ControlPath } from "./control_path.ts";
import { ControlPlane } from "./control_plane.ts";
import type { OwnerOptions } from "./owners.ts";

/** How to reach the control plane. */
export interface LayoutOptions extends OwnerOptions {
  /** The system's by default. */
  readonly platform?: Platform;
}

/** Where every file of JVS is. No other code puts such a path together. SPEC 2. */
export class Layout {
  readonly plane: ControlPlane;

  /** `root` is the absolute path, without links, of the folder that holds `.jvs`. Nothing is checked yet. */
  constructor(readonly root: string, { platform = openPlatform(), ...owners }: LayoutOptions = {}) {
    this.plane = new ControlPlane(root, platform, owners);
  }

  get control(): ControlPath {
    return new ControlPath(this.plane, []);
  }
  get formatVersion(): ControlPath {
    return this.control.at("format_version");
  }
  get repoId(): ControlPath {
    return this.control.at("repo_id");
  }
  get config(): ControlPath {
    return this.control.at("config.jsonc");
  }

  get worktrees(): ControlPath {
    return this.control.at("worktrees");
  }
  get snapshots(): ControlPath {
    return this.control.at("snapshots");
  }
  get descriptors(): ControlPath {
    return this.control.at("descriptors");
  }
  get manifests(): ControlPath {
    return this.control.at("manifests");
  }
  get refs(): ControlPath {
    return this.control.at("refs");
  }

  /** Where the payload roots of worktrees are, except `main` and adopted ones. */
  get payloads(): string {
    return `${this.root}/worktrees`;
  }

  get audit(): ControlPath {
    return this.control.at("audit");
  }
  get auditLog(): ControlPath {
    return this.audit.at("audit.jsonl");
  }
  get auditHead(): ControlPath {
    return this.audit.at("HEAD");
  }

  get gc(): ControlPath {
    return this.control.at("gc");
  }
  get pins(): ControlPath {
    return this.gc.at("pins");
  }

  get shared(): ControlPath {
    return this.control.at("runtime").at("shared");
  }
  get locks(): ControlPath {
    return this.shared.at("locks");
  }
  get intents(): ControlPath {
    return this.shared.at("intents");
  }
  get staging(): ControlPath {
    return this.shared.at("staging");
  }
  /** Files that a restore replaced, kept for a time; one folder for each restore. */
  get replaced(): ControlPath {
    return this.shared.at("replaced");
  }
  get hosts(): ControlPath {
    return this.control.at("runtime").at("hosts");
  }

  /** The folders of a new repository, parents first. */
  get folders(): readonly ControlPath[] {
    return [
      this.control,
      this.worktrees,
      this.snapshots,
      this.descriptors,
      this.manifests,
      this.control.at("signatures"),
      this.control.at("seals"),
      this.control.at("purges"),
      this.control.at("marks"),
      this.refs,
      this.audit,
      this.gc,
      this.pins,
      this.gc.at("plans"),
      this.gc.at("tombstones"),
      ...this.runtimeFolders(),
    ];
  }

  /** Those of them that can be made again at any time. */
  runtimeFolders(): ControlPath[] {
    return [
      this.control.at("runtime"),
      this.shared,
      this.locks,
      this.intents,
      this.staging,
      this.replaced,
      this.hosts,
    ];
  }

  worktree(name: string): ControlPath {
    return this.worktrees.at(name);
  }
  worktreeConfig(name: string): ControlPath {
    return this.worktree(name).at("config.json");
  }

  payload(id: string): ControlPath {
    return this.snapshots.payload(id);
  }
  /** A payload that is being made. */
  unfinishedPayload(id: string): ControlPath {
    return this.snapshots.payload(`${id}.tmp`);
  }
  ready(id: string): ControlPath {
    return this.snapshots.at(`${id}.READY`);
  }
  pruned(id: string): ControlPath {
    return this.snapshots.at(`${id}.PRUNED`);
  }
  descriptor(id: string): ControlPath {
    return this.descriptors.at(`${id}.json`);
  }
  unfinishedDescriptor(id: string): ControlPath {
    return this.descriptors.at(`${id}.json.tmp`);
  }
  ref(name: string): ControlPath {
    return this.refs.at(`${name}.json`);
  }
  pin(id: string): ControlPath {
    return this.pins.at(`${id}.json`);
  }
  lock(name: string): ControlPath {
    return this.locks.at(`${name}.lock`);
  }
  intent(id: string): ControlPath {
    return this.intents.at(`${id}.json`);
  }
  host(hostId: string): ControlPath {
    return this.hosts.at(hostId);
  }
  cache(hostId: string, worktreeId: string): ControlPath {
    return this.host(hostId).at("cache").at(`${worktreeId}.stat`);
  }
}
