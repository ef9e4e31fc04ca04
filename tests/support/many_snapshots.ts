/**
 * Adds snapshots of an empty tree to a repository, thousands in a second: what searches many of them must be tried with many. As
 * a program: `deno run -A tests/support/many_snapshots.ts REPOSITORY COUNT`.
 */
import type { AuditRecord, Descriptor } from "../../src/model/records.ts";
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
 * Adds `count` snapshots behind the head of `main`, which must be of an empty tree: each tenth is an autosave, each hundredth has
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
    await log.add(descriptor);
    if (kind === "manual") head = snapshot_id;
  }
  log.end();
  store.worktrees.update("main", { head_snapshot_id: head, latest_snapshot_id: head });
}

/** Publishes a snapshot with these fields and no files, not durably. */
export async function putSnapshot(
  { layout, snapshots }: Pick<Store, "layout" | "snapshots">,
  fields: Partial<Descriptor> & Pick<Descriptor, "snapshot_id">,
  manifest = new Uint8Array(),
): Promise<Descriptor> {
  const descriptor = await snapshots.sealDescriptor(fieldsOf(fields.snapshot_id, fields));
  const { snapshot_id: id, created_at, engine, descriptor_checksum, payload_root_hash } = descriptor;
  const ready = { snapshot_id: id, created_at, engine, descriptor_checksum, payload_root_hash };
  Deno.mkdirSync(layout.payload(id).path, { mode: 0o700 });
  Deno.writeFileSync(layout.manifests.at(id).path, manifest);
  Deno.writeTextFileSync(layout.descriptor(id).path, recordText(descriptor));
  Deno.writeTextFileSync(layout.ready(id).path, recordText(ready));
  return descriptor;
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
