import { isJvsError, JvsError } from "../model/errors.ts";
import { isSnapshotId } from "../model/ids.ts";
import { quoted } from "../model/path_text.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { ancestors } from "./lineage.ts";
import type { NamingSource, ResolveOptions } from "./naming.ts";
import { ambiguous, notFound } from "./naming_errors.ts";

interface Question extends ResolveOptions {
  readonly store: NamingSource;
  readonly word: string;
}

/** The snapshots that a word names in one way; none: the next way is tried; more than one: it is ambiguous. */
type Kind = (question: Question) => string[] | Promise<string[]>;

// In this order the first that matches decides. SPEC 7, "Naming a snapshot".
const KINDS: readonly Kind[] = [byId, byPosition, byRef, byTag, byWorktree, byPrefix, byNote];

/**
 * The id of the snapshot that a word means, a pruned one too. `E_NOT_FOUND` says what there is instead, `E_AMBIGUOUS` what
 * it fits.
 */
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
  const top = standing(store, word, worktree, id);
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
    `the ref of that name is for ${ref.snapshot_id}, which does not exist`,
    "Run `jvs doctor --strict`, or delete the ref.",
  );
}

async function byTag({ store, word, worktree }: Question): Promise<string[]> {
  if (!/^[A-Za-z0-9._-]+$/.test(word)) return [];
  const tagged: string[] = [];
  for await (const { snapshot_id, tags } of store.snapshots.mentioning(JSON.stringify(word))) {
    if (tags.includes(word)) tagged.push(snapshot_id);
  }
  if (tagged.length < 2) return tagged;
  const newest = await newestInLine(store, worktree, new Set(tagged));
  return newest === undefined ? tagged : [newest];
}

/** The newest of these snapshots that is in a worktree's line. */
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
    // Naming goes on beside a damaged line, so that something can be restored; what is damaged is doctor's to say.
    if (!isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_LINEAGE_BROKEN", "E_NOT_FOUND")) throw error;
  }
  return undefined;
}

function byWorktree({ store, word }: Question): string[] {
  const name = word.slice(0, -1);
  if (!word.endsWith("@") || !store.worktrees.names().includes(name)) return [];
  const worktree = store.worktrees.find(name);
  return worktree === undefined ? [] : [standing(store, word, worktree, worktree.head_snapshot_id)];
}

function byPrefix({ store, word }: Question): string[] {
  const digits = word.toLowerCase();
  const isOfId = /^\d{4,13}$|^\d{13}-[0-9a-f]{0,8}$/.test(digits);
  const isOfShort = /^[0-9a-f]{4,8}$/.test(digits);
  if (!isOfId && !isOfShort) return [];
  const afterTime = "-".concat(digits);
  return store.snapshots.listKnown()
    .filter((id) => (isOfId && id.startsWith(digits)) || (isOfShort && id.includes(afterTime)));
}

async function byNote({ store, word, forProgram = false }: Question): Promise<string[]> {
  if (forProgram) return [];
  const fitting: string[] = [];
  for await (const { snapshot_id, note } of store.snapshots.mentioning(JSON.stringify(word).slice(0, -1))) {
    if (note.startsWith(word)) fitting.push(snapshot_id);
  }
  return fitting;
}

function isKnown({ snapshots }: NamingSource, id: string): boolean {
  return isSnapshotId(id) && (snapshots.exists(id) || snapshots.isPruned(id));
}

/** The snapshot that a worktree says it stands on. */
function standing(store: NamingSource, word: string, { name }: WorktreeConfig, id: string | null): string {
  if (id === null) {
    throw missing(word, `worktree ${quoted(name)} has no snapshot yet`, "Save one with `jvs snapshot`.");
  }
  if (isKnown(store, id)) return id;
  throw new JvsError(
    "E_LINEAGE_BROKEN",
    `Cannot find snapshot ${quoted(word)}: worktree ${quoted(name)} stands on ${id}, which does not exist`,
    { details: { word, worktree: name, snapshot_id: id } },
  );
}

function missing(word: string, state: string, hint: string): JvsError {
  return new JvsError("E_NOT_FOUND", `Cannot find snapshot ${quoted(word)}: ${state}`, {
    hint,
    details: { word },
  });
}
