/**
 * Tries all operations on a repository, while one of the named entries of its control plane after the other is replaced. It is a
 * separate program, so that a test can end it if it hangs. It prints a line before each try, and a line for each failure.
 */
import { isJvsError } from "../../src/model/errors.ts";
import { callOperation } from "../../src/operation/call.ts";
import { operations } from "../../src/operation/registry.ts";
import { PortablePlatform } from "../../src/platform/portable.ts";
import { PortableFile } from "../../src/platform/portable_file.ts";
import { PortableFolder } from "../../src/platform/portable_folder.ts";
import { contextIn } from "./context.ts";
import { mustRun, python } from "./run.ts";

/** What replaces a file or folder of JVS. */
export const PLANTS = ["link", "hard link", "FIFO", "socket", "device"] as const;
export type Plant = typeof PLANTS[number];

const CALLS: [operation: string, input: Record<string, unknown>][] = [
  ["info", {}],
  ["status", {}],
  ["diff", {}],
  ["history", { all: true }],
  ["show", { snapshot: "HEAD" }],
  ["path", { of: "HEAD" }],
  ["worktree list", {}],
  ["ref list", {}],
  ["config list", {}],
  ["config get", { key: "engine" }],
  ["worktree path", { name: "other" }],
  ["verify", { all: true }],
  ["doctor", { strict: true }],
  ["snapshot", { note: "more" }],
  ["ref create", { name: "second" }],
  ["ref delete", { name: "second" }],
  ["config set", { key: "restore.unsaved", value: "save" }],
  ["init", { name: "project" }],
  ["adopt", { folder: "data" }],
  ["adopt", { folder: ".", relocate: true }],
  ["worktree create", { name: "empty" }],
  ["restore", { snapshot: "HEAD~1", name: "beside" }],
  ["worktree fork", { name: "live", live: true }],
  ["worktree fork", { name: "third" }],
  ["worktree rename", { name: "third", new_name: "fourth" }],
  ["worktree remove", { name: "fourth" }],
  ["restore", { snapshot: "HEAD~1", discard: true }],
  ["restore", { snapshot: "LATEST", discard: true }],
  ["doctor", { repair: ["audit_repair"] }],
  ["doctor", { repair: ["clean_intents"] }],
  ["doctor", { repair: ["rebuild_index"] }],
  ["doctor", { repair_runtime: true, repair: ["clean_tmp", "advance_head", "rebuild_ready"] }],
];

/** What stands behind a link in the place of a payload, in each of its files. */
const SECRET = "secret";

if (import.meta.main) {
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") waitLess();
  const [template = "", folder = "", plant, ...names] = Deno.args;
  for (const name of names) await tryAll(template, folder, name, plant as Plant);
  console.log("done");
}

/**
 * Without the C library JVS waits long, a second before most changes, for the clock of a file system that it does not know and whose change
 * times it gets in whole seconds. What is tried here does not depend on it.
 */
function waitLess(): void {
  const usual = PortablePlatform.prototype.fileSystem;
  PortablePlatform.prototype.fileSystem = (folder) => ({ ...usual(folder), granularityNs: 10_000_000 });
  const inFolder = PortableFolder.prototype.stat;
  PortableFolder.prototype.stat = function (name, into) {
    const isThere = inFolder.call(this, name, into);
    into.ctimeNsec = 1;
    return isThere;
  };
  const ofFile = PortableFile.prototype.stat;
  PortableFile.prototype.stat = function (into) {
    ofFile.call(this, into);
    into.ctimeNsec = 1;
  };
}

async function tryAll(template: string, folder: string, name: string, plant: Plant): Promise<void> {
  const [repository, outside] = [`${folder}/project`, `${folder}/outside`];
  mustRun("rm", "-rf", repository, outside);
  mustRun("cp", "-a", template, repository);
  Deno.mkdirSync(outside);
  const place = `${repository}/.jvs/${name}`;
  if (plant === "hard link" && !Deno.lstatSync(place).isFile) return;
  const hasSecret = plant === "link" && /^snapshots\/[^.]*(\.tmp)?$/.test(name);
  for (const [operation, input] of CALLS) {
    replant(place, `${outside}/it`, plant);
    if (hasSecret) fillWith(SECRET, `${outside}/it`);
    const before = describe(outside);
    Deno.writeTextFileSync(`${repository}/main/a.txt`, `${name} ${operation}\n`);
    console.log(`${name}: ${operation}`);
    const told = await outcome(operation, `${repository}/main`, input);
    if (told !== undefined) console.log(`! ${name}: ${operation}: ${told}`);
    if (hasSecret && (holds(SECRET, `${repository}/main`) || holds(SECRET, `${repository}/worktrees`))) {
      console.log(`! ${name}: ${operation}: brought into a worktree what is outside`);
      return;
    }
    if (describe(outside) !== before) {
      console.log(`! ${name}: ${operation}: changed what is outside`);
      return;
    }
  }
}

async function outcome(
  name: string,
  cwd: string,
  input: Record<string, unknown>,
): Promise<string | undefined> {
  const operation = await operations.load(name as Parameters<typeof operations.load>[0]);
  try {
    await callOperation(operation, contextIn(cwd, { lockTimeoutMs: 100 }), input);
    return undefined;
  } catch (error) {
    const isRefused = isJvsError(error) && error.code !== "E_INTERNAL";
    // In a repository these are refused like that. It is for no other call to be used wrongly here.
    if (isRefused && (error.code !== "E_USAGE" || ["init", "adopt"].includes(name))) return undefined;
    return error instanceof Error ? error.stack : String(error);
  }
}

/** Puts the replacement back, because the operation before may have repaired it. The entry there is moved outside. */
function replant(place: string, outside: string, plant: Plant): void {
  const there = kindOf(place);
  if (plant === "hard link") {
    if (there === "file" && Deno.statSync(place).nlink === 1) {
      remove(outside);
      Deno.linkSync(place, outside);
    }
  } else if (there !== plant) {
    remove(outside);
    if (there === "nothing") Deno.mkdirSync(outside);
    else Deno.renameSync(place, outside);
    makePlant(place, outside, plant);
  }
}

/** Gives all files in a folder another content; those that other payloads share with it keep theirs. */
function fillWith(text: string, folder: string): void {
  mustRun("find", folder, "-type", "d", "-exec", "chmod", "u+w", "{}", "+");
  const fill = `rm -f "$1" && echo ${text} > "$1"`;
  mustRun("find", folder, "-type", "f", "-exec", "sh", "-c", fill, "-", "{}", ";");
}

function holds(text: string, folder: string): boolean {
  return new Deno.Command("grep", { args: ["-rqsx", text, folder], stdout: "null" }).outputSync().success;
}

function makePlant(place: string, outside: string, plant: Plant): void {
  try {
    if (plant === "link") Deno.symlinkSync(outside, place);
    else if (plant === "FIFO") mustRun("mkfifo", place);
    else if (plant === "device") mustRun("mknod", place, "c", "1", "3");
    else mustRun(python(), "-c", "import os,sys,stat; os.mknod(sys.argv[1], stat.S_IFSOCK|0o600)", place);
  } catch (error) {
    if (kindOf(place.slice(0, place.lastIndexOf("/"))) !== "nothing") throw error; // its folder is gone, too
  }
}

function remove(path: string): void {
  if (kindOf(path) !== "nothing") Deno.removeSync(path, { recursive: true });
}

function kindOf(path: string): string {
  try {
    const info = Deno.lstatSync(path);
    return info.isSymlink
      ? "link"
      : info.isFile
      ? "file"
      : info.isFifo
      ? "FIFO"
      : info.isSocket
      ? "socket"
      : info.isDirectory
      ? "folder"
      : "device";
  } catch {
    return "nothing";
  }
}

/** The first two of those that differ only in the ids in their names. */
export function fewOfEach(names: readonly string[]): string[] {
  const groups = Map.groupBy(names, (name) => name.replaceAll(/[0-9a-f-]{12,}/g, "ID"));
  return [...groups.values()].flatMap((group) => group.slice(0, 2));
}

/** All entries of a control plane, except the content of payloads. */
export function entriesOf(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${prefix}${name}`;
    const isPayload = /^(snapshots|runtime\/shared\/(staging|replaced))\/$/.test(prefix);
    return [path, ...(isDirectory && !isPayload ? entriesOf(`${folder}/${name}`, `${path}/`) : [])];
  }).sort();
}

function describe(path: string): string {
  const info = Deno.lstatSync(path);
  const own = `${path} ${info.mode} ${info.uid} ${info.size * Number(!info.isDirectory)}`;
  if (info.isFile) return `${own} ${Deno.readTextFileSync(path)}`;
  if (!info.isDirectory) return own;
  return [own, ...[...Deno.readDirSync(path)].map(({ name }) => `${path}/${name}`).sort().map(describe)].join(
    "\n",
  );
}
