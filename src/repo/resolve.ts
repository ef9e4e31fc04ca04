import { type ErrorCode, isJvsError, JvsError, type JvsErrorOptions } from "../model/errors.ts";
import { isSnapshotId, shortId } from "../model/ids.ts";
import { nearest } from "../model/nearest.ts";
import { quoted } from "../model/path_text.ts";
import type { Descriptor, WorktreeConfig } from "../model/records.ts";
import { ancestors } from "./lineage.ts";
import type { Store } from "./store.ts";

/** What this file needs from a store. */
type NamingSource = Pick<Store, "snapshots" | "refs"> & {
  readonly worktrees: Pick<Store["worktrees"], "find" | "names">;
};

/** Where, and by whom, a snapshot is named. */
export interface ResolveOptions {
  /** The worktree of `HEAD`, `LATEST` and tags. */
  readonly worktree: WorktreeConfig | null;
  /** A program names the snapshot, so notes do not count as names. False by default. */
  readonly forProgram?: boolean;
}

const MOST_LISTED = 10;
const MOST_NEWEST = 5;
// Enough to find a typing mistake, without reading every descriptor again.
const MOST_SEARCHED = 100;
const LONGEST_NOTE = 40;

interface Question extends ResolveOptions {
  readonly store: NamingSource;
  readonly word: string;
}

/** One way to name snapshots. With no result the next way is tried; more than one is ambiguous. */
type Kind = (question: Question) => string[] | Promise<string[]>;

// They are tried in this order; the first with a result decides. SPEC 7, "Naming a snapshot".
const KINDS: readonly Kind[] = [byId, byPosition, byRef, byTag, byWorktree, byPrefix, byNote];

/** The id of the snapshot that a word means, a pruned one too; `E_NOT_FOUND` and `E_AMBIGUOUS` list what there is. */
export async function resolveSnapshot(
  store: NamingSource,
  word: string,
  options: ResolveOptions,
): Promise<string> {
  if (word.trim() === "") {
    throw new JvsError("E_USAGE", "Cannot find a snapshot: its name is empty", {
      hint: "Give an id or its first digits, HEAD, a ref, a tag, WORKTREE@ or the beginning of a note.",
    });
  }
  const question = { ...options, store, word };
  for (const kind of KINDS) {
    const [id, another, ...more] = await kind(question);
    if (id === undefined) continue;
    if (another !== undefined) throw await ambiguous(store, word, [id, another, ...more]);
    return id;
  }
  throw await notFound(store, word, options);
}

function byId({ store, word }: Question): string[] {
  return isKnown(store, word) ? [word] : [];
}

async function byPosition({ store, word, worktree }: Question): Promise<string[]> {
  const [, start, tilde, digits] = word.match(/^(HEAD|LATEST)(?:(~)(\d{0,6}))?$/) ?? [];
  if (start === undefined) return [];
  if (worktree === null) throw missing(word, "there is no worktree here", "Name one: WORKTREE@.");
  const id = start === "HEAD" ? worktree.head_snapshot_id : worktree.latest_snapshot_id;
  const top = existingSnapshot(store, word, worktree, id);
  let back = tilde === undefined ? 0 : digits ? Number(digits) : 1;
  if (back === 0) return [top];
  const all = back;
  for await (const { snapshot_id } of ancestors(store, top)) {
    if (back-- === 0) return [snapshot_id];
  }
  const count = all - back - 1;
  throw missing(
    word,
    `worktree ${quoted(worktree.name)} has only ${count} snapshot${count === 1 ? "" : "s"} before ${start}`,
    "See them with `jvs history`.",
  );
}

function byRef({ store, word }: Question): string[] {
  const ref = store.refs.find(word);
  if (ref === undefined) return [];
  if (isKnown(store, ref.snapshot_id)) return [ref.snapshot_id];
  throw missing(
    word,
    `it is a ref to ${ref.snapshot_id}, which does not exist`,
    "Run `jvs doctor --strict`, or delete the ref.",
  );
}

async function byTag({ store, word, worktree }: Question): Promise<string[]> {
  if (!/^[A-Za-z0-9._-]+$/.test(word)) return [];
  const tagged = await idsOf(store, JSON.stringify(word), ({ tags }) => tags.includes(word));
  if (tagged.length < 2) return tagged;
  const newest = await newestInLine(store, worktree, new Set(tagged));
  return newest === undefined ? tagged : [newest];
}

/** The newest of these snapshots that is on the line of the worktree. */
async function newestInLine(
  store: NamingSource,
  worktree: WorktreeConfig | null,
  ids: ReadonlySet<string>,
): Promise<string | undefined> {
  const latest = worktree?.latest_snapshot_id ?? null;
  if (latest === null) return undefined;
  try {
    for await (const { snapshot_id } of ancestors(store, latest)) {
      if (ids.has(snapshot_id)) return snapshot_id;
    }
  } catch (error) {
    // A damaged line must not stop this, so that other snapshots can be restored. Doctor reports the damage.
    if (!isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_LINEAGE_BROKEN", "E_NOT_FOUND")) throw error;
  }
  return undefined;
}

function byWorktree({ store, word }: Question): string[] {
  const name = word.slice(0, -1);
  if (!word.endsWith("@") || !store.worktrees.names().includes(name)) return [];
  const worktree = store.worktrees.find(name);
  return worktree === undefined ? [] : [existingSnapshot(store, word, worktree, worktree.head_snapshot_id)];
}

function byPrefix({ store, word }: Question): string[] {
  const digits = word.toLowerCase();
  const isOfId = /^\d{4,13}$|^\d{13}-[0-9a-f]{0,8}$/.test(digits);
  const isOfShort = /^[0-9a-f]{4,8}$/.test(digits);
  if (!isOfId && !isOfShort) return [];
  const afterTime = `-${digits}`;
  return store.snapshots.listKnown()
    .filter((id) => (isOfId && id.startsWith(digits)) || (isOfShort && id.includes(afterTime)));
}

async function byNote({ store, word, forProgram = false }: Question): Promise<string[]> {
  if (forProgram) return [];
  return await idsOf(store, JSON.stringify(word).slice(0, -1), ({ note }) => note.startsWith(word));
}

/** The ids of the snapshots that fit, of those whose descriptor has this text in its file. */
async function idsOf(store: NamingSource, text: string, fits: (descriptor: Descriptor) => boolean) {
  const ids: string[] = [];
  for await (const each of store.snapshots.mentioning(text)) if (fits(each)) ids.push(each.snapshot_id);
  return ids;
}

function isKnown({ snapshots }: NamingSource, id: string): boolean {
  return isSnapshotId(id) && (snapshots.exists(id) || snapshots.isPruned(id));
}

/** The id that a worktree has as its head or newest, if the snapshot exists. */
function existingSnapshot(
  store: NamingSource,
  word: string,
  { name }: WorktreeConfig,
  id: string | null,
): string {
  if (id === null) {
    throw missing(word, `worktree ${quoted(name)} has no snapshot yet`, "Save one with `jvs snapshot`.");
  }
  if (isKnown(store, id)) return id;
  const state = `worktree ${quoted(name)} stands on ${id}, which does not exist`;
  throw cannotFind("E_LINEAGE_BROKEN", word, state, { details: { worktree: name, snapshot_id: id } });
}

function missing(word: string, state: string, hint: string): JvsError {
  return cannotFind("E_NOT_FOUND", word, state, { hint });
}

function cannotFind(code: ErrorCode, word: string, state: string, options: JvsErrorOptions): JvsError {
  const details = { word, ...options.details };
  return new JvsError(code, `Cannot find snapshot ${quoted(word)}: ${state}`, { ...options, details });
}

/** `E_AMBIGUOUS`, with the snapshots that a word fits, newest first. */
async function ambiguous(
  store: NamingSource,
  word: string,
  ids: readonly string[],
): Promise<JvsError> {
  const newestFirst = ids.toSorted().reverse();
  const matches = await describe(store, newestFirst.slice(0, MOST_LISTED));
  const more = ids.length > MOST_LISTED ? ` and ${ids.length - MOST_LISTED} more` : "";
  const shown = matches.map(shownAs).join(", ");
  return cannotFind("E_AMBIGUOUS", word, `it fits ${ids.length}: ${shown}${more}`, {
    hint: "Give more of it, the digits of one of them, or its full id.",
    details: { matches: matches.map(asDetails), match_count: ids.length },
  });
}

/** `E_NOT_FOUND`, with what was perhaps meant and the newest snapshots. */
async function notFound(
  store: NamingSource,
  word: string,
  { worktree, forProgram = false }: ResolveOptions,
): Promise<JvsError> {
  const recent = await describe(store, store.snapshots.list().reverse().slice(0, MOST_SEARCHED));
  const newest = recent.slice(0, MOST_NEWEST);
  const close = nearest(word, [
    ...(worktree === null ? [] : ["HEAD", "LATEST"]),
    ...store.refs.names(),
    ...recent.flatMap(({ tags }) => tags),
    ...store.worktrees.names().map((name) => `${name}@`),
    ...recent.map(({ snapshot_id }) => shortId(snapshot_id)),
    ...(forProgram ? [] : recent.flatMap(({ note }) => firstLine(note) || [])),
  ]);
  const hints = [
    close === undefined ? "" : `Did you mean ${quoted(close)}?`,
    newest.length === 0
      ? "There is no snapshot yet: save one with `jvs snapshot`."
      : `Use one of the newest: ${newest.map(shownAs).join(", ")}.`,
    forProgram ? "A program cannot name a snapshot by its note." : "",
  ];
  const others = forProgram ? " or worktree" : ", worktree or note";
  return cannotFind("E_NOT_FOUND", word, `no id, ref, tag${others} fits`, {
    hint: hints.filter((hint) => hint !== "").join(" "),
    details: { close: close ?? null, newest: newest.map(asDetails) },
  });
}

type Listed = Awaited<ReturnType<typeof describe>>[number];

/** What to show of snapshots; only the id of one with a damaged descriptor. */
function describe({ snapshots }: NamingSource, ids: readonly string[]) {
  return Promise.all(ids.map(async (id) => {
    const { created_at = null, note = null, tags = [] } = await snapshots.readable(id) ?? {};
    return { snapshot_id: id, created_at, note, tags };
  }));
}

function shownAs({ snapshot_id, created_at, note }: Listed): string {
  const start = firstLine(note).slice(0, LONGEST_NOTE);
  const about = [created_at, note && quoted(start === note ? start : `${start}…`)].filter(Boolean).join(", ");
  return `${shortId(snapshot_id)}${about === "" ? "" : ` (${about})`}`;
}

/** The beginning of a note: messages have one line, and the beginning is enough to name a snapshot. */
function firstLine(note: string | null): string {
  return /^.*/.exec(note ?? "")?.[0] ?? "";
}

function asDetails({ snapshot_id, created_at, note }: Listed): Record<string, string | null> {
  return { snapshot_id, created_at, note };
}
