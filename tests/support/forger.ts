import { createHash } from "node:crypto";
import { bytesOf } from "../../src/model/bytes.ts";
import type { AuditRecord, Descriptor } from "../../src/model/records.ts";
import { hashOfRecord, lineOf, NO_HASH } from "../../src/repo/audit_record.ts";
import { recordText } from "../../src/repo/record_file.ts";
import { Store } from "../../src/repo/store.ts";
import { Layout } from "../../src/repo/layout.ts";
import { mustRun } from "./run.ts";
import { writeManifest } from "../../src/tree/manifest.ts";
import { payloadRootHash } from "../../src/tree/root_hash.ts";

/**
 * Rewrites one file of a snapshot as somebody with all rights would: payload, manifest, descriptor and READY, so that each proves the
 * others. Gives the new checksum of the descriptor. Without `rewriteTrail` the audit log still has the old one.
 */
export async function forgeSnapshot(
  root: string,
  id: string,
  path: string,
  content: string,
): Promise<string> {
  const { layout, snapshots, unfinished } = new Store(new Layout(root));
  const table = (await snapshots.manifest(id)).copy();
  const file = `${layout.payload(id).path}/${path}`;
  const folder = file.slice(0, file.lastIndexOf("/"));
  const [forgery, times] = [`${root}/forged`, `${root}/times`];
  Deno.writeTextFileSync(forgery, content);
  mustRun("touch", "-r", file, forgery);
  mustRun("touch", "-r", folder, times);
  Deno.renameSync(forgery, file); // other snapshots may have links to the true one
  mustRun("touch", "-r", times, folder);
  Deno.removeSync(times);
  const index = table.find(bytesOf(path));
  table.setHash(index, Uint8Array.from(createHash("sha256").update(content).digest()));
  table.size[index] = content.length;
  Deno.chmodSync(file, 0o444);
  const parent = await snapshots.descriptor(id);
  for (const name of layout.manifests.names()) if (name.startsWith(id)) layout.manifests.at(name).remove();
  using manifests = layout.manifests.open();
  const { hash } = await writeManifest(manifests, id, table, null);
  const { descriptor_checksum: _, ...fields } = parent;
  const forged: Descriptor = await unfinished.sealDescriptor({
    ...fields,
    manifest_hash: { algo: "sha256", value: hash },
    payload_root_hash: { algo: "sha256", value: await payloadRootHash(table) },
  });
  Deno.writeTextFileSync(layout.descriptor(id).path, recordText(forged));
  unfinished.writeReady(forged);
  return forged.descriptor_checksum.value;
}

/** Writes the audit log again with other records, so that its chain is whole: `change` gives each of them, or nothing to leave it out. */
export async function rewriteTrail(
  root: string,
  change: (record: AuditRecord) => AuditRecord | undefined,
): Promise<void> {
  const { audit, layout } = new Store(new Layout(root));
  const { signed } = JSON.parse(Deno.readTextFileSync(layout.auditHead.path));
  const records: AuditRecord[] = [];
  let last = NO_HASH;
  for (const record of await Array.fromAsync(audit.read())) {
    const changed = change(record);
    if (changed === undefined) continue;
    const { record_hash: _, ...rest } = { ...changed, prev_hash: last };
    last = await hashOfRecord({ ...rest, record_hash: NO_HASH }) ?? NO_HASH;
    records.push({ ...rest, record_hash: last });
  }
  const lines = records.map((record) => new TextDecoder().decode(lineOf(record)));
  Deno.writeTextFileSync(layout.auditLog.path, lines.join(""));
  const before = records.at(-2)?.record_hash ?? NO_HASH;
  const head = {
    count: records.length - 1,
    last_hash: before,
    next: records.at(-1),
    ...(signed && { signed }),
  };
  Deno.writeTextFileSync(layout.auditHead.path, recordText(head));
}

/** A record of the snapshot, with another checksum of its descriptor. */
export function withChecksum(id: string, checksum: string): (record: AuditRecord) => AuditRecord {
  return (record) =>
    record.operation === "snapshot" && record.target === id
      ? { ...record, details: { ...record.details, descriptor_checksum: checksum } }
      : record;
}

/** Takes every signature away: of snapshots, and of the audit log. */
export function dropSignatures(root: string): void {
  const { auditHead, signatures } = new Layout(root);
  for (const name of signatures.names()) signatures.at(name).remove();
  const { signed: _, ...head } = JSON.parse(Deno.readTextFileSync(auditHead.path));
  Deno.writeTextFileSync(auditHead.path, recordText(head));
}
