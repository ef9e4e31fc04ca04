/** Where every file of ours is. Nothing else in the program puts such a path together. SPEC 2. */
export class Layout {
  /** `root` is the absolute path of the folder that holds `.jvs`. */
  constructor(readonly root: string) {}

  get control(): string {
    return `${this.root}/.jvs`;
  }
  get formatVersion(): string {
    return `${this.control}/format_version`;
  }
  get repoId(): string {
    return `${this.control}/repo_id`;
  }
  get config(): string {
    return `${this.control}/config.jsonc`;
  }

  get worktrees(): string {
    return `${this.control}/worktrees`;
  }
  get snapshots(): string {
    return `${this.control}/snapshots`;
  }
  get descriptors(): string {
    return `${this.control}/descriptors`;
  }
  get manifests(): string {
    return `${this.control}/manifests`;
  }
  get refs(): string {
    return `${this.control}/refs`;
  }

  /** Where the payload roots of worktrees stand, main and adopted ones excepted. */
  get payloads(): string {
    return `${this.root}/worktrees`;
  }

  get audit(): string {
    return `${this.control}/audit`;
  }
  get auditLog(): string {
    return `${this.audit}/audit.jsonl`;
  }
  get auditHead(): string {
    return `${this.audit}/HEAD`;
  }

  get gc(): string {
    return `${this.control}/gc`;
  }
  get pins(): string {
    return `${this.gc}/pins`;
  }

  get shared(): string {
    return `${this.control}/runtime/shared`;
  }
  get locks(): string {
    return `${this.shared}/locks`;
  }
  get intents(): string {
    return `${this.shared}/intents`;
  }
  get staging(): string {
    return `${this.shared}/staging`;
  }
  /** Files that a restore replaced, kept for a while; one folder for each restore. */
  get replaced(): string {
    return `${this.shared}/replaced`;
  }
  get hosts(): string {
    return `${this.control}/runtime/hosts`;
  }

  /** Folders that a new repository has, parents first. */
  get folders(): readonly string[] {
    return [
      this.control,
      this.worktrees,
      this.snapshots,
      this.descriptors,
      this.manifests,
      `${this.control}/signatures`,
      `${this.control}/seals`,
      `${this.control}/purges`,
      `${this.control}/marks`,
      this.refs,
      this.audit,
      this.gc,
      this.pins,
      `${this.gc}/plans`,
      `${this.gc}/tombstones`,
      ...this.runtimeFolders(),
    ];
  }

  /** The rebuildable ones among them. */
  runtimeFolders(): string[] {
    return [
      `${this.control}/runtime`,
      this.shared,
      this.locks,
      this.intents,
      this.staging,
      this.replaced,
      this.hosts,
    ];
  }

  worktree(name: string): string {
    return `${this.worktrees}/${name}`;
  }
  worktreeConfig(name: string): string {
    return `${this.worktree(name)}/config.json`;
  }

  payload(id: string): string {
    return `${this.snapshots}/${id}`;
  }
  /** A payload that is being made. */
  unfinishedPayload(id: string): string {
    return `${this.snapshots}/${id}.tmp`;
  }
  ready(id: string): string {
    return `${this.snapshots}/${id}.READY`;
  }
  pruned(id: string): string {
    return `${this.snapshots}/${id}.PRUNED`;
  }
  descriptor(id: string): string {
    return `${this.descriptors}/${id}.json`;
  }
  unfinishedDescriptor(id: string): string {
    return `${this.descriptors}/${id}.json.tmp`;
  }
  ref(name: string): string {
    return `${this.refs}/${name}.json`;
  }
  pin(id: string): string {
    return `${this.pins}/${id}.json`;
  }
  lock(name: string): string {
    return `${this.locks}/${name}.lock`;
  }
  intent(id: string): string {
    return `${this.intents}/${id}.json`;
  }
  host(hostId: string): string {
    return `${this.hosts}/${hostId}`;
  }
  cache(hostId: string, worktreeId: string): string {
    return `${this.host(hostId)}/cache/${worktreeId}.stat`;
  }
}
