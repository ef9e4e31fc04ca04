/**
 * Tries all operations on a repository, while one entry of its control plane after the other is replaced. It is a separate
 * program, so that a test can end it if it hangs. It prints a line before each try, and a line for each failure. It takes
 * one of several shares of the entries.
 */
import { isJvsError } from "../../src/model/errors.ts";
import { callOperation } from "../../src/operation/call.ts";
import { operations } from "../../src/operation/registry.ts";
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
  ["verify", { all: true }],
  ["doctor", { strict: true }],
  ["snapshot", { note: "more" }],
  ["ref create", { name: "second" }],
  ["ref delete", { name: "second" }],
  ["config set", { key: "restore.unsaved", value: "save" }],
  ["worktree fork", { name: "third" }],
  ["worktree rename", { name: "third", new_name: "fourth" }],
  ["worktree remove", { name: "fourth" }],
  ["restore", { snapshot: "HEAD~1", discard: true }],
  ["restore", { snapshot: "LATEST", discard: true }],
  ["doctor", { repair_runtime: true, repair: ["clean_tmp", "advance_head", "rebuild_ready"] }],
];

if (import.meta.main) {
  const [template = "", folder = "", plant, share, shares] = Deno.args;
  const mine = entriesOf(`${template}/.jvs`).filter((_, i) => i % Number(shares) === Number(share));
  for (const name of mine) await tryAll(template, folder, name, plant as Plant);
  console.log("done");
}

async function tryAll(template: string, folder: string, name: string, plant: Plant): Promise<void> {
  const [repository, outside] = [`${folder}/project`, `${folder}/outside`];
  mustRun("rm", "-rf", repository, outside);
  mustRun("cp", "-a", template, repository);
  Deno.mkdirSync(outside);
  const place = `${repository}/.jvs/${name}`;
  if (plant === "hard link" && !Deno.lstatSync(place).isFile) return;
  for (const [operation, input] of CALLS) {
    replant(place, `${outside}/it`, plant);
    const before = describe(outside);
    Deno.writeTextFileSync(`${repository}/main/a.txt`, `${name} ${operation}\n`);
    console.log(`${name}: ${operation}`);
    const told = await outcome(operation, `${repository}/main`, input);
    if (told !== undefined) console.log(`! ${name}: ${operation}: ${told}`);
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
    if (isJvsError(error) && !["E_INTERNAL", "E_USAGE"].includes(error.code)) return undefined;
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

/** All entries of a control plane, except the content of payloads. */
function entriesOf(folder: string, prefix = ""): string[] {
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
