import { Libc, type LibcCall, type LibcSymbols } from "../../src/platform/libc.ts";
import { LinuxEntry } from "../../src/platform/linux_entry.ts";
import { LinuxFile } from "../../src/platform/linux_file.ts";
import { LinuxFolder } from "../../src/platform/linux_folder.ts";
import { LinuxSubvolumes } from "../../src/platform/linux_subvolumes.ts";

/** The calls that a killed program no longer makes. */
const FOLDER_CHANGES = [
  "makeFolder",
  "makeSymlink",
  "makeSpecial",
  "linkFrom",
  "rename",
  "removeFile",
  "removeFolder",
  "setMode",
  "setOwner",
  "setTimes",
  "setXattr",
  "removeXattr",
] as const;
const ENTRY_CHANGES = ["setMode", "setOwner", "setTimes", "setXattr", "removeXattr"] as const;
const SUBVOLUME_CHANGES = ["make", "snapshot", "setReadOnly", "remove"] as const;
const DENO_CHANGES = ["renameSync", "mkdirSync", "linkSync", "removeSync", "chmodSync"] as const;

/** The error that ends the killed program. */
export class Killed extends Error {}

/**
 * Runs something as if its process were killed at its n-th change of the file system: neither this change nor a later
 * one happens, and its locks are released. Returns false if it ended before. Run only one at a time.
 * With `within` only the calls of that function that a rename makes are counted: so it is killed between its steps.
 */
export async function killedAt(
  n: number,
  body: () => Promise<unknown>,
  { within }: { within?: keyof LibcSymbols } = {},
): Promise<boolean> {
  let count = 0;
  const strikeIf = (counts: boolean) => {
    if (counts) count++;
    if (count >= n) throw new Killed(`killed at change ${n}`);
  };
  const inRename = () =>
    within === undefined ? body() : aroundCall(within, { before: () => strikeIf(true) }, body);
  try {
    await beforeEachChange(() => strikeIf(within === undefined), inRename);
  } catch (error) {
    if (count < n) throw error; // it failed for a reason of its own
  }
  return count >= n;
}

/**
 * Makes it so that the process which began what is interrupted in a repository is known to be dead: it is the test, which still
 * runs, and no process of an earlier boot does.
 */
export function asAfterReboot(control: string): void {
  const intents = `${control}/runtime/shared/intents`;
  for (const { name } of Deno.readDirSync(intents)) {
    if (!name.endsWith(".json")) continue;
    const intent = JSON.parse(Deno.readTextFileSync(`${intents}/${name}`));
    Deno.writeTextFileSync(`${intents}/${name}`, JSON.stringify({ ...intent, boot_id: "an earlier one" }));
  }
}

/**
 * Runs something, and acts at its n-th moment: right before or right after a rename, or a change of what an entry is besides its
 * content. Only those moments count at which `counts`. Returns false if there were fewer. Run only one at a time.
 */
export async function actingAt(
  n: number,
  act: () => void,
  counts: () => boolean,
  body: () => Promise<unknown>,
): Promise<boolean> {
  let count = 0;
  const moment = () => {
    if (count < n && counts() && ++count === n) act();
  };
  const restore = [LinuxFolder.prototype, LinuxEntry.prototype].flatMap((target) =>
    ["rename", ...ENTRY_CHANGES].filter((name) => name in target).map((name) =>
      interceptWhen(target, name, () => true, moment, moment)
    )
  );
  try {
    await body();
  } finally {
    for (const back of restore) back();
  }
  return count >= n;
}

/** How many changes of the file system something makes until a condition holds. */
export async function changesUntil(holds: () => boolean, body: () => Promise<unknown>): Promise<number> {
  let [count, found] = [0, 0];
  await beforeEachChange(() => {
    count++;
    if (found === 0 && holds()) found = count;
  }, body);
  return found;
}

/** Runs something, and acts before each change of the file system; an error from `strike` replaces the change. */
async function beforeEachChange(strike: () => void, body: () => Promise<unknown>): Promise<void> {
  const restore = [
    ...FOLDER_CHANGES.map((name) => intercept(LinuxFolder.prototype, name, strike)),
    ...ENTRY_CHANGES.map((name) => intercept(LinuxEntry.prototype, name, strike)),
    ...SUBVOLUME_CHANGES.map((name) => intercept(LinuxSubvolumes.prototype, name, strike)),
    ...DENO_CHANGES.map((name) => intercept(Deno, name, strike)),
    interceptWhen(LinuxFolder.prototype, "openFile", (args) => args[1] === "create", strike),
    interceptWhen(Deno, "openSync", (args) => isWriting(args[1]), strike),
    intercept(LinuxFile.prototype, "writeAt", strike),
  ];
  try {
    await body();
  } finally {
    for (const back of restore) back();
  }
}

/** Lock files are opened for writing too, but that changes nothing. */
function isWriting(options: unknown): boolean {
  if (typeof options !== "object" || options === null) return false;
  const how: Deno.OpenOptions = options;
  return how.createNew === true || how.append === true;
}

/** Runs something, and acts right before or right after each rename of an entry with this name. */
export async function aroundRename<T>(
  name: string,
  act: { before?: () => void; after?: () => void },
  body: () => Promise<T>,
): Promise<T> {
  const original = LinuxFolder.prototype.rename;
  LinuxFolder.prototype.rename = function (this: LinuxFolder, ...args: Parameters<typeof original>) {
    const isMeant = new TextDecoder().decode(args[0]) === name;
    if (isMeant) act.before?.();
    original.apply(this, args);
    if (isMeant) act.after?.();
  };
  try {
    return await body();
  } finally {
    LinuxFolder.prototype.rename = original;
  }
}

/** Runs something, and acts before, or after, each call of a function of the C library that a rename makes. */
export async function aroundCall<T>(
  name: keyof LibcSymbols,
  act: { before?: () => void; after?: () => void },
  body: () => T | Promise<T>,
): Promise<T> {
  const { reason } = Libc.prototype;
  Libc.prototype.reason = function (this: Libc, call: LibcCall) {
    const symbols = this.call;
    const value = (...args: unknown[]) => {
      act.before?.();
      const result: unknown = Reflect.apply(symbols[name], undefined, args);
      if (typeof result === "number" && result >= 0) act.after?.();
      return result;
    };
    const watched: LibcSymbols = Object.create(symbols, { [name]: { value } });
    return reason.call(this, () => call(watched));
  };
  try {
    return await body();
  } finally {
    Libc.prototype.reason = reason;
  }
}

function intercept(target: object, name: string, strike: () => void): () => void {
  return interceptWhen(target, name, () => true, strike);
}

/**
 * Calls `strike` before each call of the given methods, and `after` when it succeeded; an error from `strike` replaces the call.
 * Returns how to stop.
 */
export function interceptWhen(
  target: object,
  name: string,
  counts: (args: readonly unknown[]) => boolean,
  strike: () => void,
  after: () => void = () => {},
): () => void {
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== "function") throw new Error(`there is no ${name} to intercept`);
  Reflect.set(target, name, function (this: unknown, ...args: unknown[]) {
    const isMeant = counts(args);
    if (isMeant) strike();
    const result: unknown = Reflect.apply(original, this, args);
    if (isMeant) after();
    return result;
  });
  return () => void Reflect.set(target, name, original);
}
