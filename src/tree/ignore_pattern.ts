import { equalBytes, textOf } from "../model/bytes.ts";

/** Whether a pattern matches the part of a path from `start` to `end`. */
type PathTest = (path: Uint8Array, start: number, end: number) => boolean;

/** A pattern, ready to be compared with paths. */
export interface CompiledPattern {
  readonly matches: PathTest;
  /** 256 flags: the possible last bytes of a match. They rule out nearly all patterns at once. */
  readonly lastBytes: Uint8Array;
}

/**
 * Turns a gitignore pattern, without `!` and outer slashes, into a test. The time of the test grows only with the length
 * of the path. A malformed pattern gives undefined, because it matches nothing in git. `nameOnly`: the pattern has no slash
 * and is compared with single names.
 */
export function compilePattern(
  pattern: Uint8Array,
  { nameOnly }: { nameOnly: boolean },
): CompiledPattern | undefined {
  const steps = readSteps(pattern);
  return steps && { matches: testOf(steps, nameOnly), lastBytes: lastBytesOf(steps) };
}

function testOf(steps: Steps, nameOnly: boolean): PathTest {
  const { accepts, loops } = steps;
  const literal = accepts.map((step) => typeof step === "number" ? step : -1);
  if (literal.includes(-1) || loops.slice(1).some((loop) => loop !== Loop.none)) return nfaTest(steps);
  if (loops[0] === Loop.none) return literalTest(Uint8Array.from(literal));
  return nameOnly ? suffixTest(Uint8Array.from(literal)) : nfaTest(steps);
}

const BANG = 0x21;
const STAR = 0x2a;
const DASH = 0x2d;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION = 0x3f;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;

const SPECIAL = [STAR, QUESTION, BRACKET, BACKSLASH];

/** What a match may skip before a step: nothing, bytes without a slash, any bytes. */
const Loop = { none: 0, name: 1, any: 2 } as const;
type Loop = typeof Loop[keyof typeof Loop];

/** Zero or more whole folders: the meaning of `**` before a slash. */
const FOLDERS = "folders";

/** A step matches one byte: this byte, or one of a set (256 flags). Only `FOLDERS` matches zero or more bytes. */
type Step = number | Uint8Array | typeof FOLDERS;

interface Steps {
  readonly accepts: Step[];
  /** One for each step and one for the end. */
  readonly loops: Loop[];
}

function readSteps(pattern: Uint8Array): Steps | undefined {
  const accepts: Step[] = [];
  const loops: Loop[] = [Loop.none];
  const take = (step: Step) => {
    accepts.push(step);
    loops.push(Loop.none);
  };
  // git compares the plain beginning separately and matches the rest, so the rest begins here.
  const firstSpecial = pattern.findIndex((byte) => SPECIAL.includes(byte));
  for (let i = 0; i < pattern.length;) {
    const byte = pattern[i] as number;
    if (byte === STAR) {
      const end = afterStars(pattern, i);
      const begins = i === firstSpecial || pattern[i - 1] === SLASH;
      const wide = end - i > 1 && begins && endsPart(pattern, end);
      if (!wide) loops[accepts.length] = Loop.name;
      else if (pattern[end] !== SLASH) loops[accepts.length] = Loop.any;
      else if (accepts[accepts.length - 1] !== FOLDERS) take(FOLDERS);
      i = wide && pattern[end] === SLASH ? end + 1 : end;
    } else if (byte === BRACKET) {
      const found = readCharacterClass(pattern, i);
      if (found === undefined) return undefined;
      found.members[SLASH] = 0;
      take(found.members);
      i = found.end;
    } else if (byte === QUESTION) {
      take(ANY_OF_NAME);
      i++;
    } else {
      if (byte === BACKSLASH) i++;
      const escaped = pattern[i++];
      if (escaped === undefined) return undefined;
      take(escaped);
    }
  }
  return { accepts, loops };
}

const ANY_OF_NAME = new Uint8Array(256).fill(1);
ANY_OF_NAME[SLASH] = 0;

function afterStars(pattern: Uint8Array, start: number): number {
  let end = start;
  while (pattern[end] === STAR) end++;
  return end;
}

function endsPart(pattern: Uint8Array, end: number): boolean {
  return end === pattern.length || pattern[end] === SLASH ||
    (pattern[end] === BACKSLASH && pattern[end + 1] === SLASH);
}

function lastBytesOf({ accepts, loops }: Steps): Uint8Array {
  const last = accepts[accepts.length - 1];
  if (last === undefined || last === FOLDERS || loops[accepts.length] !== Loop.none) return ANY;
  return typeof last === "number" ? ONLY[last] as Uint8Array : last;
}

// The flags that most patterns have are shared: for many rules those of each would be the largest part of them.
const ANY = new Uint8Array(256).fill(1);
const ONLY = Array.from({ length: 256 }, (_, byte) => new Uint8Array(256).fill(1, byte, byte + 1));

function literalTest(literal: Uint8Array): PathTest {
  return (path, start, end) =>
    end - start === literal.length && equalBytes(path.subarray(start, end), literal);
}

function suffixTest(suffix: Uint8Array): PathTest {
  return (path, start, end) =>
    end - start >= suffix.length && equalBytes(path.subarray(end - suffix.length, end), suffix);
}

/** Compares only paths that are long enough; the tables, which take memory, are made for the first of these. */
function nfaTest(steps: Steps): PathTest {
  const least = steps.accepts.filter((step) => step !== FOLDERS).length;
  let follow: PathTest | undefined;
  return (path, start, end) => end - start >= least && (follow ??= followAll(steps))(path, start, end);
}

/**
 * Follows all possible matches at the same time. Bit k of the state says that the first k steps can match the bytes read
 * so far. So each byte costs one round over the words of the state, and no pattern makes the test go back.
 */
function followAll({ accepts, loops }: Steps): PathTest {
  const words = (accepts.length >> 5) + 1;
  const moves = new Int32Array(256 * words);
  const nameLoops = new Int32Array(words);
  const anyLoops = new Int32Array(words);
  const folders = new Int32Array(words);
  // Sets the bit of step k in the words that begin at `row`.
  const mark = (bits: Int32Array, k: number, row = 0) => {
    const index = row + (k >> 5);
    bits[index] = (bits[index] as number) | (1 << (k & 31));
  };
  loops.forEach((loop, k) => {
    if (loop !== Loop.none) mark(loop === Loop.any ? anyLoops : nameLoops, k);
  });
  accepts.forEach((step, k) => {
    for (const byte of bytesOfStep(step)) mark(moves, k, byte * words);
    if (step !== FOLDERS) return;
    mark(anyLoops, k);
    mark(folders, k);
  });
  const last = 1 << (accepts.length & 31);
  const state = new Int32Array(words);
  return (path, start, end) => {
    state.fill(0);
    state[0] = accepts[0] === FOLDERS ? 3 : 1;
    for (let i = start; i < end; i++) {
      const byte = path[i] as number;
      let carry = 0;
      let alive = 0;
      for (let w = 0; w < words; w++) {
        const now = state[w] as number;
        const moved = now & (moves[byte * words + w] as number);
        const entered = (moved << 1) | (carry & 1);
        // FOLDERS also matches nothing, so a state that enters this step passes it too.
        const passed = entered & (folders[w] as number);
        const stays = now & ((anyLoops[w] as number) | (byte === SLASH ? 0 : nameLoops[w] as number));
        const next = entered | (passed << 1) | (carry >> 1) | stays;
        carry = (moved >>> 31) | (passed >>> 31 << 1);
        state[w] = next;
        alive |= next;
      }
      if (alive === 0) return false;
    }
    return ((state[words - 1] as number) & last) !== 0;
  };
}

function bytesOfStep(step: Step): number[] {
  if (step === FOLDERS) return [SLASH];
  if (typeof step === "number") return [step];
  return [...step.keys()].filter((byte) => step[byte] === 1);
}

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

/**
 * Reads a set of bytes such as `[a-z]`, which begins at `start`: its 256 flags, and the position behind it; undefined if
 * it is malformed.
 */
function readCharacterClass(
  pattern: Uint8Array,
  start: number,
): { members: Uint8Array; end: number } | undefined {
  const members = new Uint8Array(256);
  let i = start + 1;
  const negated = pattern[i] === BANG || pattern[i] === CARET;
  if (negated) i++;
  let low: number | undefined; // the first byte of a range, if a dash follows
  // A closing bracket in first place is a member.
  for (const first = i; pattern[i] !== CLOSE || i === first;) {
    const named = pattern[i] === BRACKET && pattern[i + 1] === COLON ? readNamed(pattern, i + 2) : undefined;
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
