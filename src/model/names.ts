import { ERROR_CLASSES, type ErrorCode, isJvsError, JvsError, unlessThrown } from "./errors.ts";
import { isSnapshotId } from "./ids.ts";
import { quoted } from "./path_text.ts";

const MOST = 128;
const MOST_TAGS = 1000;
const ALLOWED = /^[A-Za-z0-9._-]+$/;
const RESERVED_REFS = ["HEAD", "LATEST", "LAST-GOOD"];

/**
 * A valid name for a file in `.jvs/`, in the form to store; the message uses `what`. `insteadOfPath` is the way out for who
 * gave a path. SPEC 8.
 */
export function checkName(
  name: string,
  what: string,
  insteadOfPath: string = ERROR_CLASSES.E_NAME_INVALID[1],
): string {
  const normal = name.normalize("NFC");
  if (/[/\\\0]/.test(normal) || normal === "..") {
    throw refusal(name, what, "it is a path, not a name", insteadOfPath, "E_PATH_ESCAPE");
  }
  checkCharacters(normal, what);
  if (/^[.-]/.test(normal)) {
    const state = `it begins with a ${normal.startsWith(".") ? "dot" : "dash"}`;
    throw refusal(name, what, state, "Begin it with a letter, a digit or an underscore.");
  }
  return normal;
}

/** A valid tag. SPEC 15, rule 30. */
export function checkTag(tag: string): string {
  checkCharacters(tag, "tag");
  return tag;
}

/** Valid tags of one snapshot: a few labels, which every reader of its record reads. */
export function checkTags(tags: readonly string[]): void {
  for (const tag of tags) checkTag(tag);
  if (tags.length <= MOST_TAGS) return;
  throw new JvsError("E_USAGE", `Cannot give a snapshot ${tags.length} tags: that is too many`, {
    hint: `Give at most ${MOST_TAGS}. A list of its properties is better kept in a file of the worktree.`,
    details: { tags: tags.length },
  });
}

/** A valid name of a ref, which no other way of naming a snapshot uses. SPEC 7. */
export function checkRefName(name: string): string {
  const normal = checkName(name, "ref");
  const meaning = RESERVED_REFS.includes(normal.toUpperCase())
    ? "a reserved word"
    : isSnapshotId(normal.toLowerCase())
    ? "the form of a snapshot id"
    : undefined;
  if (meaning === undefined) return normal;
  throw refusal(name, "ref", `it is ${meaning}`, "Choose another name.");
}

/** Whether a check takes a name and leaves it as it is. */
export function isAccepted(name: string, check: (name: string) => string): boolean {
  const isRefused = (error: unknown) => isJvsError(error, "E_NAME_INVALID", "E_PATH_ESCAPE");
  return unlessThrown(isRefused, () => check(name)) === name;
}

function checkCharacters(name: string, what: string): void {
  const refuse = (state: string, hint: string) => refusal(name, what, state, hint);
  if (name === "") throw refuse("it is empty", "Give at least one character.");
  if (name.length > MOST) throw refuse(`it has ${name.length} characters`, `Use at most ${MOST}.`);
  if (!ALLOWED.test(name)) {
    throw refuse("it has a character that is not allowed", ERROR_CLASSES.E_NAME_INVALID[1]);
  }
}

function refusal(
  name: string,
  what: string,
  state: string,
  hint: string,
  code: ErrorCode = "E_NAME_INVALID",
): JvsError {
  return new JvsError(code, `Cannot use ${quoted(name)} as ${what} name: ${state}`, {
    hint,
    details: { name, what },
  });
}
