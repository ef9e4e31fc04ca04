import { scanSource, type Source } from "./source_scan.ts";

/** Source text by path from the project's folder, such as `src/model/ids.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** The layers from top to bottom. A file may import from its own layer and from the layers below. */
const LAYERS = [
  "surface",
  "operation",
  "conformance",
  "protocol",
  "repo",
  "engine",
  "tree",
  "platform",
  "model",
];
const SURFACES = /^src\/surface\/(cli|library|rpc|mcp)\b/;
const ENGINES = /^src\/engine\/(copy|reflink|juicefs|btrfs)/;

/** These files may use paths, for things outside a control plane: payload roots, folders of users, files of the system. */
const BY_PATH =
  /^src\/(platform\/|surface\/|conformance\/|operation\/(demo|info)\.|protocol\/(look\/paths|repository\/relocate|verify\/leftovers|worktree\/(payload_roots|unknown_folders))\.|repo\/(control_plane|create|discover|new_repository_place|owners|payload_place|store|trust|trusted_programs)\.)/;
const ONLY_CONTROL_PATHS = "what is in .jvs is reached by ControlPath alone, which follows no link";

/** Names that only some files may use. The library is silent, and only one layer knows the system. */
const RESERVED: [what: RegExp, allowed: RegExp, why: string][] = [
  [/\bconsole\./g, /^(src\/surface\/cli\/|cli\.ts$)/, "only src/surface/cli talks to the user"],
  [/\bDeno\s*\.\s*exit\b/g, /^(src\/surface\/cli\/|cli\.ts$)/, "only src/surface/cli ends the program"],
  [/\bDeno\s*\.\s*args\b/g, /^(src\/surface\/cli\/|cli\.ts$)/, "only src/surface/cli reads arguments"],
  [
    /\bDeno\s*\.\s*env\b/g,
    /^src\/(surface\/cli\/|platform\/processes\.ts$)/, // the latter finds programs by PATH
    "only src/surface/cli reads the environment and passes it on",
  ],
  [
    /\bDeno\s*\.\s*(?:append|chmod|chown|copy|create|link|lstat|make|mkdir|open|read|realPath|remove|rename|stat|symlink|truncate|utime|write)\w*/g,
    BY_PATH,
    ONLY_CONTROL_PATHS,
  ],
  [/(?:\bplatform|\bopenPlatform\(\))\s*\.\s*openFolder\b/g, BY_PATH, ONLY_CONTROL_PATHS],
  [/\bDeno\s*\.\s*umask\b/g, /^$/, "the umask is the whole process's: a mode is set on what is made"],
  [/\bDeno\s*\.\s*build\b/g, /^src\/platform\//, "only src/platform asks which system this is"],
];

/** A sentence for each break of the rules of the layout; empty if there is none. */
export function layoutFaults(sources: Sources): string[] {
  const faults: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [file, text] of sources) {
    const source = scanSource(text);
    const targets: string[] = [];
    for (const { specifier, kind } of source.imports) {
      if (specifier.startsWith("node:") && kind === "static") {
        faults.push(`${file} imports "${specifier}" statically: load it inside the function that needs it.`);
      }
      if (!/^(\.|node:)/.test(specifier)) {
        faults.push(
          `${file} imports the package "${specifier}": docs/design/packages.md says what one must earn.`,
        );
      }
      if (!specifier.startsWith(".")) continue;
      const target = resolve(file, specifier);
      targets.push(target);
      const fault = importFault(file, target);
      if (fault !== undefined) faults.push(`${file} imports ${target}: ${fault}.`);
    }
    graph.set(file, targets);
    faults.push(...reservedFaults(file, source));
  }
  faults.push(...tangledFaults(graph));
  for (const cycle of cycles(graph)) {
    faults.push(`These files import each other in a circle: ${cycle.join(" -> ")}.`);
  }
  return faults;
}

/** Why one file may not import another, or undefined. */
function importFault(file: string, target: string): string | undefined {
  const [from, to] = [layerOf(file), layerOf(target)];
  if (from === undefined) return "the file that imports lies in none of the layers";
  if (to === undefined) return "the program imports only what is below src/";
  if (to < from) {
    return `${LAYERS[from]} is below ${LAYERS[to] ?? "the entry points"}, and imports go down`;
  }
  const [surface, otherSurface] = [SURFACES.exec(file)?.[1], SURFACES.exec(target)?.[1]];
  if (surface && otherSurface && surface !== otherSurface) return "surfaces do not know each other";
  const [engine, otherEngine] = [ENGINES.exec(file)?.[1], ENGINES.exec(target)?.[1]];
  if (engine && otherEngine && engine !== otherEngine) return "engines do not know each other";
  const home = /^(.*?\/)_[^/]*/.exec(target)?.[1];
  if (home !== undefined && !file.startsWith(home)) {
    return `what begins with an underscore is private to ${home}`;
  }
}

/** The number of the layer; -1 for the entry points above all layers; undefined for a file outside the program. */
function layerOf(file: string): number | undefined {
  if (file === "mod.ts" || file === "cli.ts") return -1;
  const index = LAYERS.indexOf(/^src\/([^/]+)\//.exec(file)?.[1] ?? "");
  return index === -1 ? undefined : index;
}

function reservedFaults(file: string, source: Source): string[] {
  const faults = [];
  for (const [what, allowed, why] of RESERVED) {
    if (allowed.test(file)) continue;
    for (const [found] of source.code.matchAll(what)) faults.push(`${file} uses ${found}: ${why}.`);
  }
  return faults;
}

/** Pairs of folders that import each other, with any kind of import. */
function tangledFaults(graph: ReadonlyMap<string, string[]>): string[] {
  const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
  const imports = new Map<string, string>();
  for (const [file, targets] of graph) {
    for (const target of targets) imports.set(`${folderOf(file)} ${folderOf(target)}`, file);
  }
  const faults: string[] = [];
  for (const [edge, file] of imports) {
    const [from = "", to = ""] = edge.split(" ");
    const other = imports.get(`${to} ${from}`);
    if (from >= to || other === undefined) continue;
    faults.push(
      `These folders import each other: ${from} ${to} (${file} and ${other}). What both need goes below both.`,
    );
  }
  return faults;
}

function resolve(file: string, specifier: string): string {
  return new URL(specifier, `file:///${file}`).pathname.slice(1);
}

/** One circle for each file that closes one. */
function cycles(graph: ReadonlyMap<string, string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const start = path.indexOf(file);
    if (start !== -1) found.push([...path.slice(start), file]);
    if (start !== -1 || done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}
