/** Where every file of ours is. Nothing else in the program puts such a path together. SPEC 2. */
export class Layout {
  /** `root` is the absolute path of the folder that holds `.jvs`. */
  constructor(readonly root: string) {}

  readonly control = `${this.root}/.jvs`;
  readonly formatVersion = `${this.control}/format_version`;
  readonly repoId = `${this.control}/repo_id`;
  readonly config = `${this.control}/config.jsonc`;

  readonly worktrees = `${this.control}/worktrees`;
  readonly snapshots = `${this.control}/snapshots`;
  readonly descriptors = `${this.control}/descriptors`;
  readonly manifests = `${this.control}/manifests`;
  readonly refs = `${this.control}/refs`;

  readonly audit = `${this.control}/audit`;
  readonly auditLog = `${this.audit}/audit.jsonl`;
  readonly auditHead = `${this.audit}/HEAD`;

  readonly gc = `${this.control}/gc`;

  readonly shared = `${this.control}/runtime/shared`;
  readonly locks = `${this.shared}/locks`;
  readonly intents = `${this.shared}/intents`;
  readonly staging = `${this.shared}/staging`;
  /** Files that a restore replaced, kept for a while; one folder for each restore. */
  readonly replaced = `${this.shared}/replaced`;
  readonly hosts = `${this.control}/runtime/hosts`;

  /** Folders that a new repository has, parents first. */
  readonly folders: readonly string[] = [
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
    `${this.gc}/pins`,
    `${this.gc}/plans`,
    `${this.gc}/tombstones`,
    ...this.runtimeFolders(),
  ];

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
