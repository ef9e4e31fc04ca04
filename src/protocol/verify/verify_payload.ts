import { grantAclOwner, payloadMode, stripAclWrite } from "../../model/acl.ts";
import { type BytePath, equalBytes, keyOf } from "../../model/bytes.ts";
import { DIR, entryTypeName, FILE, LOST, type LostAspect, SYMLINK, type Xattr } from "../../model/entry.ts";
import { encodePath } from "../../model/path_text.ts";
import { ENCODED_PATH } from "../../model/result_fields.ts";
import { type Infer, oneOf, record, text } from "../../model/schema.ts";
import type { EngineAbilities } from "../../engine/contract.ts";
import { userNameOf } from "../../platform/host_names.ts";
import type { Folder } from "../../platform/platform.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { parentPath } from "../../tree/folders_by_path.ts";
import { hashTargets } from "../../tree/hash.ts";
import { payloadRootHash } from "../../tree/root_hash.ts";
import { scanTree } from "../../tree/scan.ts";
import { indexesWhere, NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { HiddenPaths } from "../../tree/unreadable.ts";
import type { RepositoryContext } from "../context.ts";
import { isLeftOut } from "../payload/as_allowed.ts";
import { NOTHING_READ, type ReadContent, readContent, type ReadingOptions } from "./read_content.ts";
import type { Remembered } from "./remembered.ts";

/** What a copy may lose. The manifest has all of it, and a restore takes it from there. SPEC 2. */
const LOSSES = ["mode", "owner", "times", "xattrs", "hardlink"] as const;
type Loss = typeof LOSSES[number];

/** A path of a payload that is not as it was saved. */
export const DamagedPath = record({
  path: ENCODED_PATH,
  problem: text().about(
    "`missing`, `extra`, `unreadable` (the disk reports an error), or what differs: content, type, target, device.",
  ),
});
export type DamagedPath = Infer<typeof DamagedPath>;

/** A path of a payload that the user may not read, so that it could not be checked. */
export const UncheckedPath = record({
  path: text().about("Encoded as in the payload root hash; of a folder, all that is in it."),
  owner: text().about("The owner: the user's name, else the number."),
});
export type UncheckedPath = Infer<typeof UncheckedPath>;

/** A path of a payload that has its content, but lost metadata. */
export const WornPath = record({
  path: ENCODED_PATH,
  lost: oneOf(...LOSSES).about("The metadata that it lost."),
});
export type WornPath = Infer<typeof WornPath>;

/** What to verify of a payload. */
export interface VerifyPayload extends ReadingOptions {
  /** Of the snapshot. */
  readonly id: string;
  readonly payload: Folder;
  readonly manifest: TreeTable;
  /** What the engine that made the payload does with it. */
  readonly abilities: Pick<EngineAbilities, "keepsModes" | "sharesFiles">;
}

/** What was found. */
export interface VerifiedPayload {
  readonly damaged: readonly DamagedPath[];
  /** What the user may not read. */
  readonly unchecked: readonly UncheckedPath[];
  /** What lost only metadata; a restore does not need it. */
  readonly worn: readonly WornPath[];
  /** The root hash of what is there; null if not everything was read. */
  readonly rootHash: string | null;
  /** Since when all content was read and right, in seconds since 1970: Infinity if all was read now, null if not all was. */
  readonly readAt: number | null;
}

const NS_PER_MS = 1e6;
const ACCESS_ACL = "system.posix_acl_access";
/** Attributes that the system shows to root only. */
const TRUSTED = "trusted.";
const ALL_TYPES_ACL = /^system\.posix_acl_/;

/** Compares a payload with its manifest, content too, except what the manifest says is lost. SPEC 4. */
export async function verifyPayload(
  context: RepositoryContext,
  { id, payload, manifest, abilities, ...options }: VerifyPayload,
): Promise<VerifiedPayload> {
  const { abilities: { exactStat, xattrs }, host } = context.store.platform;
  const { reporter, signal } = context;
  const scan = await scanTree(payload, { exactStat, xattrs, expected: manifest.count, reporter, signal });
  const found = scan.table;
  const hidden = new HiddenPaths(scan.unreadable);
  const seesTrusted = host.rights.xattr(TRUSTED);
  const seen = { exactStat, seesTrusted, keepsModes: abilities.keepsModes, xattrs, hidden };
  // What shows without reading is looked for first.
  const atOnce = options.failFast || options.lookOnly
    ? await compare(manifest, found, NOTHING_READ, seen)
    : undefined;
  const isWrong = atOnce !== undefined && (options.lookOnly || atOnce.damaged.length > 0);
  const { remembered } = options;
  const again = remembered?.damage.filesOf(id, found) ?? new Set();
  const trees = { payload, manifest, found, again };
  const content = isWrong ? NOTHING_READ : await readContent(context, trees, options);
  const note = remembered !== undefined && abilities.sharesFiles
    ? (pair: Pair, isRight: boolean) => remember(remembered, id, pair, isRight)
    : undefined;
  const { damaged, worn } = isWrong ? atOnce : await compare(manifest, found, content, seen, note);
  // A path may be in both: its attributes and its content may be closed.
  const closed = new Map(
    [...scan.unreadable, ...content.refused.map((j) => found.path(j))].map((p) => [keyOf(p), p]),
  );
  const unchecked = [...closed.values()].map((p) => ({ path: encodePath(p), owner: ownerOf(found, p) }));
  // A file has no hash, too, that another process changed or replaced since the scan.
  const hashless = indexesWhere(found, (j) => found.type[j] === FILE && found.hashed[j] !== 1);
  const isWhole = hashless.length === 0 && unchecked.length === 0;
  const isRead = unchecked.length === 0 && hashless.every((j) => content.before.has(j));
  return {
    damaged,
    unchecked,
    worn,
    rootHash: isWhole ? await rootHashOf(manifest, found) : null,
    readAt: isRead && damaged.length === 0 ? content.oldest : null,
  };
}

/** Compares what was saved with what was found and read. `note` gets each entry, and whether its content is right. */
async function compare(
  manifest: TreeTable,
  found: TreeTable,
  content: ReadContent,
  { hidden, ...seen }: Seen & { readonly hidden: HiddenPaths },
  note?: (pair: Pair, isRight: boolean) => void,
): Promise<Pick<VerifiedPayload, "damaged" | "worn">> {
  const damaged: DamagedPath[] = [];
  const worn: WornPath[] = [];
  const damage = (path: Uint8Array, problem: string) =>
    void damaged.push({ path: encodePath(path), problem });
  const wear = (path: Uint8Array, lost: Loss) => void worn.push({ path: encodePath(path), lost });
  await mergeTables(manifest, found, (i, j) => {
    if (i === -1) return damage(found.path(j), "extra");
    if (isLeftOut(manifest, i)) {
      if (j !== -1) damage(found.path(j), "extra");
      return;
    }
    if (j === -1) return hidden.covers(manifest, i) ? undefined : damage(manifest.path(i), "missing");
    const pair = { manifest, i, found, j };
    const problems = content.failed.has(j) ? ["unreadable"] : [...problemsOf(pair, content.unread.has(j))];
    for (const problem of problems) damage(manifest.path(i), problem);
    const xattrs = seen.xattrs && !hidden.covers(manifest, i);
    for (const lost of lossesOf(pair, { ...seen, xattrs })) wear(manifest.path(i), lost);
    note?.(pair, problems.length === 0);
  });
  for (const i of await parted(manifest, found)) wear(manifest.path(i), "hardlink");
  return { damaged, worn };
}

/** Notes what is known now of a file's content. */
function remember(
  remembered: Remembered,
  id: string,
  { manifest, i, found, j }: Pair,
  isRight: boolean,
): void {
  const hash = found.type[j] === FILE ? manifest.contentHash(i) : undefined;
  if (hash === undefined) return;
  if (!isRight) remembered.noteDamagedFile(found, j, hash, id);
  else if (found.contentHash(j) !== undefined) remembered.noteFile(found, j, hash, id);
}

/** The owner of an entry, or of the closed folder that it is in. */
function ownerOf(found: TreeTable, path: BytePath): string {
  for (let each = path;; each = parentPath(each)) {
    const j = found.find(each);
    if (j !== -1) return userNameOf(at(found.uid, j));
  }
}

/** An entry as it was saved, and what the payload has in its place. */
interface Pair {
  readonly manifest: TreeTable;
  readonly i: number;
  readonly found: TreeTable;
  readonly j: number;
}

/** How an entry differs in what only damage or a user can have changed. */
function* problemsOf({ manifest, i, found, j }: Pair, unread: boolean): Generator<string> {
  const type = at(manifest.type, i);
  if (type !== found.type[j]) return yield "type";
  if (type === FILE) {
    const expected = manifest.contentHash(i);
    const actual = found.contentHash(j);
    if (at(manifest.size, i) !== at(found.size, j)) yield "content";
    else if (!unread && (actual === undefined || expected === undefined || !equalBytes(expected, actual))) {
      yield "content";
    }
  }
  if (type === SYMLINK && !equalBytes(targetOf(manifest, i), targetOf(found, j))) yield "target";
  if (!sameDevice(manifest, i, found, j)) yield "device";
}

/** What the user can see of a payload here, and whether it keeps modes. */
type Seen = Readonly<Record<"exactStat" | "seesTrusted" | "keepsModes" | "xattrs", boolean>>;

/** What an entry has lost since it was published. */
function* lossesOf(
  { manifest, i, found, j }: Pair,
  { exactStat, seesTrusted, keepsModes, xattrs }: Seen,
): Generator<Loss> {
  const type = at(manifest.type, i);
  if (type !== found.type[j]) return; // `problemsOf` reports that
  const kept = (aspect: LostAspect) => (at(manifest.lost, i) & LOST[aspect]) === 0;
  const counts = ({ name }: Xattr) =>
    kept(ALL_TYPES_ACL.test(name) ? "acl" : "xattr") && (seesTrusted || !name.startsWith(TRUSTED));
  const own = at(manifest.mode, i);
  const mode = keepsModes ? own : payloadMode(entryTypeName(type), own);
  if (type !== SYMLINK && kept("mode") && found.mode[j] !== mode) yield "mode";
  if (kept("owner") && (manifest.uid[i] !== found.uid[j] || manifest.gid[i] !== found.gid[j])) yield "owner";
  if (kept("times") && !sameTime(manifest, i, found, j, exactStat)) yield "times";
  if (xattrs && !sameXattrs({ manifest, i, found, j }, keepsModes, counts)) yield "xattrs";
}

/** Without FFI times are only known to the millisecond. */
function sameTime(a: TreeTable, i: number, b: TreeTable, j: number, exact: boolean): boolean {
  const grain = exact ? 1 : NS_PER_MS;
  const part = (table: TreeTable, index: number) => Math.floor(at(table.mtimeNsec, index) / grain);
  return a.mtimeSec[i] === b.mtimeSec[j] && part(a, i) === part(b, j);
}

function targetOf(table: TreeTable, index: number): Uint8Array {
  return table.targets.get(index) ?? new Uint8Array();
}

function sameDevice(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  const one = a.devices.get(i);
  const other = b.devices.get(j);
  return (one?.major ?? 0) === (other?.major ?? 0) && (one?.minor ?? 0) === (other?.minor ?? 0);
}

/** In a payload the ACL of a file has no write rights, and that of a folder has all rights for its owner, as modes do. */
function sameXattrs(
  { manifest, i, found, j }: Pair,
  keepsModes: boolean,
  counts: (xattr: Xattr) => boolean,
): boolean {
  const type = at(manifest.type, i);
  const expected = (manifest.xattrs.get(i) ?? []).filter(counts).map(({ name, value }) => ({
    name,
    value: name === ACCESS_ACL && !keepsModes
      ? (type === DIR ? grantAclOwner(value) : type === FILE ? stripAclWrite(value) : value)
      : value,
  }));
  const actual = (found.xattrs.get(j) ?? []).filter(counts);
  return expected.length === actual.length && expected.every(({ name, value }) => {
    const other = actual.find((xattr) => xattr.name === name);
    return other !== undefined && equalBytes(value, other.value);
  });
}

/** Names that were hard links to one file and are not now. (Equal files may share one inode: that is no problem.) */
async function parted(manifest: TreeTable, found: TreeTable): Promise<number[]> {
  const inodes = new Map<number, string>();
  const apart: number[] = [];
  await mergeTables(manifest, found, (i, j) => {
    if (i === -1 || j === -1) return;
    const group = at(manifest.linkGroup, i);
    if (group === NONE || (at(manifest.lost, i) & LOST.hardlink) !== 0) return;
    const inode = `${found.inoHi[j]}:${found.inoLo[j]}`;
    const first = inodes.get(group);
    if (first === undefined) inodes.set(group, inode);
    else if (first !== inode) apart.push(i);
  });
  return apart;
}

/** The root hash of what is there, with the modes of the manifest, which are written into `found`. */
async function rootHashOf(manifest: TreeTable, found: TreeTable): Promise<string> {
  await hashTargets(found);
  await mergeTables(manifest, found, (i, j) => {
    if (i !== -1 && j !== -1) found.mode[j] = at(manifest.mode, i);
  });
  return await payloadRootHash(found);
}
