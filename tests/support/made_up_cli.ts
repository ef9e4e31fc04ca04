import { boolean, integer, list, oneOf, record, text } from "../../src/model/schema.ts";
import { JvsError } from "../../src/model/errors.ts";
import { catalogOf, defineFreeOperation } from "../../src/operation/define.ts";
import { helpOn } from "../../src/operation/help.ts";
import type { Io } from "../../src/surface/cli/io.ts";

/** A made-up environment for tests: it keeps all output, and its clock stands still until a test sets it. */
export class FakeIo implements Io {
  stdout = "";
  stderr = "";
  time = Date.parse("2026-05-01T12:00:00Z");
  exited: number | undefined;

  constructor(readonly variables: Record<string, string> = {}, readonly terminal = false) {}

  out(text: string): boolean {
    this.stdout += text;
    return true;
  }
  err(text: string): void {
    this.stderr += text;
  }
  get outIsTerminal(): boolean {
    return this.terminal;
  }
  get errIsTerminal(): boolean {
    return this.terminal;
  }
  columns(): number {
    return 80;
  }
  env(name: string): string | undefined {
    return this.variables[name];
  }
  cwd(): string {
    return "/";
  }
  now(): number {
    return this.time;
  }
  exit(code: number): never {
    this.exited = code;
    throw new Error(`exit ${code}`);
  }
}

const paint = defineFreeOperation({
  name: "paint",
  summary: "Put a colour on something",
  about:
    "First paragraph.\n\nSecond paragraph, which goes on for a while so that it has to be broken into more than one " +
    "line of at most a hundred columns.",
  examples: [["jvs paint wall --colour red", "a red wall"]],
  changes: "nothing",
  input: record({
    what: text().about("What to paint.").cli({ positional: true }),
    colour: oneOf("red", "green").default("green").about("Which one.").cli({ short: "c" }),
    coats: integer({ min: 1 }).default(1).about("How often."),
    labels: list(text()).default([]).cli({ flag: "label", placeholder: "LABEL" }),
    paths: list(text()).optional().cli({ many: true, completes: "path" }),
    name: text().optional().cli({ bare: "" }),
    verify: boolean().optional().about("Look at it afterwards."),
    dry: boolean().default(false),
    reason: text().optional(),
    old: text().optional().cli({ hidden: true }),
  }, { closed: true }),
  output: record({ what: text(), colour: text() }),
  failed: (result) => result.what === "nothing",
  run(context, input) {
    context.reporter.warn("wet paint");
    if (input.what === "cat") {
      throw new JvsError("E_PERMISSION", "Cannot paint the cat: it refuses", { hint: "Ask it." });
    }
    return Promise.resolve({ what: input.what, colour: input.colour });
  },
});

const fork = defineFreeOperation({
  name: "tree fork",
  summary: "Make another tree",
  changes: "outside",
  input: record({
    from: text().optional().cli({ positional: true }),
    name: text().cli({ positional: true }),
  }, { closed: true }),
  output: record({ from: text().optional(), name: text(), actor: text() }),
  run: (context, input) => Promise.resolve({ ...input, actor: context.actor }),
});

const show = defineFreeOperation({
  name: "tree list",
  summary: "Show many",
  changes: "nothing",
  input: record({ names: list(text()).default([]).cli({ positional: true }) }, { closed: true }),
  output: record({ names: list(text()) }),
  run: (_context, input) => Promise.resolve(input),
});

/** Made-up operations: `paint`, `tree fork`, `tree list` and `help`. */
export const madeUp = catalogOf({
  "paint": () => Promise.resolve(paint),
  "tree fork": () => Promise.resolve(fork),
  "tree list": () => Promise.resolve(show),
  "help": () => Promise.resolve(helpOn(madeUp)),
});
