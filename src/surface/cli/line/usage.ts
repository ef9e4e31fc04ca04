import { JvsError } from "../../../model/errors.ts";
import { nearest } from "../../../model/nearest.ts";
import { quoted } from "../../../model/path_text.ts";
import type { Catalog } from "../../../operation/define.ts";

/** What other programs call what a command does. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  add: "snapshot",
  branch: "worktree fork",
  checkout: "restore",
  checkpoint: "snapshot",
  clone: "worktree fork",
  commit: "snapshot",
  fork: "worktree fork",
  fsck: "doctor",
  log: "history",
  ls: "history",
  prune: "gc run",
  reset: "restore",
  revert: "restore",
  rollback: "restore",
  save: "snapshot",
  stash: "snapshot",
  switch: "restore",
  tag: "ref create",
  undo: "restore",
};

/** `E_USAGE` for wrong arguments or flags of a command. `meant` is the most similar correct word. */
export function usage(
  command: string,
  state: string,
  details: Record<string, unknown>,
  meant?: string,
): JvsError {
  const words = (first: string) => `\`${`${first} ${command}`.trimEnd()}\``;
  return new JvsError("E_USAGE", `Cannot run ${words("jvs")}: ${state}`, {
    hint: `${meant === undefined ? "" : `Did you mean ${meant}? `}See ${words("jvs help")}.`,
    details: { command, ...details, ...(meant === undefined ? {} : { meant }) },
  });
}

/** `E_USAGE` for words that are no command, with the most similar command. */
export function unknownCommand([word = "help", next]: readonly string[], catalog: Catalog): JvsError {
  const group = catalog.group(word);
  const words = next === undefined || group.length === 0 ? word : `${word} ${next}`;
  const names = catalog.names.flatMap((name) => [name, name.split(" ")[0] as string]);
  const other = Object.hasOwn(OTHER_NAMES, word) ? OTHER_NAMES[word] : undefined;
  const near = other !== undefined && catalog.has(other)
    ? other
    : nearest(words, group.length === 0 ? names : group);
  const state = words === word && group.length > 0 ? "it needs one more word" : "there is no such command";
  const all = group.length === 0
    ? "See `jvs help` for all commands."
    : `Use one of these: ${group.join(", ")}.`;
  return new JvsError("E_USAGE", `Cannot run ${quoted(`jvs ${words}`)}: ${state}`, {
    hint: near === undefined || near === words ? all : `Did you mean \`jvs ${near}\`? ${all}`,
    details: { command: words, commands: group, ...(near === undefined ? {} : { meant: near }) },
  });
}
