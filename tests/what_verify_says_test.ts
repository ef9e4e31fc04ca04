import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Finding } from "../src/model/records.ts";
import { BlackBox } from "./support/black_box.ts";
import { diskImage } from "./support/disk_image.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

type Doctor = { healthy: boolean; findings: Finding[] };

async function savedBox(): Promise<BlackBox & { id: string }> {
  const box = await BlackBox.make();
  box.write("a.txt", "one\n");
  box.write("b.txt", "two\n");
  return Object.assign(box, { id: (await box.save("first", "--tag", "t1")).snapshot_id });
}

async function doctorOf(box: BlackBox, ...flags: string[]): Promise<Doctor> {
  return (await box.run(["doctor", ...flags, "--json"])).json as unknown as Doctor;
}

Deno.test("jvs verify --all fails where it finds an error, be nothing tampered with", async () => {
  using box = await savedBox();
  await box.json(["ref", "create", "named", "HEAD"]);
  const path = `${box.control}/refs/named.json`;
  const ref = JSON.parse(Deno.readTextFileSync(path));
  Deno.writeTextFileSync(path, JSON.stringify({ ...ref, snapshot_id: "1795236123903-66272f6d" }));
  const { code, json } = await box.run(["verify", "--all", "--json"]);
  assertEquals([code, json.severity, json.tamper_detected], [1, "error", false]);
});

Deno.test("jvs verify --subset does not say that a hash is valid which it did not compute", async () => {
  using box = await savedBox();
  for (const part of ["1/2", "2/2"]) {
    const { payload_hash_valid, snapshots } = await box.json<
      { payload_hash_valid: null; snapshots: { payload_hash_valid: null }[] }
    >(["verify", "--subset", part]);
    assertEquals(payload_hash_valid, snapshots[0]?.payload_hash_valid);
  }
  const [one, two] = [await box.json(["verify", "--subset", "1/2"]), await box.json(["verify"])];
  assertEquals([one.payload_hash_valid, two.payload_hash_valid], [null, true]);
});

Deno.test({
  name: "jvs verify --subset verifies on a read-only disk too, and says that it reads the same part again",
  ...requires("root", "ext4"),
  async fn() {
    await using disk = await diskImage("ext4", { sizeMb: 32 });
    using box = await BlackBox.make({ parent: disk.path });
    box.write("a.txt", "one\n");
    await box.save();
    disk.remount("ro");
    const { code, stderr, stdout } = await box.run(["verify", "--all", "--subset", "15%"]);
    disk.remount("rw");
    assertEquals(code, 0, `${stdout}${stderr}`);
    assertStringIncludes(stderr, "reads the same part again");
  },
});

Deno.test("jvs verify --subset names its help where the part is none", async () => {
  using box = await savedBox();
  const { hint } = await box.error("E_USAGE", ["verify", "--subset", "foo"]);
  assertStringIncludes(hint, "jvs help verify");
});

Deno.test("jvs verify takes a snapshot or --all, not both", async () => {
  using box = await savedBox();
  const { message } = await box.error("E_USAGE", ["verify", "t1", "--all"]);
  assertStringIncludes(message, "t1");
});

Deno.test("jvs doctor names each part of a snapshot that is missing once, for what it is", async () => {
  for (
    const [part, code] of [
      ["descriptors/ID.json", "E_DESCRIPTOR_CORRUPT"],
      ["manifests/ID", "E_DESCRIPTOR_CORRUPT"],
      ["snapshots/ID", "E_PAYLOAD_HASH_MISMATCH"],
    ] as const
  ) {
    using box = await savedBox();
    const path = `${box.control}/${part.replace("ID", box.id)}`;
    Deno.removeSync(path, { recursive: true });
    for (const flags of [[], ["--strict"]]) {
      const { findings } = await doctorOf(box, ...flags);
      assertEquals(findings.map((each) => [each.code, each.path]), [[code, path]], `${part} ${flags}`);
    }
    const { code: exit, json } = await box.run(["verify", "--all", "--json"]);
    assertEquals([exit, (json.snapshots as { error: string }[])[0]?.error, json.findings], [1, code, []]);
  }
});

Deno.test("jvs doctor --strict names the payload root as . where that lost metadata", async () => {
  using box = await savedBox();
  Deno.utimeSync(`${box.control}/snapshots/${box.id}`, 1, 1);
  const { findings } = await doctorOf(box, "--strict");
  assertStringIncludes(findings[0]?.message ?? "", " . (times)");
});

Deno.test("jvs doctor names what is not of JVS among its records, as harmless, and leaves it there", async () => {
  using box = await savedBox();
  const strays = [
    ...["snapshots", "descriptors", "runtime/shared/intents"].flatMap((
      folder,
    ) => [`${folder}/notes.txt`, `${folder}/.DS_Store`]),
    `snapshots/${box.id}.bak`,
    `descriptors/${box.id}.json~`,
    "runtime/shared/intents/x.json",
  ].map((path) => `${box.control}/${path}`);
  for (const path of strays) Deno.writeTextFileSync(path, "mine");
  const { code, json } = await box.run([
    "doctor",
    "--strict",
    "--repair-runtime",
    "--repair",
    "clean_tmp",
    "--json",
  ]);
  const { healthy, findings } = json as unknown as Doctor;
  assertEquals([code, healthy], [0, true]);
  assertEquals(
    findings.map(({ severity, code }) => `${severity} ${code}`),
    Array(3).fill("info FOREIGN_FILE"),
  );
  for (const path of strays) {
    const told = findings.find((each) => each.path === path.slice(0, path.lastIndexOf("/")))?.message ?? "";
    assertStringIncludes(told, `"${path.slice(path.lastIndexOf("/") + 1)}"`);
    assertEquals(Deno.readTextFileSync(path), "mine");
  }
  const { severity } = await box.json(["verify", "--all"]);
  assertEquals(severity, "ok");
});

Deno.test("jvs says of an adopted folder that was replaced or lost how it is taken again, and that works", async () => {
  using place = tempDir();
  const folder = `${place.path}/data`;
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(`${folder}/a.txt`, "one\n");
  const box = await BlackBox.adopt(folder);
  await box.save("first");
  const outside = { cwd: `${folder}.jvs` };
  // The new one is made while the old one is there, so that it does not get the old one's inode.
  Deno.mkdirSync(`${place.path}/new`);
  Deno.removeSync(folder, { recursive: true });
  const gone = (await box.run(["doctor", "--json"], outside)).json as unknown as Doctor;
  assertEquals(gone.findings.map(({ code, repair }) => [code, repair]), [["WORKTREE_MISSING", null]]);
  assertStringIncludes(gone.findings[0]?.message ?? "", "jvs adopt --relocate");
  const { hint } = await box.error("E_NOT_FOUND", ["status"], outside);
  assertStringIncludes(hint, "empty");
  Deno.renameSync(`${place.path}/new`, folder);
  const replaced = (await box.run(["doctor", "--json"])).json as unknown as Doctor;
  const [found] = replaced.findings.filter(({ code }) => code === "WORKTREE_REPLACED");
  assertEquals([found?.repair, found?.severity], [null, "error"]);
  assertStringIncludes(found?.message ?? "", "jvs adopt --relocate");
  await box.json(["adopt", "--relocate"]);
  await box.json(["restore", "LATEST"]);
  assertEquals(box.read("a.txt"), "one\n");
  await box.audit();
});

Deno.test({
  name: "verify finds a snapshot whole whose pipe has an ACL",
  ...requires("acl", "ffi"),
  async fn() {
    using box = await BlackBox.make();
    mustRun("mkfifo", `${box.main}/pipe`);
    mustRun("setfacl", "-m", "u:1000:rw", `${box.main}/pipe`);
    await box.save("one");
    assertEquals((await box.json<{ severity: string }>(["verify"])).severity, "ok");
  },
});

Deno.test({
  name: "verify finds a snapshot whole that has a device without a number, as overlayfs makes them",
  ...requires("root", "ffi"),
  async fn() {
    using box = await BlackBox.make();
    mustRun("mknod", `${box.main}/whiteout`, "c", "0", "0");
    await box.save("one");
    assertEquals((await box.json<{ severity: string }>(["verify"])).severity, "ok");
  },
});

Deno.test("jvs doctor is not sure of a snapshot that is gone only where the audit trail was repaired after it was made", async () => {
  using box = await savedBox();
  box.write("a.txt", "two\n");
  const { snapshot_id: later } = await box.save("second");
  Deno.writeTextFileSync(`${box.control}/audit/HEAD`, "{}");
  await box.json(["doctor", "--repair", "audit_repair"]);
  box.write("a.txt", "three\n");
  const { snapshot_id: since } = await box.save("third");
  box.write("a.txt", "four\n");
  await box.save("fourth");
  for (const id of [since, later]) mustRun("sh", "-c", `rm -rf '${box.control}'/*/'${id}'*`);
  const { findings } = await doctorOf(box);
  const said = findings.filter(({ code }) => code === "SNAPSHOT_MISSING");
  assertEquals(said.map(({ snapshot_id, severity }) => [snapshot_id, severity]), [
    [since, "critical"],
    [later, "warning"],
  ]);
});
