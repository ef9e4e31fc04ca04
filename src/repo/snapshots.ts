import { isJvsError, type JvsError, unlessThrown } from "../model/errors.ts";
import { isSnapshotId } from "../model/ids.ts";
import { Descriptor, Ready } from "../model/records.ts";
import type { Folder } from "../platform/platform.ts";
import { checkManifest, readManifest, type ReadManifestOptions } from "../tree/manifest.ts";
import type { TreeTable } from "../tree/table.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { damaged, MOST_BYTES, parseRecord } from "./record_file.ts";
import { hashOfRead } from "./record_hash.ts";
import { idsIn, knownIds, newestIdIn } from "./snapshot_files.ts";
import { noSnapshot, wasPruned } from "./snapshot_errors.ts";
import { claimMarker, useMarker, type UseSnapshotOptions } from "./snapshot_use.ts";

const DESCRIPTOR = "the descriptor";
const MARKER = "the commit marker";
const EXISTING = [".READY"];
const PRUNED = ".PRUNED";

/** The snapshots of a repository: which exist, their records and their content. */
export class Snapshots {
  constructor(private readonly layout: Layout) {}

  /** Keeps the folders of markers and descriptors open until the result is disposed, for those who read many of them. */
  hold(): Disposable {
    const { descriptors, plane, snapshots } = this.layout;
    return plane.hold([snapshots, descriptors]);
  }

  /** Whether a snapshot exists: whether its READY does. All code asks here. SPEC 3. */
  exists(id: string): boolean {
    return isSnapshotId(id) && this.layout.ready(id).isThere();
  }

  /** Whether gc kept only the lineage of the snapshot. */
  isPruned(id: string): boolean {
    return isSnapshotId(id) && !this.exists(id) && this.layout.pruned(id).isThere();
  }

  /** Whether there is a record of the snapshot: it exists or is pruned. */
  isKnown(id: string): boolean {
    return this.exists(id) || this.isPruned(id);
  }

  /** All that exist, oldest first. Lists one folder and reads no file. */
  list(): string[] {
    return [...idsIn(this.layout.snapshots, EXISTING)].sort();
  }

  /** All that exist or are pruned, oldest first. */
  listKnown(): string[] {
    return [...knownIds(this.layout.snapshots)].sort();
  }

  /** All whose content was pruned, oldest first. */
  listPruned(): string[] {
    return [...idsIn(this.layout.snapshots, [PRUNED])].filter((id) => !this.exists(id)).sort();
  }

  /** The newest that exists. */
  newest(): string | null {
    return newestIdIn(this.layout.snapshots, EXISTING);
  }

  /** The newest that exists or is pruned. */
  newestKnown(): string | null {
    return newestIdIn(this.layout.snapshots, [...EXISTING, PRUNED]);
  }

  /**
   * The descriptor of a snapshot, also of a pruned one, after a check of its checksum and its marker. `E_NOT_FOUND` when
   * there is none, `E_DESCRIPTOR_CORRUPT` when one of the records is damaged.
   */
  async descriptor(id: string): Promise<Descriptor> {
    if (!isSnapshotId(id)) throw this.notFound(id);
    const marker = this.marker(id);
    const descriptor = await this.provedDescriptor(id);
    this.compareMarker(id, marker, descriptor);
    return descriptor;
  }

  /** The published descriptor if its checksum is right, without a look at the marker. */
  async unmarkedDescriptor(id: string): Promise<Descriptor | undefined> {
    return await unlessDamaged(this.provedDescriptor(id));
  }

  /** The descriptor, or nothing when it is damaged or missing: for searches through many. */
  async readable(id: string): Promise<Descriptor | undefined> {
    return await unlessDamaged(this.descriptor(id));
  }

  /**
   * Whether what a snapshot holds may give rights: only in a repository of the caller's own, or root's; where others may write, if the caller or
   * root made it, as their own folder says (`claim`).
   */
  mayGiveRights({ descriptor_checksum, snapshot_id }: Descriptor): boolean {
    const { maker, plane } = this.layout;
    if (!plane.isOpenToOthers) return plane.owners.isOfCallerOrRoot;
    const isBy = (uid: number) => maker(uid, snapshot_id).readOnce()?.trim() === descriptor_checksum.value;
    return [plane.owners.caller.uid, 0].some((uid) =>
      unlessThrown(isUnreadableRecord, () => isBy(uid)) ?? false
    );
  }

  /** The commit marker of a snapshot that exists, after a comparison with the descriptor. */
  ready(id: string): Ready {
    this.requireContent(id);
    const marker = this.marker(id);
    this.compareMarker(id, marker, this.readDescriptor(id));
    return marker;
  }

  /**
   * Keeps a snapshot, also a pruned one, from being collected until the end of `using`, or of the process. Begins before the first look at its
   * manifest or payload and lasts as long as these are needed, or until a record protects it. `E_NOT_FOUND` when there is
   * none. docs/design/snapshots-in-use.md.
   */
  async use(id: string, { signal, action }: UseSnapshotOptions = {}): Promise<Disposable> {
    if (!isSnapshotId(id)) throw this.notFound(id);
    const used = await useMarker(this.markers(id), signal);
    if (used === undefined) throw this.notFound(id);
    if (action === undefined || this.exists(id)) return used;
    used[Symbol.dispose]();
    throw this.notFound(id, action);
  }

  /**
   * Takes a snapshot for itself, so that its content can be removed: undefined while it is in use, `E_NOT_FOUND` when there is
   * none. What protects it (a head, a ref, a claim) may have come just before: ask that after this. Hold it until nothing is
   * left to remove. Throws where the file system gives no locks.
   */
  claimForRemoval(id: string): Disposable | undefined {
    const marker = this.markers(id).find((file) => file.isThere());
    if (!isSnapshotId(id) || marker === undefined) throw this.notFound(id);
    return claimMarker(marker, id);
  }

  /** Every entry of a snapshot. With `verify`, each block is proved and not only the index. */
  async manifest(id: string, options: Omit<ReadManifestOptions, "expectedHash"> = {}): Promise<TreeTable> {
    using _used = await this.use(id, options);
    return await this.manifestOf(await this.descriptor(id), options);
  }

  /** The same, from a descriptor that was read before. The caller uses the snapshot. */
  async manifestOf(
    { snapshot_id, manifest_hash }: Descriptor,
    options: Omit<ReadManifestOptions, "expectedHash"> = {},
  ): Promise<TreeTable> {
    using manifests = this.layout.manifests.open();
    return await readManifest(manifests, snapshot_id, { ...options, expectedHash: manifest_hash.value });
  }

  /** How many entries a snapshot has. The blocks of its manifest are there, but are not read. */
  async countEntries(id: string): Promise<number> {
    using _used = await this.use(id);
    const { manifest_hash } = await this.descriptor(id);
    using manifests = this.layout.manifests.open();
    return await checkManifest(manifests, id, manifest_hash.value);
  }

  /** `E_NOT_FOUND` for a snapshot without content, such as a pruned one. The message says what the user wanted. */
  requireContent(id: string, action?: string): void {
    if (!this.exists(id)) throw this.notFound(id, action);
  }

  /** The folder with the files of a snapshot. The caller uses it. */
  openPayload(id: string): Folder {
    this.requireContent(id);
    return this.layout.payload(id).open();
  }

  private async provedDescriptor(id: string): Promise<Descriptor> {
    const descriptor = this.readDescriptor(id);
    const { descriptor_checksum, ...rest } = descriptor;
    if (await hashOfRead(rest) === descriptor_checksum.value) return descriptor;
    const reason = "it was changed: its checksum is not that of its content";
    throw damaged(this.layout.descriptor(id), DESCRIPTOR, reason);
  }

  private readDescriptor(id: string): Descriptor {
    const file = this.layout.descriptor(id);
    const descriptor = parseRecord(file, Descriptor, DESCRIPTOR, file.readOnce(MOST_BYTES.descriptor));
    if (descriptor === undefined) throw damaged(file, DESCRIPTOR, "the file is missing");
    if (descriptor.snapshot_id === id) return descriptor;
    throw damaged(file, DESCRIPTOR, `it is that of another snapshot, ${descriptor.snapshot_id}`);
  }

  /** Where its marker is: in the first of these that is there. */
  private markers(id: string): readonly ControlPath[] {
    return [this.layout.ready(id), this.layout.pruned(id)];
  }

  /** READY, or else PRUNED. */
  private marker(id: string): Ready {
    for (const file of this.markers(id)) {
      const marker = parseRecord(file, Ready, MARKER, file.readOnce(MOST_BYTES.usual));
      if (marker !== undefined) return marker;
    }
    throw this.notFound(id);
  }

  private compareMarker(id: string, marker: Ready, descriptor: Descriptor): void {
    const isSame = marker.snapshot_id === id && marker.created_at === descriptor.created_at &&
      marker.engine === descriptor.engine &&
      marker.descriptor_checksum.value === descriptor.descriptor_checksum.value &&
      marker.payload_root_hash?.value === descriptor.payload_root_hash?.value;
    if (isSame) return;
    const file = this.exists(id) ? this.layout.ready(id) : this.layout.pruned(id);
    throw damaged(file, MARKER, "it does not match the snapshot's descriptor");
  }

  private notFound(id: string, action?: string): JvsError {
    return this.isPruned(id) ? wasPruned(id, action) : noSnapshot(id);
  }
}

/** What was read, or nothing when it is damaged or missing. */
async function unlessDamaged<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isUnreadableRecord(error) || isJvsError(error, "E_NOT_FOUND")) return undefined;
    throw error;
  }
}
