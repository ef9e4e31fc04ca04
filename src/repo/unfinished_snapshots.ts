import { bytesOf } from "../model/bytes.ts";
import { JvsError, unlessThrown } from "../model/errors.ts";
import { isSnapshotId, newSnapshotId } from "../model/ids.ts";
import { quoted } from "../model/path_text.ts";
import type { Descriptor, Ready } from "../model/records.ts";
import { nowMs, randomBytes } from "../platform/clock.ts";
import { moveFolder } from "../platform/move_folder.ts";
import { Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { RefusedPath } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { MOST_BYTES, recordText, writeRecord } from "./record_file.ts";
import { asWritten, recordHash } from "./record_hash.ts";
import { idsIn, knownIds, newestIdIn, publish } from "./snapshot_files.ts";

/** What the names of a payload end in that is being made, and of the attempt before it. */
const ENDINGS = [".tmp.before", ".tmp"];

function isRefused(error: unknown): error is RefusedPath {
  return error instanceof RefusedPath;
}

/** Snapshots on their way: the steps that publish one, and what is left of those that never came so far. */
export class UnfinishedSnapshots {
  /** `lockIds` takes the lock under which new ids are given out. */
  constructor(private readonly layout: Layout, private readonly lockIds: () => Promise<Disposable>) {}

  /**
   * A new id, above all earlier ones. An empty file, which the descriptor will replace, reserves it. A caller that does not
   * publish the snapshot must discard it.
   */
  async newId(): Promise<string> {
    using _lock = await this.lockIds();
    const { layout } = this;
    unlessThrown(isRefused, () => layout.ensureOwn());
    const taken = [layout.snapshots, layout.descriptors].map((folder) => newestIdIn(folder) ?? "");
    const newest = taken.sort().at(-1) || null;
    const id = newSnapshotId(nowMs(), newest, randomBytes(4));
    layout.unfinishedDescriptor(id).openFile("create")[Symbol.dispose]();
    return id;
  }

  /** Says in the caller's own folder that the caller makes this snapshot, before it is published. */
  claim({ descriptor_checksum, snapshot_id }: Descriptor): void {
    const { maker, plane } = this.layout;
    if (!plane.isOpenToOthers) return;
    const file = maker(plane.owners.caller.uid, snapshot_id);
    file.parent.ensureOwn();
    file.write(`${descriptor_checksum.value}\n`);
  }

  /** A descriptor with its checksum, as the file will have it. */
  async sealDescriptor(fields: Omit<Descriptor, "descriptor_checksum">): Promise<Descriptor> {
    const written = asWritten(fields);
    return { ...written, descriptor_checksum: { algo: "sha256", value: await recordHash(written) } };
  }

  /** SPEC 6, step 7: writes the descriptor, durably, under its temporary name. `E_USAGE` for one that would be too long to be read. */
  writeDescriptor(descriptor: Descriptor): void {
    const text = bytesOf(recordText(descriptor));
    if (text.length > MOST_BYTES.descriptor) throw tooMuchToRecord(descriptor, text.length);
    this.layout.unfinishedDescriptor(descriptor.snapshot_id).write(text);
  }

  /** Step 9; durable and repeatable, like the next two. */
  publishPayload(id: string): void {
    const { layout, layout: { plane: { isOpenToOthers, platform } } } = this;
    const [unfinished, payload] = [layout.unfinishedPayload(id), layout.payload(id)];
    if (!isOpenToOthers) return publish(unfinished, payload);
    using making = layout.making.open();
    using snapshots = layout.snapshots.open();
    const from = { folder: making, name: bytesOf(unfinished.name) };
    moveFolder(platform, from, { folder: snapshots, name: bytesOf(payload.name) });
    snapshots.sync();
    making.sync();
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
  async discard(id: string): Promise<void> {
    const { layout } = this;
    if (!isSnapshotId(id) || layout.ready(id).isThere() || layout.pruned(id).isThere()) {
      throw new JvsError("E_INTERNAL", `Cannot discard ${quoted(id)}: it is no unfinished snapshot`);
    }
    layout.descriptor(id).remove();
    layout.signature(id).remove();
    for (const file of this.manifestFiles(id)) file.remove();
    if (layout.plane.isOpenToOthers) this.#putAside(id);
    const { removeClone } = await import("../engine/engines.ts"); // those who only read need no engine
    // Where others may write, what is among the snapshots may be anybody's by now.
    const isElsewhere = layout.making.path !== layout.snapshots.path;
    if (isElsewhere || !layout.plane.isOpenToOthers) {
      using making = layout.making.open();
      for (const ending of isElsewhere ? ENDINGS : ["", ...ENDINGS]) {
        await removeClone(layout.plane.platform, making, bytesOf(`${id}${ending}`));
      }
      making.sync();
    }
    // Last, because this file reserves the id.
    layout.unfinishedDescriptor(id).remove();
  }

  /**
   * Moves a payload away that has its last name already. Where others may write, they may have put somebody's work there, or into
   * it: it is kept until somebody has looked at it.
   */
  #putAside(id: string): void {
    const { layout, layout: { plane: { platform } } } = this;
    const name = bytesOf(layout.payload(id).name);
    using snapshots = layout.snapshots.open();
    if (!snapshots.stat(name, new Stat())) return;
    layout.ensureOwn();
    using kept = layout.replaced.open();
    // What is another member's, or no folder, stays where it is.
    unlessFailed(["EACCES", "EPERM", "EROFS", "EXDEV", "ENOTDIR", "ELOOP", "ENOENT"], () => {
      const to = { folder: kept, name: bytesOf(crypto.randomUUID()) };
      moveFolder(platform, { folder: snapshots, name }, to);
    });
    snapshots.sync();
  }

  /** The files and folders of a snapshot that exist, without its markers. */
  parts(id: string): ControlPath[] {
    const { layout } = this;
    const payloads = [
      layout.payload(id),
      ...ENDINGS.map((ending) => layout.making.payload(`${id}${ending}`)),
    ];
    const single = [
      ...payloads,
      layout.descriptor(id),
      layout.unfinishedDescriptor(id),
      layout.signature(id),
    ];
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
    const { descriptors, making, manifests, plane, signatures, snapshots } = this.layout;
    const recorded = idsIn(descriptors).union(idsIn(manifests, [""])).union(idsIn(signatures));
    // Where others may write, what is among the snapshots and is none was not put there by JVS.
    const isElsewhere = making.path !== snapshots.path;
    const unfinished = isElsewhere ? idsIn(making, ENDINGS) : new Set<string>();
    const payloads = plane.isOpenToOthers ? idsIn(snapshots, [""]).union(unfinished) : idsIn(snapshots);
    const named = payloads.union(recorded);
    return [...named.difference(knownIds(snapshots))].sort();
  }
}

/** Notes, tags and rules have limits of their own: what is left is a long list of paths. */
function tooMuchToRecord({ paths }: Descriptor, bytes: number): JvsError {
  const state = `its record would have ${bytes} bytes, more than can be read again`;
  return new JvsError("E_USAGE", `Cannot save the snapshot: ${state}`, {
    hint: "Name whole folders instead of each path in them. Nothing was changed.",
    details: { bytes, paths: paths?.length ?? 0 },
  });
}
