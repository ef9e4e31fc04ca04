import { bytesOf } from "../model/bytes.ts";
import { isJvsError, JvsError, unlessThrown } from "../model/errors.ts";
import { isSnapshotId, newSnapshotId } from "../model/ids.ts";
import { quoted } from "../model/path_text.ts";
import { Descriptor, Ready } from "../model/records.ts";
import { nowMs, randomBytes } from "../platform/clock.ts";
import { makeWritable } from "../platform/make_writable.ts";
import type { Folder } from "../platform/platform.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { checkManifest, readManifest, type ReadManifestOptions } from "../tree/manifest.ts";
import type { TreeTable } from "../tree/table.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { damaged, parseRecord, writeRecord } from "./record_file.ts";
import { asWritten, hashOfRead, recordHash } from "./record_hash.ts";
import { idsIn, newestIdIn, publish } from "./snapshot_files.ts";
import { noSnapshot, wasPruned } from "./snapshot_errors.ts";
import { claimMarker, useMarker, type UseSnapshotOptions } from "./snapshot_use.ts";

const DESCRIPTOR = "the descriptor";
const MARKER = "the commit marker";
const EXISTING = [".READY"];
const KNOWN = [".READY", ".PRUNED"];

/** The snapshots of a repository: which exist, their records, and the steps that publish one. */
export class Snapshots {
  /** `lockIds` takes the lock under which new ids are given out. */
  constructor(private readonly layout: Layout, private readonly lockIds: () => Promise<Disposable>) {}

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
    return [...idsIn(this.layout.snapshots, KNOWN)].sort();
  }

  /** The newest that exists. */
  newest(): string | null {
    return newestIdIn(this.layout.snapshots, EXISTING);
  }

  /**
   * A new id, above all earlier ones. An empty file, which the descriptor will replace, reserves it. A caller that does not
   * publish the snapshot must discard it.
   */
  async newId(): Promise<string> {
    using _lock = await this.lockIds();
    const { layout } = this;
    const taken = [layout.snapshots, layout.descriptors].map((folder) => newestIdIn(folder) ?? "");
    const newest = taken.sort().at(-1) || null;
    const id = newSnapshotId(nowMs(), newest, randomBytes(4));
    layout.unfinishedDescriptor(id).openFile("create")[Symbol.dispose]();
    return id;
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
   * Whether what a snapshot holds may give rights: where others may write, only if the caller or root made it, as their own
   * folder says (`claim`).
   */
  mayGiveRights({ descriptor_checksum, snapshot_id }: Descriptor): boolean {
    const { maker, plane } = this.layout;
    if (!plane.isOpenToOthers) return true;
    const isBy = (uid: number) => maker(uid, snapshot_id).readOnce()?.trim() === descriptor_checksum.value;
    return [plane.owners.caller.uid, 0].some((uid) =>
      unlessThrown(isUnreadableRecord, () => isBy(uid)) ?? false
    );
  }

  /** Says in the caller's own folder that the caller makes this snapshot, before it is published. */
  claim({ descriptor_checksum, snapshot_id }: Descriptor): void {
    const { maker, plane } = this.layout;
    if (!plane.isOpenToOthers) return;
    const file = maker(plane.owners.caller.uid, snapshot_id);
    file.parent.ensureOwn();
    file.write(`${descriptor_checksum.value}\n`);
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

  /** A descriptor with its checksum, as the file will have it. */
  async sealDescriptor(fields: Omit<Descriptor, "descriptor_checksum">): Promise<Descriptor> {
    const written = asWritten(fields);
    return { ...written, descriptor_checksum: { algo: "sha256", value: await recordHash(written) } };
  }

  /** SPEC 6, step 7: writes the descriptor, durably, under its temporary name. */
  writeDescriptor(descriptor: Descriptor): void {
    writeRecord(this.layout.unfinishedDescriptor(descriptor.snapshot_id), descriptor);
  }

  /** Step 9; durable and repeatable, like the next two. */
  publishPayload(id: string): void {
    publish(this.layout.unfinishedPayload(id), this.layout.payload(id));
  }

  /** Step 10. */
  publishDescriptor(id: string): void {
    publish(this.layout.unfinishedDescriptor(id), this.layout.descriptor(id));
  }

  /** Step 11: from here on the snapshot exists. */
  writeReady(descriptor: Descriptor): void {
    const { snapshot_id, created_at, engine, descriptor_checksum, payload_root_hash } = descriptor;
    const ready: Ready = { snapshot_id, created_at, engine, descriptor_checksum, payload_root_hash };
    writeRecord(this.layout.ready(snapshot_id), ready);
  }

  /** Removes all parts of a snapshot that was not published; repeatable. */
  async discardUnfinished(id: string): Promise<void> {
    const { layout } = this;
    if (!isSnapshotId(id) || this.isKnown(id)) {
      throw new JvsError("E_INTERNAL", `Cannot discard ${quoted(id)}: it is no unfinished snapshot`);
    }
    layout.descriptor(id).remove();
    for (const file of this.manifestFiles(id)) file.remove();
    using folder = layout.snapshots.open();
    for (const ending of ["", ".tmp.before", ".tmp"]) await this.#discard(folder, bytesOf(`${id}${ending}`));
    folder.sync();
    // Last, because this file reserves the id.
    layout.unfinishedDescriptor(id).remove();
  }

  /**
   * Removes a payload. Where others may write, they may have put somebody's work in its place: there it is kept with what restores
   * replaced, for a while.
   */
  async #discard(folder: Folder, name: Uint8Array): Promise<void> {
    const { plane, replaced } = this.layout;
    if (plane.isOpenToOthers) {
      this.layout.ensureOwn();
      using kept = replaced.open();
      makeWritable(folder, name);
      const isMoved = unlessFailed(["EROFS", "EXDEV"], () => {
        unlessFailed(["ENOENT"], () => folder.rename(name, kept, bytesOf(crypto.randomUUID()), "fresh"));
        return true;
      });
      if (isMoved) return;
    }
    const { removeClone } = await import("../engine/engines.ts"); // those who only read need no engine
    await removeClone(plane.platform, folder, name);
  }

  /** The files and folders of a snapshot that exist, without its markers. */
  parts(id: string): ControlPath[] {
    const { layout } = this;
    const payloads = ["", ".tmp", ".tmp.before"].map((ending) => layout.snapshots.payload(`${id}${ending}`));
    const single = [...payloads, layout.descriptor(id), layout.unfinishedDescriptor(id)];
    return [...single.filter((path) => path.isThere()), ...this.manifestFiles(id)];
  }

  /** Its index and its pack, and temporary files of them. */
  private manifestFiles(id: string): ControlPath[] {
    const { manifests } = this.layout;
    return manifests.names().filter((name) => name.startsWith(id) || name.startsWith(`.${id}`))
      .map((name) => manifests.at(name));
  }

  /**
   * Ids with files but no marker, oldest first: being made now, left by a crash, or with a lost marker. A pack alone does not count: it
   * may have outlived its snapshot, because other manifests have blocks in it.
   */
  leftovers(): string[] {
    const { snapshots, descriptors, manifests } = this.layout;
    const known = idsIn(snapshots, KNOWN);
    const named = idsIn(snapshots).union(idsIn(descriptors)).union(idsIn(manifests, [""]));
    return [...named.difference(known)].sort();
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
    const descriptor = parseRecord(file, Descriptor, DESCRIPTOR, file.readOnce());
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
      const marker = parseRecord(file, Ready, MARKER, file.readOnce());
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
