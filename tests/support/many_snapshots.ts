/**
 * Adds thousands of snapshots of an empty tree to a repository, some 3,000 a second: what reads records must be tried with many of them.
 * As a program: `deno run -A tests/support/many_snapshots.ts REPOSITORY COUNT`.
 */
import type { AuditRecord, Descriptor } from "../../src/model/records.ts";
import { lineOf, sealRecord } from "../../src/repo/audit_record.ts";
import { openStore, type Store } from "../../src/repo/store.ts";
import { recordText } from "../../src/repo/record_file.ts";

const EVERY = { autosave: 10, tag: 100, good: 1000 };

if (import.meta.main) {
  const [path = "", count = ""] = Deno.args;
  await addSnapshots(path, Number(count));
}

/**
 * Adds `count` snapshots behind the head of `main`, which must have one of an empty tree: each tenth is an autosave, each hundredth
 * has the tag `tag-<n>`, each thousandth the tag `good` too. All records are as the program writes them, and nothing is durable.
 */
export async function addSnapshots(path: string, count: number): Promise<void> {
  const store = openStore(path);
  const main = store.worktrees.get("main");
  const { descriptor_checksum: _, ...template } = await store.snapshots.descriptor(
    main.head_snapshot_id ?? "",
  );
  const index = Deno.readFileSync(store.layout.manifests.at(template.snapshot_id).path);
  const log = openLog(store);
  let { snapshot_id } = template;
  const time = Number(snapshot_id.slice(0, 13));
  for (let n = 1; n <= count; n++) {
    const id = `${time + n}-${(Math.imul(n, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0")}`;
    const kind = n % EVERY.autosave === 0 ? "autosave" : "manual";
    const descriptor = await store.snapshots.sealDescriptor({
      ...template,
      snapshot_id: id,
      parent_snapshot_id: snapshot_id,
      created_at: new Date(time + n).toISOString(),
      note: `number ${n}: what the agent did`,
      tags: [...n % EVERY.tag === 1 ? [`tag-${n}`] : [], ...n % EVERY.good === 1 ? ["good"] : []],
      kind,
    });
    writeSnapshot(store, descriptor, index);
    await log.add(descriptor);
    if (kind === "manual") snapshot_id = id;
  }
  log.end();
  store.worktrees.update("main", { head_snapshot_id: snapshot_id, latest_snapshot_id: snapshot_id });
}

function writeSnapshot({ layout }: Store, descriptor: Descriptor, manifest: Uint8Array): void {
  const { snapshot_id: id, created_at, engine, descriptor_checksum, payload_root_hash } = descriptor;
  const ready = { snapshot_id: id, created_at, engine, descriptor_checksum, payload_root_hash };
  Deno.mkdirSync(layout.payload(id).path, { mode: 0o700 });
  Deno.writeFileSync(layout.manifests.at(id).path, manifest);
  Deno.writeTextFileSync(layout.descriptor(id).path, recordText(descriptor));
  Deno.writeTextFileSync(layout.ready(id).path, recordText(ready));
}

/** The audit log, which gets a record for each snapshot. */
function openLog({ audit, layout }: Store) {
  let count = audit.position();
  const head = JSON.parse(Deno.readTextFileSync(layout.auditHead.path));
  let last: AuditRecord = head.next;
  const file = Deno.openSync(layout.auditLog.path, { append: true });
  const write = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  };
  return {
    async add({ snapshot_id, kind, note, tags, descriptor_checksum }: Descriptor) {
      const details = {
        worktree: "main",
        snapshot_id,
        kind,
        note,
        tags,
        descriptor_checksum: descriptor_checksum.value,
      };
      const entry = { operation: "snapshot", actor: last.actor, target: snapshot_id, details };
      const before = last;
      last = await sealRecord(
        { ...entry, fencing_token: null, session_id: null, reason: null },
        before.record_hash,
      );
      write(lineOf(last));
      count++;
    },
    end() {
      file.close();
      const text = recordText({ count: count - 1, last_hash: last.prev_hash, next: last });
      Deno.writeTextFileSync(layout.auditHead.path, text);
    },
  };
}
