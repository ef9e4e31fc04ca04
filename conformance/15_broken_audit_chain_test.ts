import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";
import { ruleTest } from "../tests/support/rule_test.ts";
import { mustRun } from "../tests/support/run.ts";

ruleTest(15);

/** Ways to tamper with the audit log's lines, and the line that must be named (0: the file alone). */
const EDITS: [what: string, edit: (lines: string[]) => void, line: number][] = [
  ["the first line edited", (lines) => change(lines, 0, '"operation":"init"', '"operation":"tini"'), 1],
  ["a middle line edited", (lines) => change(lines, 2, '"note":"two"', '"note":"owt"'), 3],
  ["the last line edited", (lines) => change(lines, 4, '"note":"four"', '"note":"ruof"'), 5],
  ["the first line removed", (lines) => lines.splice(0, 1), 1],
  ["a middle line removed", (lines) => lines.splice(2, 1), 3],
  ["two lines exchanged", (lines) => lines.splice(1, 2, lines[2] ?? "", lines[1] ?? ""), 2],
  ["a line twice", (lines) => lines.splice(1, 0, lines[1] ?? ""), 3],
  ["a line that is no JSON", (lines) => lines.splice(2, 1, "{"), 3],
  ["the last two lines cut", (lines) => lines.splice(3, 2), 3],
  ["all but the first line cut", (lines) => lines.splice(1), 1],
  ["all cut", (lines) => lines.splice(0), 0],
  ["a line added", (lines) => lines.push(lines[4] ?? ""), 6],
];

Deno.test("conformance 15: a broken audit chain is found wherever it is broken, a cut tail included", async () => {
  using box = await madeBox();
  const log = `${box.control}/audit/audit.jsonl`;
  const good = Deno.readTextFileSync(log);
  for (const [what, edit, line] of EDITS) {
    const lines = good.split("\n").slice(0, -1);
    assertEquals(lines.length, 5);
    edit(lines);
    Deno.writeTextFileSync(log, lines.map((each) => `${each}\n`).join(""));
    await assertBroken(box, what, line);
  }
  Deno.removeSync(log);
  await assertBroken(box, "no log", 0);
  Deno.writeTextFileSync(log, good);
  await box.audit();
});

Deno.test("conformance 15: a HEAD that does not fit is a break, and nothing is appended behind one", async () => {
  using box = await madeBox();
  const head = `${box.control}/audit/HEAD`;
  const log = `${box.control}/audit/audit.jsonl`;
  const good = { head: Deno.readTextFileSync(head), log: Deno.readTextFileSync(log) };
  for (
    const [what, text] of [
      ["a smaller count", good.head.replace('"count": 4', '"count": 3')],
      ["another record in HEAD", good.head.replace('"note": "four"', '"note": "ruof"')],
      ["half a HEAD", good.head.slice(0, good.head.length / 2)],
      ["an empty HEAD", ""],
    ] as const
  ) {
    assert(text !== good.head, what);
    Deno.writeTextFileSync(head, text);
    await assertBroken(box, what);
  }
  Deno.removeSync(head);
  await assertBroken(box, "no HEAD");

  Deno.writeTextFileSync(head, '{ "count": 0, "last_hash": "0", "next": null }');
  await assertBroken(box, "a HEAD of no record");

  Deno.writeTextFileSync(head, good.head);
  using other = await madeBox();
  Deno.copyFileSync(`${other.control}/audit/audit.jsonl`, log);
  await assertBroken(box, "the log of another repository");

  const cut = good.log.split("\n").slice(0, 3).join("\n") + "\n";
  Deno.writeTextFileSync(log, cut);
  await box.error("E_AUDIT_CHAIN_BROKEN", ["ref", "create", "behind-the-break", "HEAD"]);
  assertEquals(Deno.readTextFileSync(log), cut);
  Deno.writeTextFileSync(log, good.log);
});

Deno.test("conformance 15: a last line that is missing or torn, as a kill leaves it, is no break, and the next change completes it", async () => {
  using box = await madeBox();
  const log = `${box.control}/audit/audit.jsonl`;
  const good = Deno.readTextFileSync(log);
  const last = good.split("\n").at(-2) ?? "";
  for (const left of [0, 1, Math.floor(last.length / 2), last.length]) {
    Deno.writeTextFileSync(log, good.slice(0, good.length - 1 - last.length + left));
    await box.audit();
  }
  Deno.writeTextFileSync(log, good.slice(0, -20));
  await box.save("five");
  assert(Deno.readTextFileSync(log).startsWith(good));
  assertEquals(box.records().length, 6);
  await box.audit();
});

Deno.test("conformance 15: nothing is changed that could not be recorded", async () => {
  using box = await madeBox();
  await box.json(["worktree", "fork", "HEAD", "other"]);
  box.write("a.txt", "unsaved\n");
  const log = `${box.control}/audit/audit.jsonl`;
  Deno.writeTextFileSync(log, Deno.readTextFileSync(log).split("\n").slice(0, 4).join("\n") + "\n");
  const before = listingOf(box.path);
  for (
    const args of [
      ["snapshot", "five"],
      ["restore", "HEAD~1"],
      ["ref", "create", "good", "HEAD"],
      ["worktree", "create", "third"],
      ["worktree", "fork", "--live", "third"],
      ["worktree", "rename", "other", "third"],
      ["worktree", "remove", "other"],
      ["config", "set", "engine", "copy"],
    ]
  ) {
    const { code, stderr } = await box.run(args);
    assertEquals(code, 1, args.join(" "));
    assertStringIncludes(stderr, "E_AUDIT_CHAIN_BROKEN");
    assertEquals(stderr.includes("warning"), false, stderr);
    assertEquals(listingOf(box.path), before, args.join(" "));
  }
  assertEquals(box.read("a.txt"), "unsaved\n");
  await box.json(["doctor", "--repair", "audit_repair"]);
  await box.save("five");
  await box.audit();
});

Deno.test("conformance 15: a log that is gone altogether is a break, and audit_repair goes on without it", async () => {
  for (const gone of ["audit/HEAD audit/audit.jsonl", "audit"]) {
    using box = await madeBox();
    for (const path of gone.split(" ")) Deno.removeSync(`${box.control}/${path}`, { recursive: true });
    await assertBroken(box, gone);
    const before = listingOf(box.path);
    await box.error("E_AUDIT_CHAIN_BROKEN", ["snapshot", "five"]);
    await box.error("E_AUDIT_CHAIN_BROKEN", ["ref", "create", "good", "HEAD"]);
    assertEquals(listingOf(box.path), before);
    await box.json(["doctor", "--repair", "audit_repair"]);
    assertEquals(box.records().map(({ operation }) => operation), ["audit repair"]);
    await box.save("five");
    await box.audit();
  }
});

/** All paths there are, but for what is only of this moment. */
function listingOf(path: string): string[] {
  return mustRun("find", path, "-not", "-path", "*/runtime/*").split("\n").sort();
}

/** A repository with five records. */
async function madeBox(): Promise<BlackBox> {
  const box = await BlackBox.make();
  for (const note of ["one", "two", "three", "four"]) {
    box.write("a.txt", `${note}\n`);
    await box.save(note);
  }
  return box;
}

function change(lines: string[], index: number, old: string, by: string): void {
  const line = lines[index] ?? "";
  assert(line.includes(old), `line ${index + 1} must have ${old}: ${line}`);
  lines[index] = line.replace(old, by);
}

async function assertBroken(box: BlackBox, what: string, line?: number): Promise<void> {
  for (const args of [["doctor"], ["verify", "--all"]]) {
    const run = await box.run([...args, "--json"]);
    assertEquals(run.code, 1, `${what}, jvs ${args.join(" ")}: ${run.stdout}`);
    const findings = run.json.findings as { code: string; severity: string; message: string; path: string }[];
    const found = findings.find(({ code }) => code === "E_AUDIT_CHAIN_BROKEN");
    assertEquals(found?.severity, "critical", `${what}: ${run.stdout}`);
    assert(found?.path.startsWith(`${box.control}/audit/`), `${what}: ${found?.path}`);
    if (line) assert(found?.message.includes(`line ${line}:`), `${what}: ${found?.message}`);
  }
}
