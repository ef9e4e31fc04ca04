import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists, namesIn } from "./support/files.ts";
import { BlackBox } from "./support/black_box.ts";
import { jvsError, jvsJson, runJvs } from "./support/jvs.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

const USER = 61001;
const HOOKS = '{ "hooks": { "pre-snapshot": "./check" } }\n';

Deno.test("jvs config trust keeps what is trusted where XDG_CONFIG_HOME says, else in HOME, and nowhere relative", async () => {
  using box = await BlackBox.make();
  using home = tempDir();
  Deno.writeTextFileSync(`${box.control}/config.jsonc`, HOOKS);
  const at = async (env: Record<string, string>) =>
    (await box.json(["config", "trust", "--list"], { env })).path;
  assertEquals(await at({ HOME: home.path, XDG_CONFIG_HOME: `${home.path}/xdg` }), `${home.path}/xdg/jvs`);
  for (const XDG_CONFIG_HOME of ["", "relative", "."]) {
    assertEquals(await at({ HOME: home.path, XDG_CONFIG_HOME }), `${home.path}/.config/jvs`);
  }
  await box.error("E_USAGE", ["config", "trust"], { env: { HOME: "relative", XDG_CONFIG_HOME: "" } });
  assertEquals(namesIn(box.main), []);
  const { stdout } = await box.run(["config", "trust"], { env: { HOME: home.path } });
  assertEquals(
    stdout,
    `From now on JVS runs these programs for you, in ${box.path}:\n  pre-snapshot  "./check"\n`,
  );
  assertEquals(namesIn(`${home.path}/.config/jvs`).sort(), [".lock", "trusted_programs.json"]);
  const listed = await box.run(["config", "trust", "--list"], { env: { HOME: home.path } });
  assertStringIncludes(listed.stdout, box.path);
});

Deno.test("jvs config trust by many processes at once loses nothing", async () => {
  using home = tempDir();
  const env = { HOME: home.path };
  const all = Array.from({ length: 6 }, (_, i) => `r${i}`);
  await Promise.all(all.map(async (name) => {
    await jvsJson(["init", name], { cwd: home.path });
    Deno.writeTextFileSync(`${home.path}/${name}/.jvs/config.jsonc`, HOOKS);
    await jvsJson(["config", "trust"], { cwd: `${home.path}/${name}`, env });
  }));
  const trusted = async () => {
    return (await jvsJson<{ trusted_programs: unknown[] }>(["config", "trust", "--list"], {
      cwd: home.path,
      env,
    }))
      .trusted_programs.length;
  };
  assertEquals(await trusted(), all.length);
  const remove = (name: string) => jvsJson(["config", "trust", "--remove", name], { cwd: home.path, env });
  await Promise.all(all.map(remove));
  assertEquals([await trusted(), exists(`${home.path}/.config/jvs/trusted_programs.json`)], [0, false]);
});

Deno.test({
  name: "jvs config trust of an ordinary user says why it cannot note anything, and notes nothing elsewhere",
  ...requires("root", "user"),
  async fn() {
    using box = await BlackBox.make({ user: USER });
    Deno.writeTextFileSync(`${box.control}/config.jsonc`, HOOKS);
    using home = tempDir({ owner: USER });
    const place = `${home.path}/.config/jvs`;
    const error = async (part: string) => {
      const { message, hint } = await box.error("E_PERMISSION", ["config", "trust"], {
        env: { HOME: home.path },
      });
      assertStringIncludes(message, part);
      assert(hint !== "");
    };
    const own = (script: string) => mustRun("sh", "-ec", `cd '${home.path}'; ${script}`);
    own(`chown 0 .; chmod 555 .`); // not writable
    await error(home.path);
    own(`chmod 755 .; mkdir -p '${place}'; chown -R ${USER} .config; chown 0 '${place}'`); // of another user
    await error("it belongs to root");
    own(`chown ${USER} '${place}'; chmod 777 '${place}'`); // open to all
    await error("other users may write it");
    own(`chmod 700 '${place}'; mkdir '${place}/trusted_programs.json'`); // a folder in its place
    await error("is no file");
    own(`rmdir '${place}/trusted_programs.json'; ln -s ../../elsewhere '${place}/trusted_programs.json'`); // a link
    await error("it is a link");
    own(`rm '${place}/trusted_programs.json'; ln -sf /etc/passwd '${place}/.lock'`); // the lock, too
    await error(".lock");
    own(`rm '${place}/.lock'`);
    await box.json(["config", "trust"], { env: { HOME: home.path } });
    assertEquals(namesIn(home.path), [".config"]);
    const file = Deno.statSync(`${place}/trusted_programs.json`);
    assertEquals([file.uid, (file.mode ?? 0) & 0o777], [USER, 0o600]);
  },
});

Deno.test({
  name: "jvs config trust notes no trust in a repository that is closed to the user, which no trust opens",
  ...requires("root", "user"),
  async fn() {
    using box = await BlackBox.make();
    Deno.chmodSync(box.outside, 0o755);
    using home = tempDir({ owner: USER });
    const options = { user: USER, cwd: box.path, env: { HOME: home.path } };
    for (const args of [["status"], ["config", "trust", "--repository"]]) {
      const { message, hint } = await jvsError("E_PERMISSION", args, options);
      assertStringIncludes(message, "it belongs to root, and is closed to you");
      assertStringIncludes(hint, "Only root can use it");
    }
    assertEquals(namesIn(home.path), []);
  },
});

Deno.test("jvs config trust is completed, and refuses what does not go together", async () => {
  using box = await BlackBox.make();
  const complete = async (...words: string[]) =>
    (await runJvs(["__complete", ...words], box.commands())).stdout;
  assertStringIncludes(await complete("config", "t"), "trust\t");
  for (const flag of ["--repository", "--preview", "--list", "--remove"]) {
    assertStringIncludes(await complete("config", "trust", "--"), `${flag}\t`);
  }
  assertEquals(await complete("config", "trust", "--repository", ""), ":files\n");
  await jvsError("E_USAGE", ["config", "trust", "--list", "--remove"], box.commands());
  const { stdout } = await box.run(["config", "trust", "--repository"]);
  assertStringIncludes(stdout, "You may use it without more trust");
});

Deno.test("jvs config trust shows what nobody sees in a program's text", async () => {
  using box = await BlackBox.make();
  const hooks = { "pre-snapshot": "./che\u200bck\u2800 \u00a0\u{e0041} ok" };
  Deno.writeTextFileSync(`${box.control}/config.jsonc`, JSON.stringify({ hooks }));
  const { stdout } = await box.run(["config", "trust", "--preview"]);
  assertStringIncludes(stdout, String.raw`"./che\u{200b}ck\u{2800} \u{a0}\u{e0041} ok"`);
});
