import { type TempDir, tempDir } from "./temp_dir.ts";
import type { Descriptor, WorktreeConfig } from "../../src/model/records.ts";
import { nowMs } from "../../src/platform/clock.ts";
import { acquireLock } from "../../src/platform/locks.ts";
import type { ControlPath } from "../../src/repo/control_path.ts";
import { Layout } from "../../src/repo/layout.ts";
import { Refs } from "../../src/repo/refs.ts";
import { Snapshots } from "../../src/repo/snapshots.ts";
import { UnfinishedSnapshots } from "../../src/repo/unfinished_snapshots.ts";

/** A control plane for a test, with the parts of a store that names of snapshots need. */
export interface ControlPlane extends Disposable {
  readonly layout: Layout;
  readonly snapshots: Snapshots;
  readonly unfinished: UnfinishedSnapshots;
  readonly refs: Refs;
  cacheFolder(): ControlPath;
  readonly intents: { list(): [] };
  readonly worktrees: { find(name: string): WorktreeConfig | undefined; names(): string[] };
  /** The content of `worktrees`. */
  readonly configs: Map<string, WorktreeConfig>;
}

/** The worktree of test snapshots. */
export const WORKTREE_ID = "11111111-1111-4111-8111-111111111111";

/** Two control planes on one folder act like two processes of one repository. */
export function controlPlane(dir: TempDir = tempDir()): ControlPlane {
  const layout = new Layout(dir.path);
  makeControlFolders(layout, ...layout.folders);
  const configs = new Map<string, WorktreeConfig>();
  return {
    layout,
    snapshots: new Snapshots(layout),
    unfinished: unfinishedOf(layout),
    refs: new Refs(layout),
    cacheFolder: () => cacheFolderOf(layout),
    intents: { list: () => [] },
    worktrees: { find: (name) => configs.get(name), names: () => [...configs.keys()] },
    configs,
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** Makes `.jvs` as JVS makes it, and folders in it. */
export function makeControlFolders({ control, plane }: Layout, ...folders: readonly ControlPath[]): void {
  for (const folder of [control, ...folders]) Deno.mkdirSync(folder.path, { recursive: true });
  plane.mark();
}

function cacheFolderOf(layout: Layout): ControlPath {
  const folder = layout.caches(layout.plane.platform.host.id);
  if (!folder.isThere()) Deno.mkdirSync(folder.path, { recursive: true });
  return folder;
}

/** What is made below a layout. */
export function unfinishedOf(layout: Layout): UnfinishedSnapshots {
  const holder = { host: "here", pid: Deno.pid, operation: "test", since: "2026-01-01T00:00:00Z" };
  return new UnfinishedSnapshots(
    layout,
    () => acquireLock(layout.lock("ids"), { holder, timeoutMs: 30_000 }),
  );
}

/** The descriptor of an empty snapshot. */
export function fieldsOf(
  id: string,
  more: Partial<Descriptor> = {},
): Omit<Descriptor, "descriptor_checksum"> {
  const { descriptor_checksum: _, ...given } = more;
  return {
    snapshot_id: id,
    worktree_id: WORKTREE_ID,
    parent_snapshot_id: null,
    created_at: new Date(nowMs()).toISOString(),
    note: "",
    tags: [],
    kind: "manual",
    paths: null,
    engine: "copy",
    consistency_level: "quiesced",
    ignore_rules: null,
    stats: { files: 0, directories: 0, symlinks: 0, other: 0, bytes: 0, changed_bytes: 0 },
    fencing_token: null,
    environment: null,
    meta: {},
    degradations: { counts: {}, first: [] },
    payload_root_hash: { algo: "sha256", value: "0".repeat(64) },
    manifest_hash: { algo: "sha256", value: "1".repeat(64) },
    ...given,
  };
}

/** Publishes a snapshot of one file as the protocol does; by default with the next id. */
export async function publishSnapshot(
  { layout, unfinished }: Pick<ControlPlane, "layout" | "unfinished">,
  more: Partial<Descriptor> = {},
): Promise<Descriptor> {
  const id = more.snapshot_id ?? await unfinished.newId();
  Deno.mkdirSync(layout.unfinishedPayload(id).path, { recursive: true });
  Deno.writeTextFileSync(`${layout.unfinishedPayload(id)}/file`, "content");
  const descriptor = await unfinished.sealDescriptor(fieldsOf(id, more));
  unfinished.writeDescriptor(descriptor);
  unfinished.publishPayload(id);
  unfinished.publishDescriptor(id);
  unfinished.writeReady(descriptor);
  return descriptor;
}

/** Publishes `count` snapshots, each the parent of the next; oldest first. */
export async function publishLine(
  plane: ControlPlane,
  fields: readonly Partial<Descriptor>[],
): Promise<Descriptor[]> {
  const made: Descriptor[] = [];
  for (const more of fields) {
    const parent = made.at(-1)?.snapshot_id ?? null;
    made.push(await publishSnapshot(plane, { parent_snapshot_id: parent, ...more }));
  }
  return made;
}

/** Adds a worktree with this head and newest snapshot to the control plane. */
export function worktreeAt(
  { configs }: ControlPlane,
  at: { name?: string; head: string | null; latest?: string | null },
): WorktreeConfig {
  const { name = "main", head, latest = head } = at;
  const config: WorktreeConfig = {
    worktree_id: WORKTREE_ID,
    name,
    path: name,
    identity: { file_system: "test", inode: "1" },
    isolation: "exclusive",
    created_at: "2026-01-01T00:00:00Z",
    base_snapshot_id: null,
    head_snapshot_id: head,
    latest_snapshot_id: latest,
    fencing_token: 0,
    label: "",
  };
  configs.set(name, config);
  return config;
}

/** Removes the parts of a snapshot that gc removes when it keeps only the lineage. */
export function prune({ layout }: ControlPlane, id: string): void {
  Deno.renameSync(layout.ready(id).path, layout.pruned(id).path);
  Deno.removeSync(layout.payload(id).path, { recursive: true });
}
