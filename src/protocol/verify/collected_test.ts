import { assertEquals, assertStringIncludes } from "@std/assert";
import { namesIn } from "../../../tests/support/files.ts";
import { fullAudit } from "../../../tests/support/full_audit.ts";
import { mustRun } from "../../../tests/support/run.ts";
import { twoLines } from "../../../tests/support/two_lines.ts";
import { doctor } from "../../operation/doctor.ts";
import { gcRun } from "../../operation/gc_run.ts";
import { refCreate } from "../../operation/ref_create.ts";

type Box = Awaited<ReturnType<typeof withUntold>>;

/** A repository in which the payload, the descriptor and the manifest stayed of a snapshot that was collected, and no tombstone. */
async function withUntold() {
  const repository = await twoLines();
  const control = `${repository.path}/.jvs`;
  const id = repository.ids[3] ?? "";
  const away = `${repository.outside}/away`;
  Deno.mkdirSync(away);
  const back = (from: string, to: string) => mustRun("cp", "-a", `${away}/${from}`, `${control}/${to}`);
  for (const part of [`snapshots/${id}`, `descriptors/${id}.json`, `manifests/${id}`]) {
    mustRun("cp", "-a", `${control}/${part}`, `${away}/${part.slice(0, part.indexOf("/"))}`);
  }
  await repository.call(gcRun, { yes: true });
  back("snapshots", `snapshots/${id}.gone`);
  back("descriptors", `descriptors/${id}.json`);
  back("manifests", `manifests/${id}`);
  return Object.assign(repository, { id, control, back });
}

/** Where the files of the snapshot are. */
function partsOf({ control, id }: Box): string[] {
  return ["snapshots", "descriptors", "manifests"].filter((folder) =>
    namesIn(`${control}/${folder}`).some((name) => name.startsWith(id) && !name.endsWith(".pack"))
  );
}

async function leftovers(box: Box) {
  const { findings } = await box.call(doctor, { strict: true });
  return findings.filter(({ code }) => code === "LEFTOVER");
}

Deno.test("untoldOf() finds what is left of a collected snapshot whose tombstone was lost, and clean_tmp deletes it", async () => {
  using box = await withUntold();
  const { findings } = await box.call(doctor, { strict: true });
  assertEquals(findings.map(({ code, path, repair }) => [code, path, repair]), [
    ["LEFTOVER", `${box.control}/snapshots/${box.id}.gone`, "clean_tmp"],
  ]);
  await box.call(doctor, { repair: ["clean_tmp"] });
  assertEquals(partsOf(box), []);
  await fullAudit(box.path);
});

Deno.test("untoldOf() finds the records of a collected snapshot whose payload was deleted", async () => {
  using box = await withUntold();
  Deno.removeSync(`${box.control}/snapshots/${box.id}.gone`, { recursive: true });
  const left = await leftovers(box);
  assertEquals(left.map(({ repair }) => repair), ["clean_tmp"]);
  await box.call(doctor, { repair: ["clean_tmp"] });
  assertEquals(partsOf(box), []);
});

/** What keeps it, what doctor says of that, and how it ends. */
const KEEPS: [
  what: string,
  said: string,
  keep: (box: Box) => void | Promise<void>,
  end?: (box: Box) => void,
][] = [
  ["a ref names it", "names it", async (box) => {
    await box.call(refCreate, { name: "later", snapshot: "HEAD" });
    const file = `${box.control}/refs/later.json`;
    const ref = JSON.parse(Deno.readTextFileSync(file));
    Deno.writeTextFileSync(file, JSON.stringify({ ...ref, snapshot_id: box.id }));
  }, ({ control }) => Deno.removeSync(`${control}/refs/later.json`)],
  ["a record that may name it cannot be read", "cannot be read", async (box) => {
    await box.call(refCreate, { name: "later", snapshot: "HEAD" });
    Deno.writeTextFileSync(`${box.control}/refs/later.json`, "{");
  }, ({ control }) => Deno.removeSync(`${control}/refs/later.json`)],
  ["the audit trail is broken", "trail is broken", ({ control }) => {
    const text = Deno.readTextFileSync(`${control}/audit/audit.jsonl`);
    Deno.writeTextFileSync(`${control}/audit/audit.jsonl`, text.replace('"note":"first"', '"note":"other"'));
  }],
  [
    "its payload has its own name",
    "brought back",
    ({ back, id }) => void back("snapshots", `snapshots/${id}`),
  ],
];

for (const [what, said, keep, end] of KEEPS) {
  Deno.test(`untoldOf() leaves what a person must look at: ${what}`, async () => {
    using box = await withUntold();
    await keep(box);
    const [found, ...others] = await leftovers(box);
    assertEquals([found?.repair, others], [null, []]);
    assertStringIncludes(found?.message ?? "", said);
    await box.call(doctor, { repair: ["clean_tmp"] });
    assertEquals(partsOf(box), ["snapshots", "descriptors", "manifests"]);
    if (end === undefined) return;
    end(box);
    await box.call(doctor, { repair: ["clean_tmp"] });
    assertEquals(partsOf(box), []);
  });
}

Deno.test("untoldOf() leaves content that no record says was collected, and what its message says brings it back", async () => {
  using repository = await twoLines();
  const snapshots = `${repository.path}/.jvs/snapshots`;
  const id = repository.ids[1] ?? "";
  Deno.renameSync(`${snapshots}/${id}`, `${snapshots}/${id}.gone`);
  Deno.removeSync(`${snapshots}/${id}.READY`);
  await repository.call(doctor, { repair: ["clean_tmp"] });
  const { findings } = await repository.call(doctor);
  const [left] = findings.filter(({ code }) => code === "LEFTOVER");
  assertEquals([left?.path, left?.repair], [`${snapshots}/${id}.gone`, null]);
  const [, name = ""] = /rename it to "([^"]+)"/.exec(left?.message ?? "") ?? [];
  Deno.renameSync(`${snapshots}/${id}.gone`, name);
  await repository.call(doctor, { repair: ["rebuild_ready"] });
  await fullAudit(repository.path);
});
