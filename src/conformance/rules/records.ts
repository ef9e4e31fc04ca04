import type { Descriptor } from "../../model/records.ts";
import { Box, isThere, type Laboratory } from "../black_box/laboratory.ts";
import { must, mustBe } from "../black_box/promises.ts";
import type { Rule } from "../black_box/rule.ts";
import { described, differing } from "./described_tree.ts";

/* Records and formats: rules 14, 16, 24 and 42. */

/** The rules on records, and on whose word they are. */
export const RECORD_RULES: readonly Rule[] = [
  {
    number: 14,
    promise: "one audit record per change",
    means: "The audit log does not say what happened to the repository.",
    from: "release",
    check: checkRecords,
  },
  {
    number: 16,
    promise: "unknown format refused",
    means: "A repository of another version can be damaged by this one.",
    from: "release",
    check: checkFormat,
  },
  {
    number: 24,
    promise: "descriptor checksum recomputed independently",
    means: "Other programs cannot check the records of this one.",
    from: "release",
    check: checkChecksums,
  },
  {
    number: 42,
    promise: "a foreign control plane refused",
    means: "A repository that somebody else prepared can make JVS act with your rights.",
    needs: "root",
    check: checkForeign,
  },
];

async function checkRecords(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  mustBe(box.records().map(({ operation }) => operation), ["init"], "The audit log of a new repository");
  box.write("a.txt", "one\n");
  const { snapshot_id: first } = await box.save("first", {}, "--reason", "a milestone");
  const record = box.records().at(-1);
  mustBe([record?.target, record?.reason], [first, "a milestone"], "The audit record of a snapshot");
  const changes: [args: string[], expected: string[], text?: string][] = [
    [["snapshot", "second"], ["snapshot"], "two\n"],
    [["restore", first], ["restore"]],
    [["restore", "HEAD"], ["restore"]],
    [["restore", first], ["snapshot", "restore"], "unsaved\n"],
    [["snapshot", "other line", "--branch"], ["snapshot"]],
    [["restore", first, "--paths", "a.txt"], ["restore"]],
    [["snapshot", "the same again", "--tag", "v1"], ["snapshot"]],
    [["ref", "create", "good", first], ["ref create"]],
    [["ref", "delete", "good"], ["ref delete"]],
    [["worktree", "create", "one"], ["worktree create"]],
    [["worktree", "fork", first, "two"], ["worktree fork"]],
    [["worktree", "rename", "two", "three"], ["worktree rename"]],
    [["worktree", "remove", "three"], ["worktree remove"]],
    [["lock", "acquire", "--session", "a"], ["lock acquire"]],
    [["lock", "acquire", "--session", "a"], []], // that only renews it
    [["lock", "renew", "--session", "a"], []],
    [["lock", "release", "--session", "a"], ["lock release"]],
    [["lock", "steal", "--session", "a"], ["lock steal"]],
    [["lock", "release", "--session", "a"], ["lock release"]],
    [["gc", "pin", first], ["gc pin"]],
    [["gc", "unpin", first], ["gc unpin"]],
    [["gc", "run", "--yes"], []],
    [["config", "set", "retention.keep_autosave_days", "0"], ["config set"]],
    [["gc", "run", "--yes"], ["gc run"]],
    [["verify", "--allow-unsigned"], ["verify allow_unsigned"]],
    [["key", "create", "mine"], []], // a key is the user's, and in no repository
    [["key", "trust", "mine", "--team"], ["key trust"]],
    [["key", "trust", "mine", "--team"], []], // the settings say it already
    [["key", "revoke", "mine"], []], // that is the user's own word
    [["key", "revoke", "mine", "--team"], ["key revoke"]],
    [["snapshot", "--if-changed"], []],
    [["restore", "HEAD", "--preview"], []],
    ...[["status"], ["history"], ["diff"], ["verify", "--all"], ["doctor"], ["info"], ["show", first], [
      "audit",
    ], ["gc", "plan"]]
      .map((args): [string[], string[]] => [args, []]),
  ];
  for (const [args, expected, text] of changes) {
    if (text !== undefined) box.write("a.txt", text);
    const before = box.records().length;
    await box.json(args);
    const added = box.records().slice(before).map(({ operation }) => operation);
    mustBe(added, expected, `The audit records of \`jvs ${args.join(" ")}\``);
  }
  const before = box.records().length;
  await box.error("E_NOT_FOUND", ["restore", "nothing-like-it"]);
  await box.error("E_NAME_INVALID", ["snapshot", "--tag", "a b"]);
  mustBe(box.records().length, before, "Audit records after what was refused");
  await box.audit();
}

async function checkFormat(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a.txt", "one\n");
  await box.save("first");
  box.write("a.txt", "unsaved\n");
  const version = `${box.control}/format_version`;
  const commands = [
    ["snapshot"],
    ["status"],
    ["restore", "HEAD", "--discard"],
    ["doctor", "--repair-runtime"],
    ["history"],
    ["worktree", "remove", "main"],
  ];
  const texts = ["3\n", "garbage\n", "1\n", "999999999\n", "", "-2\n"];
  for (const text of laboratory.isThorough ? [...texts, undefined] : texts.slice(0, 2)) {
    if (text === undefined) Deno.removeSync(version);
    else Deno.writeTextFileSync(version, text);
    const before = await described(box, box.path);
    const code = /^[139]+\n$/.test(text ?? "") ? "E_FORMAT_UNSUPPORTED" : "E_DESCRIPTOR_CORRUPT";
    for (const command of commands) {
      const { message, hint } = await box.error(code, command);
      must(
        message.includes(box.path) && hint !== "",
        `The error must name the repository, and say what to do: ${message}`,
      );
    }
    mustBe(
      differing(before, await described(box, box.path)),
      [],
      `What was touched in a repository of format ${text}`,
    );
  }
  Deno.writeTextFileSync(version, "2\n");
  await box.audit();
}

async function checkChecksums(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  const notes = ["plain", 'quoted "so" and \\ so', "tab\tnew\nline\u0001\u007f", "é 中文 \u2028 🌲 𝔘", ""];
  for (const [i, note] of notes.entries()) {
    box.write("a.txt", `${i}\n`);
    await box.save(note, {}, "--tag", `v${i}`);
  }
  const listed = await box.history();
  mustBe(listed.length, notes.length, "Snapshots");
  for (const { snapshot_id: id } of listed) {
    const stored: Descriptor = JSON.parse(Deno.readTextFileSync(`${box.control}/descriptors/${id}.json`));
    const { descriptor_checksum, ...rest } = stored;
    mustBe(
      descriptor_checksum.value,
      await sha256(canonical(rest)),
      `The checksum of ${id}, "${stored.note}"`,
    );
    const ready = JSON.parse(Deno.readTextFileSync(`${box.control}/snapshots/${id}.READY`));
    mustBe(ready.descriptor_checksum.value, descriptor_checksum.value, `The checksum in the READY of ${id}`);
  }
  await box.audit();
}

/** RFC 8785, written again here: what JVS computes must not be checked by its own code. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(",")}}`;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A user who is neither the caller nor root. */
const STRANGER = 65_432;

async function checkForeign(laboratory: Laboratory): Promise<void> {
  const box = await Box.make(laboratory);
  box.write("a", "1");
  // Open to all, so that nothing but the owner is in the way.
  await box.shell(`chown -R ${STRANGER} '${box.path}'; chmod -R a+rwX '${box.path}'`, box.outside);
  for (
    const args of [["status"], ["snapshot", "x"], ["worktree", "create", "w"], ["config", "list"], ["info"]]
  ) {
    const { message } = await box.error("E_UNTRUSTED", args);
    must(message.includes(String(STRANGER)), `The error must name the owner: ${message}`);
  }
  mustBe(isThere(`${box.path}/worktrees/w`), false, "A worktree in a repository of somebody else");
}
