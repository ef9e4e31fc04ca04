import { assertEquals } from "@std/assert";
import { asUser } from "./support/as_user.ts";
import { BlackBox } from "./support/black_box.ts";
import { exists } from "./support/files.ts";
import { ordinaryHome } from "./support/ordinary_user.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

// What another user, an archive or a member of the group planted runs nothing: SPEC 2, docs/threat-model.md.

const [ANN, BEN, TEAM] = [61001, 61002, 61003];
const needs = requires("root", "user");

/** Settings whose programs, at whatever moment JVS would run them, leave a file that anybody can make. */
function settings(marker: string, more = ""): string {
  const names = ["pre-snapshot", "post-snapshot", "pre-restore", "post-restore"];
  return JSON.stringify({
    hooks: Object.fromEntries(names.map((name) => [name, `touch '${marker}'${more}`])),
  });
}

/** Where programs would leave a mark. */
function markerIn(folder: string): string {
  Deno.mkdirSync(`${folder}/marks`);
  Deno.chmodSync(`${folder}/marks`, 0o1777);
  return `${folder}/marks/ran`;
}

function act(user: number, folder: string, script: string): void {
  mustRun(...asUser(user, "sh", ["-ec", `umask 022; cd '${folder}'; ${script}`], TEAM));
}

/** Runs what could start a program; returns the class of each one's error, null without one. */
async function outcomes(box: BlackBox, cwd: string, user: number): Promise<unknown[]> {
  const commands = [
    ["status"],
    ["snapshot", "s"],
    ["restore", "LATEST"],
    ["doctor"],
    ["gc", "run", "--yes"],
    ["info"],
  ];
  const found: unknown[] = [];
  for (const args of commands) {
    const { code, json } = await box.run([...args, "--json"], { cwd, user });
    found.push(code === 0 || !("error" in json) ? null : json.error);
  }
  return found;
}

/** What `config trust` would say of the programs there. */
async function trustOf(box: BlackBox, cwd: string, user: number): Promise<unknown> {
  return (await box.json(["config", "trust", "--preview"], { cwd, user })).done;
}

/** The settings of a user of these tests begin empty. */
function forget(user: number): void {
  mustRun("rm", "-rf", `${ordinaryHome(user).home}/.config`);
}

Deno.test({
  name: "a repository of another user runs none of its programs, whether its owner is trusted or not",
  ...needs,
  async fn() {
    forget(BEN);
    using box = await BlackBox.make({ user: ANN });
    const marker = markerIn(box.outside);
    act(ANN, box.main, "echo a > a");
    await box.save("hers");
    act(ANN, box.control, `cat > config.jsonc <<'E'\n${settings(marker)}\nE\nchmod -R a+rX '${box.path}'`);
    assertEquals([...new Set(await outcomes(box, box.main, BEN))], ["E_UNTRUSTED"]);
    await box.json(["config", "trust", "--repository"], { user: BEN });
    await outcomes(box, box.main, BEN); // she is trusted with his files now, and not with programs
    assertEquals([exists(marker), await trustOf(box, box.main, BEN)], [false, "preview"]);
    await outcomes(box, box.main, ANN); // nor do they run for her, who wrote them and has not said so
    assertEquals(exists(marker), false);
    forget(BEN);
  },
});

Deno.test({
  name:
    "a repository that came in an archive is refused, and its programs do not run when it is taken as it is",
  ...needs,
  async fn() {
    forget(ANN);
    using box = await BlackBox.make({ user: BEN });
    using there = tempDir({ owner: ANN });
    const marker = markerIn(there.path);
    act(BEN, box.main, "echo a > a");
    await box.save("his");
    act(BEN, box.control, `cat > config.jsonc <<'E'\n${settings(marker)}\nE\nchmod -R a+rX '${box.path}'`);
    act(ANN, there.path, `tar -C '${box.outside}' -c project | tar -x`);
    const cwd = `${there.path}/project/main`;
    assertEquals([...new Set(await outcomes(box, cwd, ANN))], ["E_UNTRUSTED"]);
    await box.json(["doctor", "--repair-runtime"], { cwd, user: ANN });
    await outcomes(box, cwd, ANN);
    assertEquals([exists(marker), await trustOf(box, cwd, ANN)], [false, "preview"]);
  },
});

Deno.test({
  name: "a copy of a repository whose programs are trusted, with id and text, runs none of them",
  ...needs,
  async fn() {
    forget(ANN);
    using box = await BlackBox.make({ user: ANN });
    const marker = markerIn(box.outside);
    act(ANN, box.main, "echo a > a");
    act(ANN, box.control, `cat > config.jsonc <<'E'\n${settings(marker, ' && test "$PWD"')}\nE\n`);
    assertEquals((await box.json(["config", "trust"])).done, "trusted");
    assertEquals(await trustOf(box, box.main, ANN), "unchanged");
    mustRun("cp", "-a", box.path, `${box.outside}/copy`);
    const cwd = `${box.outside}/copy/main`;
    await outcomes(box, cwd, ANN);
    assertEquals([exists(marker), await trustOf(box, cwd, ANN)], [false, "preview"]);
    forget(ANN);
  },
});

Deno.test({
  name:
    "settings that a member of the group replaced run nothing for another member, who trusted what was there before",
  ...needs,
  async fn() {
    forget(ANN);
    using box = await BlackBox.make({ user: ANN, group: TEAM });
    const marker = markerIn(box.outside);
    act(ANN, box.main, "echo a > a");
    act(ANN, box.control, `cat > config.jsonc <<'E'\n{ "hooks": { "pre-snapshot": "true" } }\nE\n`);
    const { done, members } = await box.json(["config", "trust"]);
    assertEquals([done, members], ["trusted", true]);
    // The second has the owner of the first, as a member can bring about (tests/own_folders_test.ts).
    for (const owner of [BEN, ANN]) {
      act(BEN, box.control, `cat > new <<'E'\n${settings(marker)}\nE\nmv new config.jsonc`);
      Deno.chownSync(`${box.control}/config.jsonc`, owner, TEAM);
      await outcomes(box, box.main, ANN);
      assertEquals([exists(marker), await trustOf(box, box.main, ANN)], [false, "preview"]);
    }
    forget(ANN);
  },
});
