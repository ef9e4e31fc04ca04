import { assertEquals } from "@std/assert";
import { CHANGED_BY_LAUNCHERS } from "../src/platform/program_in_front.ts";
import { USER } from "./support/as_user.ts";
import { alone, fakeCheckout, RUN, show, start } from "./support/fake_checkout.ts";
import { requires } from "./support/requires.ts";
import { tempDir } from "./support/temp_dir.ts";

/** Which permission set the words of a command line need, where the user trusts the hooks of a repository. */
const SETS: [set: "jvs" | "run", ...words: string[]][] = [
  ["run", "lock", "run", "--", "x"],
  ["run", "-C", "/x", "--json", "lock", "-q", "run"],
  ["run", "-qC", "/x", "--session", "lock", "lock", "run"],
  ["run", "lock", "--reason", "why", "run", "--", "--", "snapshot"],
  ["run", "--repo=lock", "lock", "run"],
  ["run", "snapshot"],
  ["run", "snapshot", "lock", "run"],
  ["run", "-q", "--lock-timeout", "5s", "restore", "HEAD"],
  ["jvs"],
  ["jvs", ""],
  ["jvs", "--", "lock", "run"],
  ["run", "conformance", "run"],
  ["run", "--json", "conformance", "run", "--profile", "release"],
  ["jvs", "conformance"],
  ["jvs", "conformance", "lock", "run"],
  ["jvs", "lock"],
  ["jvs", "lock", "acquire", "run"],
  ["jvs", "lock", "lock", "run"],
  ["jvs", "lock", "snapshot"],
  ["jvs", "lock", "--worktree", "x", "run"],
  ["jvs", "--session", "lock", "run"],
  ["jvs", "run"],
  ["jvs", "*", "lock", "run"],
  ["jvs", "status", "snapshot"],
  ["jvs", "--note", "x", "snapshot"],
];

/** A home with what the user trusts. */
function homeOfTrust(path: string): string {
  Deno.mkdirSync(`${path}/.config/jvs`, { recursive: true });
  Deno.writeTextFileSync(`${path}/.config/jvs/trusted_programs.json`, "{}");
  return path;
}

Deno.test("bin/jvs gives the permission to run programs only to words that need it", () => {
  using checkout = fakeCheckout({ ".deno/deno": show("linked") });
  const { path } = checkout;
  const HOME = homeOfTrust(`${path}/home`);
  for (const shell of ["/bin/dash", "/bin/bash"]) {
    for (const [set, ...words] of SETS) {
      const { stdout, stderr } = start(shell, [`${path}/bin/jvs`, ...words], { ...alone(path), HOME });
      assertEquals(
        [stdout, stderr],
        [`${RUN}-P=${set}|${path}/cli.ts|${words.map((word) => `${word}|`).join("")}`, ""],
        `${shell} ${words.join(" ")}`,
      );
    }
  }
});

Deno.test({
  name: "python/jvs gives the same permissions as bin/jvs",
  ...requires("python3"),
  fn() {
    using home = tempDir();
    const script = "import json, sys; from _launch import _permission_set as of\n" +
      "print(json.dumps([of(words) for words in json.loads(sys.argv[1])]))";
    const words = SETS.map(([, ...words]) => words);
    const PYTHONPATH = new URL("../python/jvs", import.meta.url).pathname;
    const env = { PATH: "/usr/bin:/bin", PYTHONPATH, PYTHONDONTWRITEBYTECODE: "1" };
    const sets = (more: Record<string, string>) => {
      const { stdout, stderr } = start("python3", ["-c", script, JSON.stringify(words)], { ...env, ...more });
      assertEquals(stderr, "");
      return JSON.parse(stdout);
    };
    assertEquals(sets({ HOME: homeOfTrust(home.path) }), SETS.map(([set]) => set));
    const untrusted = SETS.map(([set, ...words]) =>
      words.includes("run") && words[0] !== "snapshot" ? set : "jvs"
    );
    assertEquals(sets({ HOME: "/proc/nowhere" }), untrusted);
    assertEquals(sets({}), untrusted);
  },
});

Deno.test("bin/jvs gives no permission to run programs for hooks that the user does not trust", () => {
  using checkout = fakeCheckout({ ".deno/deno": show("linked") });
  const { path } = checkout;
  const file = `${homeOfTrust(`${path}/home`)}/.config/jvs/trusted_programs.json`;
  const set = (env: Record<string, string>) =>
    /-P=(\w+)/.exec(start(`${path}/bin/jvs`, ["snapshot"], { ...alone(path), ...env }).stdout)?.[1];
  const HOME = `${path}/home`;
  assertEquals(set({ HOME }), "run");
  assertEquals(set({ HOME: "", XDG_CONFIG_HOME: `${HOME}/.config` }), "run");
  assertEquals(set({ HOME, XDG_CONFIG_HOME: `${path}/other` }), "jvs");
  assertEquals(set({}), "jvs");
  Deno.writeTextFileSync(file, "");
  assertEquals(set({ HOME }), "jvs");
  if (Deno.uid() === 0) {
    Deno.writeTextFileSync(file, "{}");
    Deno.chownSync(file, USER, USER); // that user's word counts for nobody else
    assertEquals(set({ HOME }), "jvs");
  }
  Deno.removeSync(file);
  assertEquals(set({ HOME }), "jvs");
});

Deno.test("bin/jvs keeps for the command of lock run what the user has of the variables that it changes", () => {
  const names = CHANGED_BY_LAUNCHERS.filter((name) => name !== "DENO_DIR");
  using checkout = fakeCheckout({ ".deno/deno": "/usr/bin/env | /usr/bin/sort" });
  const { path } = checkout;
  const given = Object.fromEntries(names.map((name) => [name, `my ${name} $HOME "'`]));
  const kept = (...words: string[]) => {
    const { stdout } = start(`${path}/bin/jvs`, words, { ...given, ...alone(path), DENO_DIR: "/mine" });
    return stdout.split("\n").filter((line) => line.startsWith("JVS_GIVEN"));
  };
  assertEquals(kept("snapshot"), []);
  const expected = [
    ...names.map((name) => `JVS_GIVEN_${name}=${given[name]}`),
    "JVS_GIVEN_DENO_DIR=/mine",
    "JVS_GIVEN=yes",
  ];
  assertEquals(kept("lock", "run").toSorted(), expected.toSorted());
});
