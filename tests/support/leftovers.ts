import { editFile } from "./black_box.ts";
import { namesIn } from "./files.ts";
import { mustRun } from "./run.ts";
import { UNKNOWN as ID } from "./sound_box.ts";

/** What a crash may leave, made by hand from a snapshot that is whole. */
export const LEFTOVERS: [what: string, make: (control: string, from: string) => void][] = [
  ["a payload in the making", (control, from) => {
    mustRun("cp", "-a", `${control}/snapshots/${from}`, `${control}/snapshots/${ID}.tmp`);
  }],
  ["an attempt that was set aside", (control, from) => {
    mustRun("cp", "-a", `${control}/snapshots/${from}`, `${control}/snapshots/${ID}.tmp.before`);
  }],
  ["a manifest", (control, from) => {
    Deno.copyFileSync(`${control}/manifests/${from}`, `${control}/manifests/${ID}`);
  }],
  ["a descriptor in the making", (control, from) => {
    Deno.copyFileSync(`${control}/descriptors/${from}.json`, `${control}/descriptors/${ID}.json.tmp`);
  }],
  ["a payload and a descriptor without READY", (control, from) => {
    mustRun("cp", "-a", `${control}/snapshots/${from}`, `${control}/snapshots/${ID}`);
    Deno.copyFileSync(`${control}/manifests/${from}`, `${control}/manifests/${ID}`);
    Deno.copyFileSync(`${control}/descriptors/${from}.json`, `${control}/descriptors/${ID}.json`);
    editFile(`${control}/descriptors/${ID}.json`, from, ID);
  }],
  ["a staging folder", (control, from) => {
    const staging = `${control}/runtime/shared/staging/5f0c62a6-98c2-4e2a-bd0b-0f0f4f8e1c55`;
    Deno.mkdirSync(staging);
    mustRun("cp", "-a", `${control}/snapshots/${from}`, `${staging}/new`);
  }],
  ["an init that began before this repository was there", (control) => {
    Deno.mkdirSync(`${control}/../.jvs-unfinished-0123456789abcdef/.jvs/refs`, { recursive: true });
  }],
  ["control files that were being written", (control) => {
    Deno.writeTextFileSync(`${control}/worktrees/main/.config.json.0123456789abcdef.tmp`, "{");
    Deno.writeTextFileSync(`${control}/snapshots/.${ID}.READY.0123456789abcdef.tmp`, "");
    Deno.writeTextFileSync(`${control}/audit/.HEAD.0123456789abcdef.tmp`, "{");
  }],
  ["the trial of an engine", (control, from) => {
    mustRun(
      "cp",
      "-a",
      `${control}/snapshots/${from}`,
      `${control}/probe-5f0c62a6-98c2-4e2a-bd0b-0f0f4f8e1c55`,
    );
  }],
  ["a folder for the record of a worktree", (control) => Deno.mkdirSync(`${control}/worktrees/third`)],
];

/** An intent of a process that is gone, as a change of main leaves it that was killed at once; the file's path. */
export function leaveIntent(control: string, operation: string, fields: object = {}): string {
  const { worktree_id } = JSON.parse(Deno.readTextFileSync(`${control}/worktrees/main/config.json`));
  const id = crypto.randomUUID();
  const intent = {
    id,
    operation,
    worktree_id,
    target: "main",
    details: {},
    host: namesIn(`${control}/runtime/hosts`)[0],
    boot_id: "0",
    pid: 1,
    process_start: "0",
    started_at: "2025-01-01T00:00:00Z",
    state: "active",
    steps: [],
    audit: null,
    ...fields,
  };
  const path = `${control}/runtime/shared/intents/${id}.json`;
  Deno.writeTextFileSync(path, JSON.stringify(intent));
  return path;
}
