import { type BytePath, bytesOf, equalBytes, keyOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { grouped } from "../model/grouped.ts";
import { type CompiledPattern, compilePattern } from "./ignore_pattern.ts";

/** The rules of a `.jvsignore`. SPEC 5. */
export interface IgnoreRules {
  /**
   * Whether a path or a folder above it is ignored. No later rule can bring back a path in an ignored folder. It is
   * fastest if the paths of one folder come one after the other, as in a scan.
   */
  ignores(path: BytePath, isFolder: boolean): boolean;
}

/** Where rules are, for messages: the end of "Cannot use the ignore rules …", and what to do where they are too many. */
export interface RulesPlace {
  readonly name: string;
  readonly wayOut: string;
}

const IN_WORKTREE: RulesPlace = {
  name: "in .jvsignore",
  wayOut: "Ignore whole folders instead of each file in them.",
};

/** The most different rules: each path is compared with all of them. */
export const MOST_RULES = 20_000;

/**
 * Parses the `.jvsignore` of the payload root. It has the syntax of gitignore, in which every text is valid; `E_USAGE` for
 * one of more than `MOST_RULES` different rules.
 */
export function parseIgnoreRules(text: Uint8Array | string, place: RulesPlace = IN_WORKTREE): IgnoreRules {
  const encoded = typeof text === "string" ? bytesOf(text) : text;
  const bytes = equalBytes(encoded.subarray(0, 3), BYTE_ORDER_MARK) ? encoded.subarray(3) : encoded;
  const rules: Rule[] = [];
  // The last rule that matches decides, so a line that comes again below has no effect.
  const below = new Set<string>();
  for (let end = bytes.length; end >= 0;) {
    const start = end === 0 ? 0 : bytes.lastIndexOf(NEWLINE, end - 1) + 1;
    const line = bytes.subarray(start, bytes[end - 1] === RETURN && end > start ? end - 1 : end);
    const key = line.length === 0 || line[0] === HASH ? undefined : keyOf(line);
    if (key !== undefined && !below.has(key)) {
      const rule = parseLine(line);
      if (rule !== undefined) rules.push(rule);
      below.add(key);
      if (rules.length > MOST_RULES) throw tooMany(place);
    }
    end = start - 1;
  }
  return new Rules(rules);
}

function tooMany({ name, wayOut }: RulesPlace): JvsError {
  const many = grouped(MOST_RULES);
  return new JvsError("E_USAGE", `Cannot use the ignore rules ${name}: they are more than ${many}`, {
    hint: wayOut,
  });
}

const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const BANG = 0x21;
const HASH = 0x23;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;

interface Rule extends CompiledPattern {
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  /** The pattern has no slash, so it is compared with the last part of a path, at any depth. */
  readonly nameOnly: boolean;
}

class Rules implements IgnoreRules {
  /** The last folder that is not ignored, nor any folder above it. Its entries need not check the folders again. */
  private folder = new Uint8Array(256);
  private folderLength = 0;

  /** The last rule of the text comes first. */
  constructor(private readonly rules: readonly Rule[]) {}

  ignores(path: BytePath, isFolder: boolean): boolean {
    if (path.length === 0 || this.rules.length === 0) return false;
    const known = this.knownFolder(path);
    let nameStart = known === 0 ? 0 : known + 1;
    for (let end; (end = path.indexOf(SLASH, nameStart)) !== -1;) {
      if (this.decide(path, nameStart, end, true)) return true;
      nameStart = end + 1;
    }
    if (nameStart - 1 > known) this.remember(path.subarray(0, nameStart - 1));
    return this.decide(path, nameStart, path.length, isFolder);
  }

  /** Whether the path that ends at `end` is ignored: the last rule that matches decides. */
  private decide(path: BytePath, nameStart: number, end: number, isFolder: boolean): boolean {
    const lastByte = path[end - 1] as number;
    for (const rule of this.rules) {
      if (rule.lastBytes[lastByte] === 0 || (rule.foldersOnly && !isFolder)) continue;
      if (rule.matches(path, rule.nameOnly ? nameStart : 0, end)) return !rule.negated;
    }
    return false;
  }

  /** The length of the deepest folder on this path that is known not to be ignored; 0 for the root. */
  private knownFolder(path: BytePath): number {
    const { folder, folderLength } = this;
    let common = 0;
    while (common < folderLength && path[common] === folder[common]) common++;
    if (common === folderLength && path[common] === SLASH) return common;
    return common === 0 ? 0 : Math.max(0, path.lastIndexOf(SLASH, common - 1));
  }

  private remember(folder: Uint8Array): void {
    if (folder.length > this.folder.length) this.folder = new Uint8Array(folder.length * 2);
    this.folder.set(folder);
    this.folderLength = folder.length;
  }
}

function parseLine(line: Uint8Array): Rule | undefined {
  if (line[0] === HASH) return undefined;
  let pattern = withoutTrailingSpaces(line);
  const negated = pattern[0] === BANG;
  if (negated) pattern = pattern.subarray(1);
  const foldersOnly = pattern[pattern.length - 1] === SLASH;
  if (foldersOnly) pattern = pattern.subarray(0, -1);
  const nameOnly = !pattern.includes(SLASH);
  if (pattern[0] === SLASH) pattern = pattern.subarray(1);
  if (pattern.length === 0) return undefined;
  const compiled = compilePattern(pattern, { nameOnly });
  return compiled === undefined ? undefined : { ...compiled, negated, foldersOnly, nameOnly };
}

/** Removes spaces at the end, except a space behind a backslash. */
function withoutTrailingSpaces(line: Uint8Array): Uint8Array {
  let end = 0;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === BACKSLASH) i++;
    else if (line[i] === SPACE) continue;
    end = i + 1;
  }
  return line.subarray(0, end);
}
