import { assert, assertEquals } from "@std/assert";
import type { Descriptor, Finding } from "../src/model/records.ts";
import { BlackBox } from "../tests/support/black_box.ts";
import type { JvsRun } from "../tests/support/jvs.ts";
import { requires } from "../tests/support/requires.ts";
import { mustRun } from "../tests/support/run.ts";
import { fingerprint } from "../tests/support/trees.ts";
import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(9);

/** Ways to tamper with a payload, as shell commands in it; the path that must be named, and what must be said of it. */
const TAMPERINGS: [path: string, problem: string, command: string][] = [
  // Same size, and the times put back: only the content tells.
  [
    "a.txt",
    "content",
    "touch -r a.txt ../time; chmod u+w a.txt; printf two > a.txt; chmod u-w a.txt; touch -r ../time a.txt",
  ],
  ["a.txt", "content", "chmod u+w a.txt; printf more >> a.txt; chmod u-w a.txt"],
  ["deep/down/b.txt", "missing", "rm -f deep/down/b.txt"],
  ["deep/new", "extra", "touch deep/new"],
  [".READY", "extra", "touch .READY"],
  ["renamed", "extra", "mv a.txt renamed"],
  ["empty", "missing", "rmdir empty"],
  ["link", "target", "ln -sfn b.txt link"],
  ["link", "type", "rm link; printf a.txt > link"],
  ["deep", "type", "rm -r deep; printf b > deep"],
  ["deep/down", "type", "mv deep/down deep/up; ln -s up deep/down"],
  ["deep/down/b.txt", "missing", "rm -r deep"],
  ["a.txt", "type", "rm -f a.txt; mkdir a.txt; printf one > a.txt/one"],
  ["a.txt/one", "extra", "rm -f a.txt; mkdir a.txt; printf one > a.txt/one"],
  ["a.txt", "type", "rm -f a.txt; mkfifo a.txt"],
];

/** What a copier may lose: nothing of it is needed to bring the tree back, as a restore goes by the manifest. */
const LOSSES: typeof TAMPERINGS = [
  ["a.txt", "mode", "chmod a+x a.txt"],
  ["a.txt", "times", "touch -d @1 a.txt"],
  ["empty", "times", "touch -d @1 empty"],
  ["a.txt", "owner", "chown 12345 a.txt"],
  ["a.txt", "xattrs", "chmod u+w a.txt; setfattr -n user.color -v red a.txt; chmod u-w a.txt"],
  ["a.txt", "xattrs", "chmod u+w a.txt; setfattr -x user.color a.txt; chmod u-w a.txt"],
  ["one-2", "hardlink", "cp -p one-2 other; mv other one-2"],
];

async function madeBox(): Promise<BlackBox & { saved: Descriptor }> {
  const box = await BlackBox.make();
  box.write("a.txt", "one");
  box.write("deep/down/b.txt", "b\n");
  box.write("one-1", "one file");
  Deno.linkSync(`${box.main}/one-1`, `${box.main}/one-2`);
  Deno.mkdirSync(`${box.main}/empty`);
  Deno.symlinkSync("a.txt", `${box.main}/link`);
  mustRun("setfattr", "-n", "user.color", "-v", "green", `${box.main}/a.txt`);
  return Object.assign(box, { saved: await box.save("whole") });
}

Deno.test({
  name: "conformance 09: metadata that a payload lost is degraded, not tampered with, and the path is named",
  ...requires("attr", "root"),
  async fn() {
    using box = await madeBox();
    const payload = `${box.control}/snapshots/${box.saved.snapshot_id}`;
    using good = keep(payload);
    for (const [path, lost, command] of LOSSES) {
      mustRun("sh", "-ec", `cd '${payload}'; ${command}`);
      const { code, json } = await box.run(["verify", "--json"]);
      assertEquals([code, json.severity, json.tamper_detected], [1, "degraded", false], command);
      const [{ files, worn, payload_hash_valid }] = json.snapshots as [Verified];
      assertEquals([files, payload_hash_valid], [[], true], command);
      const named = worn.map((each) => `${each.path} ${each.lost}`);
      assert(named.includes(`${path} ${lost}`), `${command}: ${named.join("; ")}`);
      const doctor = await box.run(["doctor", "--strict", "--json"]);
      const [finding] = doctor.json.findings as Finding[];
      assertEquals([doctor.code, finding?.severity, finding?.code], [0, "warning", "E_DEGRADED"], command);
      assert(finding?.message.includes(`${path} (${lost})`), finding?.message);
      good.putBack();
    }
    await box.audit();
  },
});

interface Verified {
  readonly files: unknown[];
  readonly worn: { path: string; lost: string }[];
  readonly payload_hash_valid: boolean;
}

Deno.test({
  name:
    "conformance 09: a file that several snapshots share is named in each of them, and verify --all and doctor --strict see it",
  ...requires("attr"),
  async fn() {
    using box = await madeBox();
    box.write("c.txt", "more\n");
    const second = await box.save("second");
    const paths = [box.saved, second].map((saved) => `${box.control}/snapshots/${saved.snapshot_id}/a.txt`);
    const [one, two] = paths.map((path) => Deno.statSync(path).ino);
    assertEquals(one, two, "an unchanged file must be shared");
    mustRun("sh", "-ec", `chmod u+w '${paths[0]}'; printf two > '${paths[0]}'; chmod u-w '${paths[0]}'`);
    const all = await box.run(["verify", "--all", "--json"]);
    for (const { snapshot_id } of [box.saved, second]) {
      assertNamed(all, "a.txt", "content", "shared", snapshot_id);
    }
    const doctor = await box.run(["doctor", "--strict", "--json"]);
    assertEquals(doctor.code, 1);
    const findings = doctor.json.findings as { code: string; snapshot_id: string; message: string }[];
    for (const { snapshot_id } of [box.saved, second]) {
      const found = findings.find((each) => each.snapshot_id === snapshot_id);
      assertEquals(found?.code, "E_PAYLOAD_HASH_MISMATCH", doctor.stdout);
      assert(found?.message.includes("a.txt"), found?.message);
    }
  },
});

Deno.test({
  name: "conformance 09: a damaged payload is not restored, and the worktree stays as it was",
  ...requires("attr", "python3"),
  async fn() {
    using box = await madeBox();
    const file = `${box.control}/snapshots/${box.saved.snapshot_id}/a.txt`;
    box.write("a.txt", "changed since\n");
    box.write("deep/down/b.txt", "this too\n");
    const before = await fingerprint(box.main);
    mustRun(
      "sh",
      "-ec",
      `touch -r '${file}' '${box.outside}/time'; chmod u+w '${file}'; printf two > '${file}'`,
    );
    mustRun("sh", "-ec", `chmod u-w '${file}'; touch -r '${box.outside}/time' '${file}'`);
    const error = await box.error("E_PAYLOAD_HASH_MISMATCH", ["restore", "HEAD"]);
    assert(error.message.includes("a.txt"), error.message);
    assertEquals(await fingerprint(box.main), before);
  },
});

function assertNamed(run: JvsRun, path: string, problem: string, what: string, id?: string): void {
  assertEquals(run.code, 1, `${what}: ${run.stdout}`);
  assertEquals(run.json.tamper_detected, true, what);
  const snapshots = run.json.snapshots as {
    snapshot_id: string;
    error: string;
    files: { path: string; problem: string }[];
  }[];
  const found = snapshots.find((each) => id === undefined || each.snapshot_id === id);
  assertEquals(found?.error, "E_PAYLOAD_HASH_MISMATCH", `${what}: ${run.stdout}`);
  const named = found?.files.map((file) => `${file.path} ${file.problem}`) ?? [];
  assert(named.includes(`${path} ${problem}`), `${what}: ${named.join("; ")}`);
}

/** A copy of a folder from which it can be put back, whatever happened to it. */
function keep(path: string): Disposable & { putBack(): void } {
  const copy = `${path}.kept`;
  mustRun("cp", "-a", path, copy);
  return {
    putBack() {
      mustRun("rm", "-rf", path);
      mustRun("cp", "-a", copy, path);
    },
    [Symbol.dispose]: () => void mustRun("rm", "-rf", copy),
  };
}
