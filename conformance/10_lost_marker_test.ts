import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Finding } from "../src/model/records.ts";
import { BlackBox, editFile } from "../tests/support/black_box.ts";
import { leaveIntent } from "../tests/support/leftovers.ts";
import { mustRun } from "../tests/support/run.ts";

type Doctor = { healthy: boolean; findings: Finding[]; repaired: string[] };

/** Two snapshots, of which the first lost its marker, as in a copy that was cut short. */
async function madeBox(): Promise<BlackBox & { lost: string; head: string }> {
  const box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: lost } = await box.save("one", "--tag", "one");
  box.write("a.txt", "two\n");
  const { snapshot_id: head } = await box.save("two");
  return Object.assign(box, { lost, head });
}

async function doctorOf(box: BlackBox, ...flags: string[]): Promise<Doctor> {
  return (await box.run(["doctor", ...flags, "--json"])).json as unknown as Doctor;
}

function filesOf(box: BlackBox): string {
  return mustRun(
    "find",
    `${box.control}/snapshots`,
    `${box.control}/descriptors`,
    `${box.control}/manifests`,
  );
}

Deno.test("conformance 10: a published snapshot without READY is no left-over, whatever names it, and its marker can be rebuilt", async () => {
  using box = await madeBox();
  const { lost, head } = box;
  const marks: [string, string][] = [[lost, "a parent"], [head, "a head"]];
  await box.json(["restore", lost]);
  box.write("a.txt", "a leaf\n");
  const { autosave_snapshot_id: leaf } = await box.json<{ autosave_snapshot_id: string }>([
    "restore",
    "HEAD",
  ]);
  marks.push([leaf, "a leaf that only the audit trail names"]);
  for (const [id, what] of marks) {
    const ready = `${box.control}/snapshots/${id}.READY`;
    const marker = Deno.readTextFileSync(ready);
    Deno.removeSync(ready);
    const before = filesOf(box);
    const { healthy, findings } = await doctorOf(box, "--repair", "clean_tmp");
    assertEquals([healthy, filesOf(box)], [false, before], what);
    assertEquals(findings.filter(({ code }) => code === "LEFTOVER"), [], what);
    const [found] = findings.filter(({ code }) => code === "READY_MISSING");
    assertEquals([found?.severity, found?.repair, found?.path], ["critical", "rebuild_ready", ready], what);
    assertEquals((await box.run(["verify", "--all"])).code, 1, what);
    const records = box.records().length;
    const mended = await doctorOf(box, "--repair", "rebuild_ready");
    assertEquals([mended.healthy, mended.findings, mended.repaired.length], [true, [], 1], what);
    assertEquals(JSON.parse(Deno.readTextFileSync(ready)), JSON.parse(marker), what);
    assertEquals(box.records().slice(records).map(({ target }) => target), [id], what);
    await box.audit();
  }
});

Deno.test("conformance 10: a marker is not rebuilt for content that is not what was saved", async () => {
  using box = await madeBox();
  const payload = `${box.control}/snapshots/${box.lost}`;
  Deno.removeSync(`${payload}.READY`);
  Deno.chmodSync(`${payload}/a.txt`, 0o644);
  Deno.writeTextFileSync(`${payload}/a.txt`, "eno\n");
  const { message } = await box.error("E_PAYLOAD_HASH_MISMATCH", ["doctor", "--repair", "rebuild_ready"]);
  assertStringIncludes(message, "a.txt");
  assertEquals((await box.run(["show", box.lost])).code, 1);
});

Deno.test("conformance 10: a descriptor that was changed together with its checksum rebuilds no marker", async () => {
  using box = await madeBox();
  const first = `${box.control}/descriptors/${box.lost}.json`;
  Deno.removeSync(`${box.control}/snapshots/${box.lost}.READY`);
  // Whole in itself, but not the one that the audit trail has the checksum of.
  const [record] = box.records().filter(({ target }) => target === box.lost);
  const checksum = String(record?.details["descriptor_checksum"]);
  const forged = await forgedDescriptor(first);
  assert(forged !== checksum);
  const [found] = (await doctorOf(box)).findings.filter(({ code }) => code === "READY_MISSING");
  assertEquals(found?.repair, null);
  assertEquals((await doctorOf(box, "--repair", "rebuild_ready")).repaired, []);
});

Deno.test("conformance 10: what is left of a published snapshot stays, and the way out is a copy", async () => {
  using box = await madeBox();
  Deno.removeSync(`${box.control}/snapshots/${box.lost}.READY`);
  Deno.removeSync(`${box.control}/descriptors/${box.lost}.json`);
  const before = filesOf(box);
  const { findings } = await doctorOf(box, "--repair", "clean_tmp", "--repair", "rebuild_ready");
  const [found] = findings.filter(({ code }) => code === "READY_MISSING");
  assertEquals([found?.severity, found?.repair], ["critical", null]);
  assertStringIncludes(found?.message ?? "", "copy");
  assertEquals(filesOf(box), before);
});

Deno.test("conformance 10: where the audit trail is broken, what has a snapshot's name is not cleaned", async () => {
  using box = await madeBox();
  const payload = `${box.control}/snapshots/1795236123903-66272f6d`;
  mustRun("cp", "-a", `${box.control}/snapshots/${box.lost}`, payload);
  Deno.truncateSync(`${box.control}/audit/audit.jsonl`, 100);
  await doctorOf(box, "--repair", "clean_tmp");
  assertEquals(Deno.readTextFileSync(`${payload}/a.txt`), "one\n");
});

Deno.test("conformance 10: a left-over is named by a path that is there", async () => {
  using box = await madeBox();
  const manifest = `${box.control}/manifests/1795236123903-66272f6d`;
  Deno.copyFileSync(`${box.control}/manifests/${box.lost}`, manifest);
  const { findings } = await doctorOf(box);
  assertEquals(findings.map(({ code, path }) => [code, path]), [["LEFTOVER", manifest]]);
});

Deno.test("conformance 10: recovery of an open intent removes nothing of a snapshot that the audit trail has", async () => {
  using box = await madeBox();
  Deno.removeSync(`${box.control}/snapshots/${box.lost}.READY`);
  const details = { parent: null, moves_head: true, keep_line_as: null };
  leaveIntent(box.control, "snapshot", { details, claims: { snapshot_id: box.lost }, steps: ["began"] });
  const before = filesOf(box);
  const { findings } = await doctorOf(box, "--repair-runtime");
  assertEquals(filesOf(box), before);
  assertEquals(findings.find(({ code }) => code === "READY_MISSING")?.repair, "rebuild_ready");
  await doctorOf(box, "--repair", "rebuild_ready");
  await box.audit();
});

async function forgedDescriptor(path: string): Promise<string> {
  const { recordHash } = await import("../src/repo/record_hash.ts");
  editFile(path, '"note": "one"', '"note": "two"');
  const { descriptor_checksum, ...rest } = JSON.parse(Deno.readTextFileSync(path));
  const value = await recordHash(rest);
  editFile(path, descriptor_checksum.value, value);
  return value;
}
