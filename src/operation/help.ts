import { anything, list, oneOf, record, text } from "../model/schema.ts";
import { JvsError } from "../model/errors.ts";
import { type AnyOperation, defineFreeOperation } from "./define.ts";
import type { Catalog } from "./catalog.ts";

const HelpResult = record({
  commands: list(record({
    name: text(),
    summary: text(),
    about: text(),
    changes: oneOf("nothing", "worktree", "repository", "outside"),
    input: anything().about("JSON Schema of the input."),
    output: anything().about("JSON Schema of the result."),
  })),
});

/** Describes the operations of a catalog, which includes `help` itself. */
export function helpOn(catalog: Catalog) {
  return defineFreeOperation({
    name: "help",
    summary: "List the commands, or explain one",
    examples: [
      ["jvs help", "lists all commands"],
      ["jvs help worktree fork", "explains one"],
    ],
    changes: "nothing",
    input: record({
      command: list(text()).default([]).about("The command.")
        .cli({ positional: true, completes: "command" }),
    }, { closed: true }),
    output: HelpResult,
    async run(_context, { command }) {
      const found = await named(catalog, command.join(" "));
      return {
        commands: found.map((each) => ({
          name: each.name,
          summary: each.summary,
          about: each.about ?? "",
          changes: each.changes,
          input: each.input.json(),
          output: each.output.json(),
        })),
      };
    },
  });
}

async function named(catalog: Catalog, words: string): Promise<AnyOperation[]> {
  if (words === "") return await catalog.loadAll();
  if (catalog.has(words)) return [await catalog.load(words)];
  const group = catalog.group(words);
  if (group.length > 0) return await Promise.all(group.map(catalog.load));
  throw new JvsError("E_USAGE", `Cannot explain "${words}": there is no such command`, {
    hint: "See `jvs help` for all commands.",
    details: { command: words },
  });
}
