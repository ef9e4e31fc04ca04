import { shortId } from "../../model/ids.ts";
import { silentReporter } from "../../model/progress.ts";
import type { AnyOperation } from "../../operation/define.ts";
import { openRepository } from "../../operation/call.ts";
import type { Catalog } from "../../operation/catalog.ts";
import { type Argument, argumentsOf, choicesOf } from "./arguments.ts";
import { createContext } from "./context.ts";
import { wordPlaces } from "./find_command.ts";
import { GLOBALS } from "./globals.ts";
import type { Io } from "./io.ts";
import { oneLine } from "./style.ts";

/** Asks the shell for names of files. */
const FILES = ":files";

/** So many snapshots are offered; nobody reads more. */
const MOST_SNAPSHOTS = 50;

/** A word that may stand at the cursor, and what it means. */
type Candidate = readonly [word: string, what?: string];

/**
 * What may stand at the end of these words, one a line with what it means after a tab. Never fails: what cannot be looked
 * up is left out, since a shell would put an error into the user's command line.
 */
export async function complete(words: readonly string[], catalog: Catalog, io: Io): Promise<string> {
  const { before, current, lead } = atCursor(words);
  try {
    const candidates = await candidatesFor(before, current, catalog, io);
    return candidates.filter(([word]) => word === FILES || word.startsWith(current))
      .map(([word, what = ""]) => word === FILES ? `${word}\n` : `${lead}${word}\t${what}\n`).join("");
  } catch {
    return ""; // see above
  }
}

/** Bash makes words of their own of `--flag`, `=` and the value; zsh leaves them one. Both become a flag and a value. */
function atCursor(words: readonly string[]): { before: string[]; current: string; lead: string } {
  const before = words.slice(0, -1).filter((word) => word !== "=");
  const last = words.at(-1) ?? "";
  const [, flag, value] = /^(--[^=]+)=([^]*)$/.exec(last) ?? [];
  if (flag !== undefined && value !== undefined) {
    return { before: [...before, flag], current: value, lead: `${flag}=` };
  }
  return { before, current: last === "=" ? "" : last, lead: "" };
}

async function candidatesFor(
  before: readonly string[],
  current: string,
  catalog: Catalog,
  io: Io,
): Promise<readonly Candidate[]> {
  const [first, second] = wordPlaces(before);
  const word = first === undefined ? undefined : before[first] as string;
  const two = second === undefined ? undefined : catalog.resolve(`${word} ${before[second]}`);
  const name = two ?? (word === undefined ? undefined : catalog.resolve(word));
  const operation = name === undefined ? undefined : await catalog.load(name);
  const own = operation === undefined ? [] : argumentsOf(operation.input.fields);
  const all = [...own, ...argumentsOf(GLOBALS.fields)];
  const asking = flagAsking(all, before.at(-1));
  if (asking !== undefined) return await valuesOf(asking, before, catalog, io);
  if (current.startsWith("-")) return flagsOf(all.filter(({ hints }) => !hints.positional && !hints.hidden));
  if (word === undefined) return firstWords(catalog);
  if (operation === undefined) {
    return second === undefined ? catalog.group(word).map((each) => [each.slice(word.length + 1)]) : [];
  }
  const used = usedPlaces(before.slice((two === undefined ? first : second as number) as number + 1), all);
  const places = own.filter(({ hints }) => hints.positional);
  const place = places[used] ?? (places.at(-1)?.isList ? places.at(-1) : undefined);
  if (place?.hints.completes === "command" && used > 0) return await followingWords(before, catalog);
  return place === undefined ? [] : await valuesOf(place, before, catalog, io);
}

/** The flag whose value stands at the cursor. */
function flagAsking(all: readonly Argument[], last: string | undefined): Argument | undefined {
  return all.find(({ name, hints, takesValue }) =>
    takesValue && last !== undefined && (last === `--${name}` || last === `-${hints.short}`)
  );
}

function flagsOf(flags: readonly Argument[]): Candidate[] {
  return flags.flatMap(({ name, schema, negatable }) => {
    const about = schema.description;
    const plain: Candidate[] = schema.fallback?.value === true ? [] : [[`--${name}`, about]];
    return negatable ? [...plain, [`--no-${name}`, about] as const] : plain;
  });
}

/** How many of these words are arguments: neither flags nor their values. */
function usedPlaces(words: readonly string[], all: readonly Argument[]): number {
  let used = 0;
  words.forEach((word, i) => {
    if (!word.startsWith("-") && flagAsking(all, words[i - 1]) === undefined) used++;
  });
  return used;
}

function firstWords({ names }: Catalog): Candidate[] {
  return [...new Set(names.map((name) => name.split(" ")[0] as string))].map((word) => [word]);
}

/** The second word after `help worktree`. */
function followingWords(before: readonly string[], catalog: Catalog): Candidate[] {
  const word = before.at(-1) ?? "";
  return catalog.group(word).map((each) => [each.slice(word.length + 1)]);
}

async function valuesOf(
  argument: Argument,
  before: readonly string[],
  catalog: Catalog,
  io: Io,
): Promise<readonly Candidate[]> {
  switch (argument.hints.completes) {
    case "path":
      return [[FILES]];
    case "command":
      return firstWords(catalog);
    case "config": {
      const { CONFIG_KEYS, settingOf } = await import("../../repo/config_table.ts");
      return CONFIG_KEYS.map((key) => [key, settingOf(key).about]);
    }
    case undefined: {
      const choices = choicesOf(argument);
      return choices.map((word) => [word]);
    }
  }
  return await fromRepository(argument.hints.completes, before, io);
}

async function fromRepository(
  what: "snapshot" | "worktree" | "ref",
  before: readonly string[],
  io: Io,
): Promise<readonly Candidate[]> {
  const valueOf = (...flags: string[]) => before[before.findIndex((word) => flags.includes(word)) + 1];
  const asked = (...flags: string[]) =>
    before.some((word) => flags.includes(word)) ? valueOf(...flags) : undefined;
  const given = { ...GLOBALS.check({}), repo: asked("--repo"), directory: asked("-C", "--directory") };
  const nobody: Pick<AnyOperation, "needs" | "changes"> = { needs: "nothing", changes: "nothing" };
  const signal = new AbortController().signal;
  const { store } = await openRepository(
    await createContext(nobody, GLOBALS.check(given), { io, reporter: silentReporter, signal }),
  );
  const refs = (): Candidate[] => store.refs.list().map(({ ref_name, note }) => [ref_name, oneLine(note)]);
  if (what === "ref") return refs();
  if (what === "worktree") return store.worktrees.list().map(({ name, path }) => [name, path]);
  const newest = store.snapshots.list().slice(-MOST_SNAPSHOTS).reverse();
  const described = await Promise.all(newest.map(async (id): Promise<Candidate[]> => {
    const { note, tags } = await store.snapshots.descriptor(id);
    return [[shortId(id), oneLine(note)], ...tags.map((tag) => [tag, oneLine(note)] as const)];
  }));
  const byWord = new Map(described.flat().map((each) => [each[0], each]));
  return [
    ["HEAD", "where the worktree stands"],
    ["LATEST", "the newest of its line"],
    ...refs(),
    ...byWord.values(),
  ];
}
