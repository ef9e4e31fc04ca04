/**
 * Adds snapshots to a repository, thousands of an empty tree in a second: what searches many of them must be tried with many. As
 * a program: `deno run -A tests/support/many_snapshots.ts REPOSITORY COUNT`.
 */
import { DIR } from "../../src/model/entry.ts";
import type { AuditRecord, Descriptor } from "../../src/model/records.ts";
import type { Folder } from "../../src/platform/platform.ts";
import { Stat } from "../../src/platform/stat.ts";
import { lineOf, sealRecord } from "../../src/repo/audit_record.ts";
import { openStore, type Store } from "../../src/repo/store.ts";
import { recordText } from "../../src/repo/record_file.ts";
import { fieldsOf } from "./control_plane.ts";

const EVERY = { autosave: 10, tag: 100, good: 1000 };

if (import.meta.main) {
  const [path = "", count = ""] = Deno.args;
  await addSnapshots(path, Number(count));
}

/**
 * Adds `count` snapshots behind the head of `main`, of the same files, which are hard links: each tenth is an autosave, each hundredth has
 * the tag `tag-<n>`, each thousandth the tag `good` too. All records are as the program writes them, the audit log included.
 */
export async function addSnapshots(path: string, count: number): Promise<void> {
  const store = openStore(path);
  const main = store.worktrees.get("main");
  const { descriptor_checksum: _, ...template } = await store.snapshots.descriptor(
    main.head_snapshot_id ?? "",
  );
  const manifest = Deno.readFileSync(store.layout.manifests.at(template.snapshot_id).path);
  const log = openLog(store);
  let { snapshot_id: head } = template;
  const time = Number(head.slice(0, 13));
  for (let n = 1; n <= count; n++) {
    const snapshot_id = `${time + n}-${(Math.imul(n, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0")}`;
    const kind = n % EVERY.autosave === 0 ? "autosave" : "manual";
    const descriptor = await putSnapshot(store, {
      ...template,
      snapshot_id,
      parent_snapshot_id: head,
      created_at: new Date(time + n).toISOString(),
      note: `number ${n}: what the agent did`,
      tags: [...n % EVERY.tag === 1 ? [`tag-${n}`] : [], ...n % EVERY.good === 1 ? ["good"] : []],
      kind,
    }, manifest);
    linkPayload(store, template.snapshot_id, snapshot_id);
    await log.add(descriptor);
    if (kind === "manual") head = snapshot_id;
  }
  log.end();
  store.worktrees.update("main", { head_snapshot_id: head, latest_snapshot_id: head });
}

/** Publishes a snapshot with these fields and no files, not durably. */
export async function putSnapshot(
  { layout, unfinished }: Pick<Store, "layout" | "unfinished">,
  fields: Partial<Descriptor> & Pick<Descriptor, "snapshot_id">,
  manifest = new Uint8Array(),
): Promise<Descriptor> {
  const descriptor = await unfinished.sealDescriptor(fieldsOf(fields.snapshot_id, fields));
  const { snapshot_id: id, created_at, engine, descriptor_checksum, payload_root_hash } = descriptor;
  const ready = { snapshot_id: id, created_at, engine, descriptor_checksum, payload_root_hash };
  Deno.mkdirSync(layout.payload(id).path, { mode: 0o700 });
  Deno.writeFileSync(layout.manifests.at(id).path, manifest);
  Deno.writeTextFileSync(layout.descriptor(id).path, recordText(descriptor));
  Deno.writeTextFileSync(layout.ready(id).path, recordText(ready));
  return descriptor;
}

/** Gives a payload the files of another one. */
function linkPayload({ layout, platform }: Store, from: string, to: string): void {
  using source = platform.openFolder(layout.payload(from).path);
  using target = platform.openFolder(layout.payload(to).path);
  linkAll(source, target);
}

function linkAll(from: Folder, to: Folder): void {
  const found = new Stat();
  const names = from.list();
  for (let i = 0; i < names.count; i++) {
    const name = names.name(i);
    from.stat(name, found);
    if (found.type !== DIR) {
      to.linkFrom(name, from, name);
      continue;
    }
    to.makeFolder(name, found.mode);
    using source = from.openFolder(name);
    using target = to.openFolder(name);
    linkAll(source, target);
  }
}

/** The audit log, which gets a record for each snapshot. */
function openLog({ audit, layout }: Store) {
  let count = audit.position();
  let last: AuditRecord = JSON.parse(Deno.readTextFileSync(layout.auditHead.path)).next;
  const file = Deno.openSync(layout.auditLog.path, { append: true });
  return {
    async add({ snapshot_id, kind, note, tags, descriptor_checksum: { value } }: Descriptor) {
      const details = { worktree: "main", snapshot_id, kind, note, tags, descriptor_checksum: value };
      const nothing = { fencing_token: null, session_id: null, reason: null };
      const entry = { operation: "snapshot", actor: last.actor, target: snapshot_id, details, ...nothing };
      last = await sealRecord(entry, last.record_hash);
      const line = lineOf(last);
      for (let done = 0; done < line.length;) done += file.writeSync(line.subarray(done));
      count++;
    },
    end() {
      file.close();
      const text = recordText({ count: count - 1, last_hash: last.prev_hash, next: last });
      Deno.writeTextFileSync(layout.auditHead.path, text);
    },
  };
}
