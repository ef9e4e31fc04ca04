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
        name: text().about("Its name on the command line, such as `worktree fork`."),
        summary: text().about("What it does, in one sentence without a full stop."),
        about: text().about("More about it; empty if there is no more to say."),
        changes: oneOf("nothing", "worktree", "repository", "outside")
          .about("What it changes; `outside`: it makes a repository."),
        input: anything().about("JSON Schema of the input."),
        output: anything().about("JSON Schema of the result."),
      })).about("The commands that were asked for, or all."),
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
