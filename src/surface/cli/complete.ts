import { isJvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { openRepository } from "../../operation/call.ts";
import type { Catalog } from "../../operation/define.ts";
import { type Argument, argumentsOf, choicesOf, GLOBALS } from "./line/arguments.ts";
import { createContext } from "./context.ts";
import { type Line, readLine } from "./line/read_line.ts";
import type { Io } from "./io.ts";
import { oneLine } from "./render/style.ts";

/** The line that asks the shell for file names. */
const FILES = ":files";

/** What commands, flags, settings, ids, tags and other names are made of. */
const PLAIN_WORD = /^[\p{L}\p{M}\p{N}._-]+$/u;

/** The user does not read longer lists. */
const MOST_SNAPSHOTS = 50;

/** A word that fits at the cursor, and its meaning. */
type Candidate = readonly [word: string, about?: string];

/**
 * The words that fit at the end of a command line, one on each line with a tab and its meaning. Never fails: a shell would
 * put the error into the user's command line.
 */
export async function complete(words: readonly string[], catalog: Catalog, io: Io): Promise<string> {
  const { before, current, lead } = atCursor(words);
  try {
    const candidates = await candidatesFor(before, current, catalog, io);
    return candidates.filter(([word]) => word.startsWith(current) || word === FILES)
      .map((candidate) => answerLine(candidate, lead)).join("");
  } catch {
    return "";
  }
}

/**
 * One line of the answer. A record in the repository of another user may hold any word: bash puts what fits into the
 * command line as it is, so a word that no name can be is not offered.
 */
export function answerLine([word, about = ""]: Candidate, lead: string): string {
  if (word === FILES) return `${FILES}\n`;
  return PLAIN_WORD.test(word) ? `${lead}${word}\t${oneLine(about)}\n` : "";
}

/** Splits `--flag=value` into flag and value. Bash passes it as three words, zsh as one. */
function atCursor(words: readonly string[]): { before: string[]; current: string; lead: string } {
  const before = words.slice(0, -1).filter((word) => word !== "=");
  const last = words.at(-1) ?? "";
  const [, flag, value = ""] = /^(--[^=]+)=([^]*)$/.exec(last) ?? [];
  if (flag !== undefined) return { before: [...before, flag], current: value, lead: `${flag}=` };
  return { before, current: last === "=" ? "" : last, lead: "" };
}

async function candidatesFor(
  before: readonly string[],
  current: string,
  catalog: Catalog,
  io: Io,
): Promise<readonly Candidate[]> {
  const line = await readLine(before, catalog);
  const { open, operation, places, problem, words } = line;
  if (problem !== undefined && !isJvsError(problem)) throw problem;
  const own = operation === undefined ? [] : argumentsOf(operation.input.fields);
  // If the open flag needs no further value, another flag may follow.
  const mayBeFlag = current.startsWith("-") && (open?.hints.many || open?.hints.bare !== undefined);
  if (open !== undefined && !mayBeFlag) return await valuesOf(open, line, catalog, io);
  if (current.startsWith("-")) {
    const flags = [...own, ...argumentsOf(GLOBALS.fields)];
    const shown = flags.filter(({ hints }) => !hints.positional && !hints.hidden);
    return shown.flatMap(({ name, schema: { description, fallback }, negatable }) => [
      ...(fallback?.value === true ? [] : [[`--${name}`, description] as const]),
      ...(negatable ? [[`--no-${name}`, description] as const] : []),
    ]);
  }
  const [word] = words;
  if (word === undefined) return firstWords(catalog);
  if (operation === undefined) return words.length === 1 ? followingWords(word, catalog) : [];
  const positional = own.filter(({ hints }) => hints.positional);
  const last = positional.at(-1);
  const place = positional[places.length] ?? (last?.isList ? last : undefined);
  const named = places.at(-1);
  if (place?.hints.completes === "command" && named !== undefined) return followingWords(named, catalog);
  return place === undefined ? [] : await valuesOf(place, line, catalog, io);
}

function firstWords({ names }: Catalog): Candidate[] {
  return [...new Set(names.map((name) => name.split(" ")[0] as string))].map((word) => [word]);
}

/** The second words of the commands that begin with this word. */
function followingWords(word: string, catalog: Catalog): Candidate[] {
  return catalog.group(word).map((each) => [each.slice(word.length + 1)]);
}

async function valuesOf(
  argument: Argument,
  { given }: Line,
  catalog: Catalog,
  io: Io,
): Promise<readonly Candidate[]> {
  const what = argument.hints.completes;
  switch (what) {
    case "path":
      return [[FILES]];
    case "command":
      return firstWords(catalog);
    case "config": {
      const { CONFIG_KEYS, settingOf } = await import("../../repo/config_table.ts");
      return CONFIG_KEYS.map((key) => [key, settingOf(key).about]);
    }
    case undefined:
      return choicesOf(argument).map((word) => [word]);
  }
  // The rest is in the repository: snapshots, worktrees, refs.
  const [repo, directory] = ["repo", "directory"].map((flag) => given.get(flag)?.at(-1));
  const withoutActor = { needs: "nothing", changes: "nothing" } as const;
  const { store } = await openRepository(
    await createContext(withoutActor, GLOBALS.check({ repo, directory }), { io }),
  );
  const refs = (): Candidate[] => store.refs.list().map(({ ref_name, note }) => [ref_name, note]);
  if (what === "ref") return refs();
  if (what === "worktree") return store.worktrees.list().map(({ name, path }) => [name, path]);
  const newest = store.snapshots.list().slice(-MOST_SNAPSHOTS).reverse();
  const described = await Promise.all(newest.map(async (id) => {
    const { note, tags } = await store.snapshots.descriptor(id);
    return [shortId(id), ...tags].map((word) => [word, note] as const);
  }));
  return [
    ["HEAD", "the snapshot the worktree stands on"],
    ["LATEST", "the newest snapshot of its line"],
    ...refs(),
    ...new Map(described.flat()),
  ];
}
