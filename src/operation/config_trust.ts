import { JvsError } from "../model/errors.ts";
import { anything, boolean, record, text } from "../model/schema.ts";
import { areProgramsTrusted, trustPrograms } from "../repo/trust.ts";
import { defineOperation } from "./define.ts";

/** Lets the programs run that a repository's settings name. */
export const configTrust = defineOperation({
  name: "config trust",
  summary: "Let the programs run that this repository's settings name",
  about:
    "Trust is yours alone, for exactly these programs in this repository: when anybody changes them, they do not " +
    "run until you trust them again. It is kept in your own config folder. Look at them first: `jvs config get hooks`.",
  changes: "outside",
  input: record({}, { closed: true }),
  output: record({
    repository: text(),
    programs: anything().about("What may run now."),
    already_trusted: boolean(),
  }),
  async run({ store, userConfig }) {
    const text = store.config.programs();
    if (text === undefined) {
      throw new JvsError(
        "E_NOT_FOUND",
        "Cannot trust anything: this repository's settings name no programs to run.",
        {
          hint: "Name one with `jvs config set hooks.NAME PROGRAM` first.",
        },
      );
    }
    if (userConfig === undefined) {
      throw new JvsError("E_USAGE", "Cannot keep what you trust: you have no config folder.", {
        hint: "Set HOME or XDG_CONFIG_HOME.",
      });
    }
    const named = { root: store.layout.root, programs: text };
    const already_trusted = await areProgramsTrusted(userConfig, named);
    if (!already_trusted) await trustPrograms(userConfig, named);
    return { repository: store.layout.root, programs: store.config.get("hooks"), already_trusted };
  },
});
