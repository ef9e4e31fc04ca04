import { assert, assertEquals } from "@std/assert";
import { operations } from "../src/operation/registry.ts";

const root = new URL("../", import.meta.url);

/** Every file of the checkout that is of a kind, by its path. */
function* filesEndingIn(ending: string, folder = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder || ".", root))) {
    if (name.startsWith(".") || name === "node_modules") continue;
    if (isDirectory) yield* filesEndingIn(ending, `${folder}${name}/`);
    else if (name.endsWith(ending)) yield `${folder}${name}`;
  }
}

const pages = [...filesEndingIn(".md")];
const text = (page: string) => Deno.readTextFileSync(new URL(page, root));
/** What stands in fences is shown, not said. */
const withoutFences = (page: string) => text(page).replace(/^```[^]*?^```$/gm, "");

/** The anchor that a heading gets where pages are shown. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/`/g, "").replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(
    /\s/g,
    "-",
  );
}

function anchorsOf(page: string): string[] {
  return [...withoutFences(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

/** Links of a page that lead nowhere. */
function brokenLinks(page: string): string[] {
  return [...withoutFences(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : new URL(path, new URL(page, root)).href.slice(root.href.length);
      if (!target.endsWith(".md")) return !exists(target);
      return !pages.includes(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, root));
    return true;
  } catch {
    return false;
  }
}

Deno.test("links in the pages lead somewhere", () => {
  assert(pages.length > 10, "hardly a page was found: this test looks in the wrong place");
  assertEquals(pages.flatMap((page) => brokenLinks(page).map((link) => `${page}: ${link}`)), []);
});

Deno.test("source files that the pages name exist", () => {
  const sources = new Set(filesEndingIn(".ts"));
  const names = new Set([...sources].map((path) => path.slice(path.lastIndexOf("/") + 1)));
  const isThere = (named: string) =>
    named.includes("/") ? [...sources].some((path) => path.endsWith(named)) : names.has(named);
  const named = (page: string) =>
    [...withoutFences(page).matchAll(/`([\w./-]+\.ts)`/g)].map(([, path = ""]) => path);
  const missing = pages.flatMap((page) =>
    named(page).filter((path) => !isThere(path)).map((path) => `${page}: ${path}`)
  );
  assertEquals(missing, []);
});

Deno.test("functions that CONTRIBUTING.md says are in a file are there", () => {
  const sources = [...filesEndingIn(".ts")];
  const said = [...text("CONTRIBUTING.md").matchAll(/`(\w+)` in `([\w./-]+\.ts)`/g)];
  assert(said.length > 10, "hardly a function was found: this test looks for the wrong words");
  const wrong = said.filter(([, name = "", file = ""]) => {
    const path = sources.find((each) => each.endsWith(`/${file}`) || each === file);
    return path === undefined || !new RegExp(`\\b${name}\\b`).test(text(path));
  });
  assertEquals(wrong.map(([words]) => words), []);
});

Deno.test("commands that the program and the pages name are there", () => {
  // spec.md says in its section 16 which of its commands are not there yet.
  const named = [...filesEndingIn(".ts", "src/"), ...pages.filter((page) => page !== "docs/spec.md")];
  const wrong = named.filter((file) => !file.endsWith("_test.ts")).flatMap((file) =>
    [...text(file).matchAll(/`jvs ([a-z]+)(?: ([a-z]+))?/g)].filter(([, first = "", second]) =>
      !operations.has(first) &&
      (second === undefined ? operations.group(first).length === 0 : !operations.has(`${first} ${second}`))
    ).map(([words]) => `${file}: ${words}`)
  );
  assertEquals(wrong, []);
});

Deno.test("no page and no source names a plan that the repository does not contain", () => {
  const files = [...pages, ...filesEndingIn(".ts", "src/")];
  assertEquals(files.filter((file) => /\bROADMAP\b/i.test(text(file))), []);
});
