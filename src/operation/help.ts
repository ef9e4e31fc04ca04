import { anything, list, oneOf, record, text } from "../model/schema.ts";
import { JvsError } from "../model/errors.ts";
import { type Catalog, defineFreeOperation } from "./define.ts";

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
      command: list(text()).default([]).about("The command.").cli({ positional: true, completes: "command" }),
    }, { closed: true }),
    output: record({
      commands: list(record({
        name: text(),
        summary: text(),
        about: text(),
        changes: oneOf("nothing", "worktree", "repository", "outside"),
        input: anything().about("JSON Schema of the input."),
        output: anything().about("JSON Schema of the result."),
      })),
    }),
    async run(_context, input) {
      const command = input.command.join(" ");
      const found = await catalog.loadNamed(command);
      if (found.length === 0) {
        throw new JvsError("E_USAGE", `Cannot explain "${command}": there is no such command`, {
          hint: "See `jvs help` for all commands.",
          details: { command },
        });
      }
      const commands = found.map(({ name, summary, about = "", changes, input, output }) => ({
        name,
        summary,
        about,
        changes,
        input: input.json(),
        output: output.json(),
      }));
      return { commands };
    },
  });
}
