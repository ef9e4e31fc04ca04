import { Box, editFile, isThere, type Laboratory } from "../black_box/laboratory.ts";
import { must, mustBe } from "../black_box/promises.ts";
import type { Rule } from "../black_box/rule.ts";

/* Tampering: rules 8, 9 and 15. */

/** The rules on records, and on who tampers with them. */
export const DAMAGE_RULES: readonly Rule[] = [
  {
    number: 8,
    promise: "descriptor tampering found",
    means: "What a snapshot says of itself can be changed without a trace.",
    check: checkDescriptors,
  },
  {
    number: 9,
    promise: "payload tampering found, file named",
    means: "Saved content can rot or be changed, and a restore brings back something else.",
    check: checkPayloads,
  },
  {
    number: 15,
    promise: "broken chain found, cut tail included",
    means: "The audit log can be edited or cut without a trace.",
    check: checkChain,
  },
];

async function checkDescriptors(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a.txt", "one\n");
  const { snapshot_id: id, engine } = await box.save("first");
  box.write("a.txt", "two\n");
  const { snapshot_id: other } = await box.save("second");
  const descriptor = `${box.control}/descriptors/${id}.json`;
  const ready = `${box.control}/snapshots/${id}.READY`;
  const tamperings: [what: string, how: () => void][] = [
    ["another note", () => editFile(descriptor, '"note": "first"', '"note": "worst"')],
    ["no descriptor", () => Deno.removeSync(descriptor)],
    ["another READY", () => editFile(ready, '"created_at": "2', '"created_at": "3')],
    [
      "another parent",
      () => editFile(descriptor, '"parent_snapshot_id": null', `"parent_snapshot_id": "${other}"`),
    ],
    ["another time", () => editFile(descriptor, '"created_at": "2', '"created_at": "3')],
    ["a field less", () => editFile(descriptor, '"tags": [],', "")],
    ["a field more", () => editFile(descriptor, '"meta": {}', '"meta": { "a": 1 }')],
    ["cut in half", () => Deno.truncateSync(descriptor, 300)],
    ["empty", () => Deno.truncateSync(descriptor, 0)],
    ["another snapshot's", () => Deno.copyFileSync(`${box.control}/descriptors/${other}.json`, descriptor)],
    ["another engine in READY", () => editFile(ready, `"engine": "${engine}"`, '"engine": "other"')],
    ["an empty READY", () => Deno.truncateSync(ready, 0)],
  ];
  const whole = [descriptor, ready].map((path) => [path, Deno.readFileSync(path)] as const);
  for (const [what, tamper] of laboratory.isThorough ? tamperings : tamperings.slice(0, 3)) {
    tamper();
    const all = await box.run(["verify", "--all", "--json"]);
    const listed = all.json["snapshots"] as { snapshot_id: string; error: string | null }[];
    const errors = listed.map(({ snapshot_id, error }) => [snapshot_id === id, error]);
    const isFound = errors.some(([isIt, error]) => isIt && error === "E_DESCRIPTOR_CORRUPT");
    must(all.code !== 0 && isFound, `${what}: verify must find it: ${all.story}`);
    must(
      errors.every(([isIt, error]) => isIt || error === null),
      `${what}: the other is whole: ${all.story}`,
    );
    const doctor = await box.run(["doctor", "--json"]);
    mustBe(doctor.json["healthy"], false, `${what}: doctor must find it: ${doctor.story}`);
    await box.error("E_DESCRIPTOR_CORRUPT", ["restore", id]);
    for (const [path, bytes] of whole) Deno.writeFileSync(path, bytes);
  }
  mustBe(box.read("a.txt"), "two\n", "The worktree after restores that were refused");
  await box.audit();
}

/** Ways to tamper with a payload; the path that must be named, and what must be said of it. */
const TAMPERINGS: readonly [path: string, problem: string, script: string][] = [
  ["a.txt", "content", "chmod u+w a.txt; printf two > a.txt; chmod u-w a.txt"],
  ["deep/down/b.txt", "missing", "rm -f deep/down/b.txt"],
  ["deep/new", "extra", "touch deep/new"],
  ["a.txt", "content", "chmod u+w a.txt; printf more >> a.txt; chmod u-w a.txt"],
  [".READY", "extra", "touch .READY"],
  ["renamed", "extra", "mv a.txt renamed"],
  ["empty", "missing", "rmdir empty"],
  ["link", "target", "ln -sfn b.txt link"],
  ["link", "type", "rm link; printf a.txt > link"],
  ["deep", "type", "rm -r deep; printf b > deep"],
  ["deep/down/b.txt", "missing", "rm -r deep"],
  ["a.txt/one", "extra", "rm -f a.txt; mkdir a.txt; printf one > a.txt/one"],
  ["deep/down", "type", "mv deep/down deep/up; ln -s up deep/down"],
  ["a.txt", "type", "rm -f a.txt; mkfifo a.txt"],
];

async function checkPayloads(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  // By copies: their payloads are folders that their owner can change. How a file was damaged does not matter.
  const env = { JVS_SNAPSHOT_ENGINE: "copy" };
  await box.shell(
    "printf one > a.txt; mkdir -p deep/down empty; printf b > deep/down/b.txt; ln -s a.txt link",
  );
  const { snapshot_id: id } = await box.save("whole", { env });
  const payload = `${box.control}/snapshots/${id}`;
  const [copy, time] = [`${box.outside}/whole`, `${box.outside}/time`];
  box.write("a.txt", "changed since\n");
  await box.shell(`cp -a '${payload}' '${copy}'`);
  for (const [path, problem, script] of laboratory.isThorough ? TAMPERINGS : TAMPERINGS.slice(0, 3)) {
    await box.shell(
      `touch -r a.txt '${time}'; chmod -R u+w .; ${script}; touch -r '${time}' a.txt || true`,
      payload,
    );
    const { code, json, story } = await box.run(["verify", "--json"]);
    must(code !== 0 && json["tamper_detected"] === true, `\`${script}\` must be found: ${story}`);
    const [found] = json["snapshots"] as { error: string; files: { path: string; problem: string }[] }[];
    mustBe(found?.error, "E_PAYLOAD_HASH_MISMATCH", `The error after \`${script}\``);
    const named = found?.files.map((file) => `${file.path} ${file.problem}`) ?? [];
    must(
      named.includes(`${path} ${problem}`),
      `${path} (${problem}) must be named after \`${script}\`: ${named}`,
    );
    if (problem === "content") {
      await box.error("E_PAYLOAD_HASH_MISMATCH", ["restore", "HEAD", "--discard"]);
    }
    await box.shell(`chmod -R u+w '${payload}'; rm -rf '${payload}'; cp -a '${copy}' '${payload}'`);
  }
  mustBe(box.read("a.txt"), "changed since\n", "The worktree after restores that were refused");
  await box.audit();
}

async function checkChain(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  for (const note of ["one", "two", "three", "four"]) {
    box.write("a.txt", `${note}\n`);
    await box.save(note);
  }
  const log = `${box.control}/audit/audit.jsonl`;
  const good = Deno.readTextFileSync(log);
  const lines = good.split("\n").slice(0, -1);
  const joined = (some: readonly (string | undefined)[]) => some.map((line) => `${line}\n`).join("");
  const edits: [what: string, text: string | undefined][] = [
    ["a middle line edited", good.replace('"note":"two"', '"note":"owt"')],
    ["the last two lines cut", joined(lines.slice(0, -2))],
    ["all cut", ""],
    ["all but the first line cut", joined(lines.slice(0, 1))],
    ["the first line edited", good.replace('"operation":"init"', '"operation":"tini"')],
    ["the last line edited", good.replace('"note":"four"', '"note":"ruof"')],
    ["the first line removed", joined(lines.slice(1))],
    ["two lines exchanged", joined([lines[0], lines[2], lines[1], lines[3], lines[4]])],
    ["a line twice", joined([...lines.slice(0, 2), ...lines.slice(1)])],
    ["a line that is no JSON", joined([...lines.slice(0, 2), "{", ...lines.slice(3)])],
    ["a line added", joined([...lines, lines[4]])],
    ["no log", undefined],
  ];
  for (const [what, text] of laboratory.isThorough ? edits : edits.slice(0, 2)) {
    if (text === undefined) Deno.removeSync(log);
    else Deno.writeTextFileSync(log, text);
    for (const args of [["doctor"], ["verify", "--all"]]) {
      const { code, json, story } = await box.run([...args, "--json"]);
      const findings = json["findings"] as { code: string }[];
      const isFound = findings.some((found) => found.code === "E_AUDIT_CHAIN_BROKEN");
      must(code !== 0 && isFound, `${what} must be found: ${story}`);
    }
    // What was cut is noticed by the next change too. To find what was edited, it would have to read everything.
    if (!what.includes("cut")) continue;
    await box.error("E_AUDIT_CHAIN_BROKEN", ["ref", "create", "behind", "HEAD"]);
    mustBe(
      isThere(log) ? Deno.readTextFileSync(log) : undefined,
      text,
      `The log after a change with ${what}`,
    );
  }
  // A torn last line is what a kill leaves: no break, and the next change completes it.
  Deno.writeTextFileSync(log, good.slice(0, -20));
  await box.audit();
  await box.save("five");
  must(Deno.readTextFileSync(log).startsWith(good), "The next change must complete a torn last line");
  await box.audit();
}
