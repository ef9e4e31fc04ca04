/** A promise was not kept. The message says what happened. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** A rule could not be checked here. The message says why. */
export class NotRun extends Error {
  override readonly name = "NotRun";
}

/** Fails the rule unless the condition holds. */
export function must(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Broken(otherwise);
}

/** Fails the rule unless two values are the same as JSON. */
export function mustBe(found: unknown, expected: unknown, what: string): void {
  const [is, should] = [found, expected].map((value) => JSON.stringify(value) ?? "nothing");
  if (is !== should) throw new Broken(`${what}: it must be ${short(should)}, and is ${short(is)}`);
}

/** Why a rule is not checked on a disk that is full. */
export const NO_ROOM = "the disk has too little room";

/** How the program under test, Deno and the programs of the system say that the disk or the quota is full. */
const FULL = /\b(E_NO_SPACE|ENOSPC|EDQUOT)\b|No space left on device|Disk quota exceeded/;

/** Whether a rule ended because the disk is full: that breaks no promise. */
export function isForRoom(error: unknown): boolean {
  return error instanceof Error && FULL.test(error.message);
}

const MOST = 600;

/** A text that is not too long to read. */
export function short(text = ""): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST)}…`;
}
