import { JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import { nearest } from "../model/nearest.ts";
import { quoted } from "../model/path_text.ts";
import type { NamingSource, ResolveOptions } from "./naming.ts";

const MOST_LISTED = 10;
const MOST_NEWEST = 5;
// Enough to find what was mistyped; a word that means nothing must not cost reading everything again.
const MOST_SEARCHED = 100;
const LONGEST_NOTE = 40;

interface Listed {
  readonly snapshot_id: string;
  readonly created_at: string | null;
  readonly note: string | null;
  readonly tags: readonly string[];
}

/** `E_AMBIGUOUS`: what a word fits, newest first. */
export async function ambiguous(
  store: NamingSource,
  word: string,
  ids: readonly string[],
): Promise<JvsError> {
  const newestFirst = ids.toSorted().reverse();
  const matches = await describe(store, newestFirst.slice(0, MOST_LISTED));
  const more = ids.length > MOST_LISTED ? ` and ${ids.length - MOST_LISTED} more` : "";
  const shown = matches.map(shownAs).join(", ");
  return new JvsError(
    "E_AMBIGUOUS",
    `Cannot find snapshot ${quoted(word)}: it fits ${ids.length}: ${shown}${more}`,
    {
      hint: "Give more of it, the digits of one of them, or its full id.",
      details: { word, matches: matches.map(asDetails), match_count: ids.length },
    },
  );
}

/** `E_NOT_FOUND`: what was perhaps meant, and what is newest. */
export async function notFound(
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
    ...(forProgram ? [] : recent.flatMap(({ note }) => note || [])),
  ]);
  const hints = [
    close === undefined ? "" : `Did you mean ${quoted(close)}?`,
    newest.length === 0
      ? "There is no snapshot yet: save one with `jvs snapshot`."
      : `The newest: ${newest.map(shownAs).join(", ")}.`,
    forProgram ? "For a program notes are no names." : "",
  ];
  return new JvsError(
    "E_NOT_FOUND",
    `Cannot find snapshot ${quoted(word)}: no id, ref, tag${
      forProgram ? " or worktree" : ", worktree or note"
    } fits`,
    {
      hint: hints.filter((hint) => hint !== "").join(" "),
      details: { word, close: close ?? null, newest: newest.map(asDetails) },
    },
  );
}

/** What is known of snapshots; of one whose descriptor is damaged only its id is. */
function describe({ snapshots }: NamingSource, ids: readonly string[]): Promise<Listed[]> {
  return Promise.all(ids.map(async (id) => {
    const { created_at = null, note = null, tags = [] } = await snapshots.readable(id) ?? {};
    return { snapshot_id: id, created_at, note, tags };
  }));
}

function shownAs({ snapshot_id, created_at, note }: Listed): string {
  const cut = note !== null && note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE)}…` : note;
  const about = [created_at, cut && quoted(cut)].filter(Boolean).join(", ");
  return `${shortId(snapshot_id)}${about === "" ? "" : ` (${about})`}`;
}

function asDetails({ snapshot_id, created_at, note }: Listed): Record<string, string | null> {
  return { snapshot_id, created_at, note };
}
