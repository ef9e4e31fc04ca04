import { assert, assertEquals } from "@std/assert";
import { scanSource } from "./support/source_scan.ts";

const root = new URL("../", import.meta.url);

/** The files that are loaded before the first line of a program runs. */
function loadedAtStart(...entries: string[]): Set<string> {
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    const { imports } = scanSource(Deno.readTextFileSync(new URL(path, root)));
    for (const { kind, specifier } of imports) {
      if (kind === "static" && specifier.startsWith(".")) {
        visit(new URL(specifier, new URL(path, "file:///")).pathname.slice(1));
      }
    }
  };
  entries.forEach(visit);
  return found;
}

Deno.test("cli.ts loads only what every command needs before it knows the command", () => {
  const loaded = [...loadedAtStart("cli.ts")];
  // Each small module costs about 0.15 ms: a higher number is a decision, not an accident.
  assert(loaded.length <= 32, `${loaded.length} files: ${loaded.join(" ")}`);
  const heavy = loaded.filter((path) =>
    /^src\/(repo|engine|tree|platform|surface\/cli\/render\/(?!style))/.test(path)
  );
  assertEquals(heavy, []);
});

Deno.test("jvs version loads nothing that opens a repository", () => {
  const loaded = [
    ...loadedAtStart("cli.ts", "src/operation/version.ts", "src/surface/cli/render/text_of.ts"),
  ];
  assertEquals(loaded.filter((path) => /^src\/(repo|engine|tree|platform)\//.test(path)), [
    "src/platform/executable.ts", // it only asks how JVS was installed
  ]);
});

Deno.test("what changes something loads no recovery before there is something to recover", () => {
  const loaded = [...loadedAtStart("src/operation/snapshot.ts", "src/operation/ref_create.ts")];
  assertEquals(loaded.filter((path) => path.endsWith("recovery.ts")), []);
});

Deno.test("what only reads a repository loads no engine", () => {
  const reading = ["status", "diff", "history", "show"].map((name) => `src/operation/${name}.ts`);
  const loaded = [...loadedAtStart(...reading, "src/repo/store.ts", "src/repo/discover.ts")];
  assertEquals(loaded.filter((path) => path.startsWith("src/engine/")), []);
});

Deno.test("no command loads workers before there is much to do", () => {
  const operations = ["status", "snapshot", "verify", "restore", "worktree_fork"];
  const loaded = [
    ...loadedAtStart("cli.ts", ...operations.map((name) => `src/operation/${name}.ts`), "src/repo/store.ts"),
  ];
  assertEquals(
    loaded.filter((path) => /worker_team|serve_team|_hash_team|hash_job|surface\/worker/.test(path)),
    [],
  );
});

Deno.test("what searches no snapshots loads no index", () => {
  const operations = ["status", "snapshot", "show", "restore", "diff", "path", "worktree_fork"];
  const loaded = [
    ...loadedAtStart(...operations.map((name) => `src/operation/${name}.ts`), "src/repo/store.ts"),
  ];
  assertEquals(loaded.filter((path) => /snapshot_(index|table|columns)/.test(path)), []);
});
