import { textOf } from "../model/bytes.ts";

/** A set of bytes such as `[a-z]`, and the position behind it in the pattern. */
export interface CharacterClass {
  /** 256 flags. */
  readonly members: Uint8Array;
  readonly end: number;
}

const BANG = 0x21;
const DASH = 0x2d;
const COLON = 0x3a;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;

/** The POSIX classes as git knows them: only ASCII. */
const NAMED: Record<string, RegExp> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  // deno-lint-ignore no-control-regex -- the class is about control characters
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** Reads the class that begins with the bracket at `start`; undefined if it is malformed. */
export function readCharacterClass(pattern: Uint8Array, start: number): CharacterClass | undefined {
  const members = new Uint8Array(256);
  let i = start + 1;
  const negated = pattern[i] === BANG || pattern[i] === CARET;
  if (negated) i++;
  let low: number | undefined; // the first byte of a range, if a dash follows
  // A closing bracket in first place is a member.
  for (const first = i; pattern[i] !== CLOSE || i === first;) {
    const named = pattern[i] === OPEN && pattern[i + 1] === COLON ? readNamed(pattern, i + 2) : undefined;
    const isRange = pattern[i] === DASH && low !== undefined && i + 1 < pattern.length &&
      pattern[i + 1] !== CLOSE;
    if (named !== undefined) {
      const test = NAMED[named.name];
      if (test === undefined) return undefined;
      for (let c = 0; c < 128; c++) if (test.test(String.fromCharCode(c))) members[c] = 1;
      low = undefined;
      i = named.end;
      continue;
    }
    if (isRange) i++;
    if (pattern[i] === BACKSLASH) i++;
    const byte = pattern[i++];
    if (byte === undefined) return undefined;
    if (isRange) members.fill(1, low, byte + 1);
    else members[byte] = 1;
    low = isRange ? undefined : byte;
  }
  return { members: negated ? members.map((member) => 1 - member) : members, end: i + 1 };
}

/** Reads the name in `[:name:]`, from behind the first colon; undefined if `:]` is missing. */
function readNamed(pattern: Uint8Array, start: number): { name: string; end: number } | undefined {
  const close = pattern.indexOf(CLOSE, start);
  if (close <= start || pattern[close - 1] !== COLON) return undefined;
  return { name: textOf(pattern.subarray(start, close - 1)), end: close + 1 };
}
