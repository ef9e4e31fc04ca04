import { type ErrorCode, JvsError, type JvsErrorOptions } from "../model/errors.ts";
import { firstFew } from "../model/first_few.ts";
import { shortId } from "../model/ids.ts";
import { nearest } from "../model/nearest.ts";
import { quoted } from "../model/path_text.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { type Listing, warnIfBehind } from "./behind.ts";
import { requireFolders } from "./kept_folders.ts";
import { ancestors } from "./lineage.ts";
import type { Indexed, IndexOptions } from "./snapshot_index.ts";
import type { SnapshotTable } from "./snapshot_table.ts";
import type { Store } from "./store.ts";

/** What this file needs from a store. */
type NamingSource = Pick<Store, "cacheFolder" | "layout" | "snapshots" | "refs"> & Listing & {
  readonly worktrees: Pick<Store["worktrees"], "find" | "names">;
};

/** Where, and by whom, a snapshot is named. */
export interface ResolveOptions extends IndexOptions {
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
/** A note that the index cut is certain up to here: the cut may have split a character. */
const SURE = 400;
const TAG = /^[A-Za-z0-9._-]+$/;

interface Question extends ResolveOptions {
  readonly store: NamingSource;
  readonly word: string;
}

/** One way to name snapshots. With no result the next way is tried; more than one is ambiguous. */
type Kind<Q> = (question: Q) => string[] | Promise<string[]>;
type Search = Question & { readonly index: Indexed };

// They are tried in this order; the first with a result decides. SPEC 7, "Naming a snapshot".
const EXACT: readonly Kind<Question>[] = [byId, byPosition, byRef];
const SEARCHED: readonly Kind<Search>[] = [byTag, byWorktree, byPrefix, byNote];

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
  const exact = await firstOf(EXACT, question);
  const { ids, ...others } = exact.length > 0 ? { ids: exact, ...NO_OTHERS } : await search(question);
  const [id, another] = ids;
  if (id === undefined) throw await notFound(store, word, { ...options, ...others });
  if (another !== undefined) throw await ambiguous(store, word, ids);
  return id;
}

async function firstOf<Q>(kinds: readonly Kind<Q>[], question: Q): Promise<string[]> {
  for (const kind of kinds) {
    const ids = await kind(question);
    if (ids.length > 0) return ids;
  }
  return [];
}

/** What there is where no snapshot fits a word. */
interface Others {
  readonly newest: readonly string[];
  /** Those that could not be read: one of them may have the tag or the note. */
  readonly unread: readonly string[];
}
const NO_OTHERS: Others = { newest: [], unread: [] };

/** Searches all snapshots; also returns others, if none fits. */
async function search(question: Question): Promise<Others & { readonly ids: readonly string[] }> {
  const { byIndex } = await import("./snapshot_index.ts"); // most names need no search
  return await byIndex(question.store, question, async (index) => {
    const ids = await firstOf(SEARCHED, { ...question, index });
    if (ids.length > 0) return { ids, ...NO_OTHERS };
    const { table } = index;
    const newest = Array.from(table.existing(MOST_SEARCHED), (row) => table.id(row));
    const rows = Array.from({ length: table.count }, (_, row) => row).reverse();
    const unread = rows.filter((row) => table.isUnread(row)).map((row) => table.id(row));
    return { ids, newest, unread };
  });
}

function byId({ store, word }: Question): string[] {
  return isKnown(store, word) ? [word] : [];
}

async function byPosition({ reporter, store, word, worktree }: Question): Promise<string[]> {
  const [, start, tilde, digits] = word.match(/^(HEAD|LATEST)(?:(~)(\d{0,6}))?$/) ?? [];
  if (start === undefined) return [];
  if (worktree === null) throw missing(word, "there is no worktree here", "Name one: WORKTREE@.");
  await warnIfBehind(store, worktree, reporter);
  const id = start === "HEAD" ? worktree.head_snapshot_id : worktree.latest_snapshot_id;
  const top = existingSnapshot(store, word, worktree, id);
  let back = tilde === undefined ? 0 : digits ? Number(digits) : 1;
  if (back === 0) return [top];
  const all = back;
  for await (const id of ancestors(store, top)) {
    if (back-- === 0) return [id];
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

async function byTag({ index, word, worktree }: Search): Promise<string[]> {
  if (!TAG.test(word)) return [];
  const tagged = index.table.withTag((tag) => tag === word);
  const newest = tagged.size < 2 ? undefined : newestInLine(index.table, worktree, tagged);
  return await confirmed(index, newest === undefined ? [...tagged] : [newest]);
}

/** The newest of these rows that is on the line of the worktree. */
function newestInLine(
  table: SnapshotTable,
  worktree: WorktreeConfig | null,
  rows: ReadonlySet<number>,
): number | undefined {
  const latest = table.find(worktree?.latest_snapshot_id ?? "");
  // A damaged line must not stop this, so that other snapshots can be restored. Doctor reports the damage.
  return latest === -1 ? undefined : table.line(latest).rows.find((row) => rows.has(row));
}

async function byWorktree({ reporter, store, word }: Question): Promise<string[]> {
  const name = word.slice(0, -1);
  if (!word.endsWith("@") || !store.worktrees.names().includes(name)) return [];
  const worktree = store.worktrees.find(name);
  if (worktree === undefined) return [];
  await warnIfBehind(store, worktree, reporter);
  return [existingSnapshot(store, word, worktree, worktree.head_snapshot_id)];
}

function byPrefix({ index, store, word }: Search): string[] {
  const ids = index.table.withPrefix(word.toLowerCase()).map((row) => index.table.id(row));
  if (ids.length === 1 && !ids.every((id) => isKnown(store, id))) index.doubt();
  return ids;
}

async function byNote({ index, word, forProgram = false }: Search): Promise<string[]> {
  if (forProgram) return [];
  const { table } = index;
  await table.readDetails();
  const rows: number[] = [];
  for (let row = 0; row < table.count; row++) {
    const note = table.note(row);
    if (!table.isNoteCut(row)) {
      if (note.startsWith(word)) rows.push(row);
    } else if (note.startsWith(word.slice(0, SURE)) && (await index.confirm(row)).note.startsWith(word)) {
      rows.push(row);
    }
  }
  return await confirmed(index, rows);
}

/** The ids of rows. A single one is used, so its descriptor must say what the index says. */
async function confirmed({ confirm, table }: Indexed, rows: readonly number[]): Promise<string[]> {
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) await confirm(only);
  return rows.map((row) => table.id(row));
}

function isKnown({ snapshots }: NamingSource, id: string): boolean {
  return snapshots.isKnown(id);
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
  const shown = firstFew(matches.map(shownAs), { most: MOST_LISTED, all: ids.length });
  return cannotFind("E_AMBIGUOUS", word, `it fits ${ids.length}: ${shown}`, {
    hint: "Give more of it, the digits of one of them, or its full id.",
    details: { matches: matches.map(asDetails), match_count: ids.length },
  });
}

/** `E_NOT_FOUND`, with what was perhaps meant and the newest snapshots. Where some could not be read it may be one of them: then none is proposed. */
async function notFound(
  store: NamingSource,
  word: string,
  { worktree, forProgram = false, newest: ids, unread }: ResolveOptions & Others,
): Promise<JvsError> {
  const others = forProgram ? " or worktree" : ", worktree or note";
  const none = `no id, ref, tag${others} fits`;
  requireFolders(store.layout, ["snapshots", "refs"], `find snapshot ${quoted(word)}`);
  if (unread.length > 0 && (!forProgram || TAG.test(word))) return perhapsUnread(word, none, unread);
  const recent = await describe(store, ids);
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
  return cannotFind("E_NOT_FOUND", word, none, {
    hint: hints.filter((hint) => hint !== "").join(" "),
    details: { close: close ?? null, newest: newest.map(asDetails) },
  });
}

function perhapsUnread(word: string, none: string, unread: readonly string[]): JvsError {
  const shown = firstFew(unread.map(shortId), { most: MOST_LISTED });
  const which = `${unread.length} snapshot${unread.length === 1 ? "" : "s"} could not be read`;
  return cannotFind("E_NOT_FOUND", word, `${none}; ${which} and may be it (${shown})`, {
    hint: "`jvs doctor --strict` says what is wrong.",
    details: { close: null, newest: [], unread },
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
