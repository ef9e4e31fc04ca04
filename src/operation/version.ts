import { integer, oneOf, record, text } from "../model/schema.ts";
import { FORMAT_VERSION, VERSION } from "../model/version.ts";
import { executable } from "../platform/executable.ts";
import { defineFreeOperation, JVS_VERSION } from "./define.ts";

const WAYS_IN = ["checkout", "npm", "pypi", "jsr", "executable", "bundle"] as const;

/** Shows the versions of the program. */
export const version = defineFreeOperation({
  name: "version",
  summary: "Show which jvs this is",
  examples: [["jvs version --json", "for a bug report"]],
  changes: "nothing",
  input: record({}, { closed: true }),
  output: record({
    version: JVS_VERSION,
    format_version: integer().about("The format of new repositories. JVS does not read newer formats."),
    deno: text().about("The version of Deno that runs it."),
    installed: oneOf(...WAYS_IN).about("How it came here: as which package, or as a checkout of the source."),
    program: text().about("Where the program is: a path, or the address that it was loaded from."),
  }),
  run: () =>
    Promise.resolve({
      version: VERSION,
      format_version: FORMAT_VERSION,
      deno: Deno.version.deno,
      ...placeOf(import.meta.url, executable()),
    }),
});

/** How the program came here, by the URL of its source and, for an executable, by its path. */
export function placeOf(url: string, executable: string | undefined): Place {
  if (executable !== undefined) return { installed: "executable", program: executable };
  if (!url.startsWith("file:")) {
    return { installed: "jsr", program: url.replace(/\/src\/operation\/[^/]*$/, "") };
  }
  const path = decodeURIComponent(new URL(url).pathname);
  const checkout = /^([^]*)\/src\/operation\/[^/]*$/.exec(path)?.[1];
  if (checkout !== undefined) return { installed: "checkout", program: checkout };
  const installed = path.includes("/node_modules/")
    ? "npm"
    : path.endsWith("/_program/jvs.js")
    ? "pypi"
    : "bundle";
  return { installed, program: path };
}

interface Place {
  readonly installed: typeof WAYS_IN[number];
  readonly program: string;
}
