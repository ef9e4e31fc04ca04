import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fixedLauncher } from "../tasks/install.ts";
import { setup } from "../tasks/setup.ts";
import { alone, fakeCheckout, launcher, RUN, show, start } from "./support/fake_checkout.ts";
import { requires } from "./support/requires.ts";
import { asUser, USER } from "./support/as_user.ts";
import { ordinaryHome } from "./support/ordinary_user.ts";
import { tempDir } from "./support/temp_dir.ts";
import { CHECKOUT, OF_ANOTHER_SYSTEM, testSignals } from "./support/way_in_cases.ts";

Deno.test("bin/jvs starts the Deno that setup found, with its arguments as they are, and no other program", () => {
  using checkout = fakeCheckout({ ".deno/deno": show("linked"), "path/deno": show("path") });
  const { path } = checkout;
  const { stdout } = start(`${path}/bin/jvs`, ["snapshot", "two words", "", "*"], alone(path));
  assertEquals(
    stdout,
    `${RUN}-P=jvs|${path}/cli.ts|snapshot|two words||*|`,
  );
});

Deno.test("bin/jvs uses the packages that setup fetched, unless DENO_DIR names others", () => {
  using checkout = fakeCheckout({ ".deno/deno": show("linked") });
  const { path } = checkout;
  Deno.mkdirSync(`${path}/.deno/cache/npm`, { recursive: true });
  const { stdout } = start(`${path}/bin/jvs`, [], alone(path));
  assertEquals(
    stdout,
    `${RUN}--cached-only|-P=jvs|${path}/cli.ts|${path}/.deno/cache`,
  );
  const other = start(`${path}/bin/jvs`, [], { ...alone(path), DENO_DIR: "/other" });
  assertEquals(
    other.stdout,
    `${RUN}-P=jvs|${path}/cli.ts|/other`,
  );
});

Deno.test("bin/jvs prefers JVS_DENO, then setup's Deno, then one on PATH of the right version, then npx", () => {
  const version = (text: string, name: string) =>
    `[ "$1" = --version ] && echo "deno ${text} (x)" && exit\n${show(name)}`;
  using checkout = fakeCheckout({
    ".deno/deno": show("linked"),
    "path/deno": version("2.9.7", "path"),
    "path/npx": show("npx"),
    "own": version("2.9.1", "own"),
  });
  const { path } = checkout;
  const first = (env: Record<string, string>) => start(`${path}/bin/jvs`, [], env).stdout.split("|")[0];
  assertEquals(first({ ...alone(path), JVS_DENO: `${path}/own` }), "own");
  assertEquals(first(alone(path)), "linked");
  Deno.chmodSync(`${path}/.deno/deno`, 0o644);
  assertEquals(first(alone(path)), "path");
  assertEquals(first({ ...alone(path), JVS_DENO: "deno" }), "path");
  Deno.writeTextFileSync(`${path}/path/deno`, `#!/bin/sh\n${version("2.4.0", "old")}`);
  assertEquals(start(`${path}/bin/jvs`, ["info"], alone(path)).stdout.split("|").slice(0, 5), [
    "npx",
    "--prefix", // else npx would start a program named deno that the current folder brings
    Deno.realPathSync(path),
    "-y",
    "--package=deno@2.9.6", // else npx would start a program of that name in the node_modules of a folder above
  ]);
});

Deno.test("bin/jvs says what to install where there is neither Deno nor npx", () => {
  using checkout = fakeCheckout({});
  const { code, stderr } = start(`${checkout.path}/bin/jvs`, [], alone(checkout.path));
  assertEquals(code, 1);
  assertStringIncludes(stderr, "there is neither Deno 2.9 nor npx. Install Node.js");
});

testSignals("bin/jvs", { ignore: Deno.build.os !== "linux" }, () => Promise.resolve(CHECKOUT));

Deno.test("bin/jvs says that JVS_DENO names nothing, and which part of the program is gone", () => {
  using checkout = fakeCheckout({ ".deno/deno": show("linked") });
  const { path } = checkout;
  const wrong = start(`${path}/bin/jvs`, [], { ...alone(path), JVS_DENO: `${path}/nothing` });
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, `JVS_DENO is "${path}/nothing"`);
  for (const part of ["tests/links", "deno.json", "src", "cli.ts"]) {
    Deno.removeSync(`${path}/${part}`);
    const gone = start(`${path}/bin/jvs`, [], alone(path));
    assertEquals(gone.code, 1);
    assertStringIncludes(gone.stderr, `there is no readable ${path}/${part}.`);
  }
});

Deno.test("bin/jvs starts no Deno that the current folder brings", () => {
  using checkout = fakeCheckout({ "path/npx": show("npx"), "src/deno": `echo deno 2.9.6; echo taken over` });
  const { path } = checkout;
  for (const PATH of [`.:${path}/path`, `${path}/path:`]) {
    const args = ["-c", `cd src && exec ../bin/jvs info`];
    const { stdout } = new Deno.Command("/bin/sh", { args, cwd: path, clearEnv: true, env: { PATH } })
      .outputSync();
    assertMatch(new TextDecoder().decode(stdout), /^npx\|/, PATH);
  }
});

Deno.test("bin/jvs says in dash and bash that its Deno does not run on this system", () => {
  using checkout = fakeCheckout({});
  const { path } = checkout;
  Deno.writeTextFileSync(`${path}/.deno/deno`, OF_ANOTHER_SYSTEM, { mode: 0o755 });
  for (const shell of ["/bin/dash", "/bin/bash"]) {
    const { code, stderr } = start(shell, [`${path}/bin/jvs`], alone(path));
    assertEquals(code, 1, shell);
    assertStringIncludes(stderr, `Cannot start: ${path}/.deno/deno does not run on this system. Install`);
  }
});

Deno.test("bin/jvs says that the current folder was removed, unless another is named", () => {
  using checkout = fakeCheckout({ ".deno/deno": show("linked") });
  const startWhereNothingIs = (...args: string[]) => {
    const inRemoved = `mkdir '${
      checkout.path.replace("'", "'\\''")
    }/gone' && cd "$_" && rmdir "$PWD" && exec "$@"`;
    return start("/bin/bash", ["-c", inRemoved, "bash", `${checkout.path}/bin/jvs`, ...args], {
      PATH: "/usr/bin:/bin",
    });
  };
  const { code, stderr } = startWhereNothingIs("status", "-q");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "jvs: Cannot work in the current folder: it was removed.");
  for (
    const args of [["-C", "/", "status"], ["status", "--directory", "/x"], ["--directory=/x", "status"], [
      "-C/x",
    ]]
  ) {
    const { code, stdout } = startWhereNothingIs(...args);
    assertEquals([code, stdout.startsWith("linked|run|")], [0, true], args.join(" "));
  }
});

Deno.test("bin/jvs finds its folder through links, a folder that is a link, PATH and sh", () => {
  using checkout = fakeCheckout({ ".deno/deno": show("linked") });
  const { path } = checkout;
  Deno.mkdirSync(`${path}/elsewhere`);
  Deno.symlinkSync("../bin/jvs", `${path}/elsewhere/relative`);
  Deno.symlinkSync(`${path}/elsewhere/relative`, `${path}/elsewhere/absolute`);
  Deno.symlinkSync(`${path}/bin`, `${path}/elsewhere/bin`);
  const PATH = `${path}/bin:/usr/bin:/bin`;
  const started = [
    start(`${path}/elsewhere/relative`, [], { PATH }),
    start(`${path}/elsewhere/absolute`, [], { PATH }),
    start(`${path}/elsewhere/bin/jvs`, [], { PATH }),
    start("/usr/bin/env", ["jvs"], { PATH }),
    start("/bin/sh", ["-c", `cd '${path.replaceAll("'", "'\\''")}/bin' && sh jvs`], { PATH, CDPATH: "/" }),
  ];
  for (const { stdout, stderr } of started) {
    assertEquals(
      stdout + stderr,
      `${RUN}-P=jvs|${path}/cli.ts|`,
    );
  }
});

Deno.test("fixedLauncher() starts the checkout from any folder", () => {
  using checkout = fakeCheckout({ ".deno/deno": show("linked") });
  const { path } = checkout;
  using folder = tempDir();
  Deno.writeTextFileSync(`${folder.path}/jvs`, fixedLauncher(launcher, path), { mode: 0o755 });
  assertEquals(
    start(`${folder.path}/jvs`, ["info"], alone(path)).stdout,
    `${RUN}-P=jvs|${path}/cli.ts|info|`,
  );
  const windows = fixedLauncher(Deno.readTextFileSync(new URL("../bin/jvs.cmd", import.meta.url)), "C:\\a b");
  assertMatch(windows, /^set "root=C:\\a b"$/m);
});

Deno.test("one version of Deno is named everywhere", () => {
  for (const name of ["bin/jvs", "bin/jvs.cmd", "README.md", ".ci/run"]) {
    const text = Deno.readTextFileSync(new URL(`../${name}`, import.meta.url));
    const versions = new Set([...text.matchAll(/deno@([\d.]*\d)/g)].map(([, version]) => version));
    assertEquals([...versions], ["2.9.6"], name);
  }
});

Deno.test({
  name:
    "ordinaryHome() lets an ordinary user start the launcher with the real Deno and packages, without network",
  ...requires("user"),
  async fn() {
    await setup();
    const { checkout, home } = ordinaryHome();
    Deno.writeTextFileSync(
      `${checkout}/cli.ts`,
      `import { assert } from "@std/assert"; assert(Deno.args.length > 0); console.log(Deno.args.join(), Deno.uid());`,
    );
    const [program, ...args] = asUser(USER, `${checkout}/bin/jvs`, ["a", "b"]);
    const npm_config_registry = "http://127.0.0.1:9/"; // nothing listens there
    const { stdout, stderr } = start(program, args, {
      PATH: "/usr/bin:/bin",
      HOME: home,
      npm_config_registry,
    });
    assertEquals(stdout + stderr, `a,b ${Deno.uid() === 0 ? USER : Deno.uid()}\n`);
  },
});

Deno.test({
  name: "bin/jvs and python/jvs let Deno take nothing that it compiled from the HOME of another user",
  ...requires("root", "python3"),
  fn() {
    using checkout = fakeCheckout({ ".deno/deno": show("linked") });
    const { path } = checkout;
    const cacheOf = (env: Record<string, string>) =>
      start(`${path}/bin/jvs`, [], { ...alone(path), ...env }).stdout.split("|").at(-1);
    const [mine, theirs] = [`${path}/mine`, `${path}/theirs`];
    for (const home of [mine, theirs]) Deno.mkdirSync(home);
    Deno.chownSync(theirs, 61002, 61002);
    assertEquals(cacheOf({ HOME: mine }), "");
    assertEquals(cacheOf({ HOME: theirs }), "/dev/null");
    assertEquals(cacheOf({ HOME: mine, XDG_CACHE_HOME: theirs }), "/dev/null");
    assertEquals(cacheOf({ HOME: theirs, DENO_DIR: "/own" }), "/own");
    const PYTHONPATH = new URL("../python/jvs", import.meta.url).pathname;
    const env = { PATH: "/usr/bin:/bin", PYTHONPATH, PYTHONDONTWRITEBYTECODE: "1", HOME: theirs };
    const { stdout } = start("python3", [
      "-c",
      'from _launch import _is_of_another as of; print(of("HOME"), of("XDG"))',
    ], env);
    assertEquals(stdout, "True False\n");
  },
});
