import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Finding } from "../src/model/records.ts";
import { BlackBox } from "./support/black_box.ts";
import { contentsOf, missingFrom } from "./support/kept_content.ts";

/** A repository whose head lost its marker, with unsaved work in main. */
async function madeBox(): Promise<BlackBox & { first: string; head: string }> {
  const box = await BlackBox.make();
  box.write("a", "first\n");
  const first = (await box.save("first")).snapshot_id;
  box.write("a", "second\n");
  const head = (await box.save("second")).snapshot_id;
  Deno.removeSync(`${box.control}/snapshots/${head}.READY`);
  box.write("a", "precious\n");
  return Object.assign(box, { first, head });
}

Deno.test("jvs says that the snapshot a worktree stands on is missing, and names the way out", async () => {
  using box = await madeBox();
  for (const args of [["status"], ["diff"], ["history"], ["verify"], ["worktree", "fork", "other"]]) {
    const { message, hint } = await box.error("E_LINEAGE_BROKEN", args);
    assertStringIncludes(message, box.head);
    assertStringIncludes(hint, "jvs doctor");
  }
  await box.json(["doctor", "--repair", "rebuild_ready"]);
  await box.json(["status"]);
  await box.audit();
});

Deno.test("jvs restores another snapshot than a missing head, and saves everything first", async () => {
  using box = await madeBox();
  await box.json(["restore", box.first, "--preview"]);
  const before = contentsOf(box.main);
  await box.json(["restore", box.first]);
  assertEquals(missingFrom(before, box.main, box.control), []);
  assertEquals(box.read("a"), "first\n");
  await box.json(["doctor", "--repair", "rebuild_ready"]);
  await box.audit();
});

Deno.test("jvs restores another snapshot where the missing head is all that a worktree's line has", async () => {
  using box = await madeBox();
  await box.json(["worktree", "create", "other", "--from", box.first]);
  const cwd = `${box.path}/worktrees/other`;
  Deno.writeTextFileSync(`${cwd}/a`, "third\n");
  const { snapshot_id: third } =
    (await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], { cwd }))
      .snapshot;
  await box.json(["doctor", "--repair", "rebuild_ready"]);
  Deno.removeSync(`${box.control}/snapshots/${box.first}.READY`);
  await box.json(["restore", third]);
  await box.json(["doctor", "--repair", "rebuild_ready"]);
  await box.audit();
});

Deno.test("jvs snapshot saves behind a missing head, and warns of it", async () => {
  using box = await madeBox();
  const run = await box.run(["snapshot", "goes on"]);
  assertEquals(run.code, 0, run.stderr);
  assertStringIncludes(run.stderr, box.head);
  assertStringIncludes(run.stderr, "jvs doctor");
  const { findings } = (await box.run(["doctor", "--json"])).json as unknown as { findings: Finding[] };
  assertEquals(findings.some(({ code }) => code === "READY_MISSING"), true);
  await box.json(["doctor", "--repair", "rebuild_ready"]);
  await box.audit();
});

Deno.test("jvs doctor names a ref and a pin whose snapshot is missing, and a pin that cannot be read", async () => {
  using box = await madeBox();
  await box.json(["ref", "create", "good", box.first]);
  const pin = (snapshot_id: string) => {
    const pin_id = crypto.randomUUID();
    const text = JSON.stringify({
      pin_id,
      snapshot_id,
      reason: "",
      created_at: "2026-01-01T00:00:00Z",
      expires_at: null,
    });
    Deno.mkdirSync(`${box.control}/gc/pins`, { recursive: true });
    Deno.writeTextFileSync(`${box.control}/gc/pins/${pin_id}.json`, text);
    return pin_id;
  };
  const kept = pin(box.first);
  const cut = pin(box.first);
  Deno.truncateSync(`${box.control}/gc/pins/${cut}.json`, 9);
  Deno.removeSync(`${box.control}/snapshots/${box.first}.READY`);
  const findings: Finding[] = JSON.parse((await box.run(["doctor", "--json"])).stdout).findings;
  const said = findings.map(({ message }) => message).join("\n");
  for (const who of [`Ref "good"`, `Pin ${kept}`]) {
    assertStringIncludes(said, `${who} names ${box.first}, which is missing.`);
  }
  assertStringIncludes(said, `${cut}.json`);
});

Deno.test("jvs verify --all and doctor name a snapshot of which nothing is left but the audit trail", async () => {
  using box = await BlackBox.make();
  box.write("a", "saved\n");
  const { snapshot_id: first } = await box.save("first");
  box.write("a", "precious\n");
  const { autosave_snapshot_id: gone } = await box.json<{ autosave_snapshot_id: string }>(["restore", first]);
  for (const folder of ["snapshots", "descriptors", "manifests"]) {
    for (const { name } of Deno.readDirSync(`${box.control}/${folder}`)) {
      if (name.startsWith(gone)) Deno.removeSync(`${box.control}/${folder}/${name}`, { recursive: true });
    }
  }
  for (const args of [["verify", "--all"], ["doctor"]]) {
    const { code, stdout } = await box.run([...args, "--json"]);
    const { findings }: { findings: Finding[] } = JSON.parse(stdout);
    const found = findings.map((each) => [each.code, each.snapshot_id, each.severity]);
    assertEquals([code, found], [1, [["SNAPSHOT_MISSING", gone, "critical"]]], args.join(" "));
  }
});
