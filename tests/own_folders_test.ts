import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bytesOf } from "../src/model/bytes.ts";
import { openPlatform } from "../src/platform/open_platform.ts";
import { birthText, Stat } from "../src/platform/stat.ts";
import { loadStatCache, saveStatCache } from "../src/tree/stat_cache.ts";
import { asUser } from "./support/as_user.ts";
import { BlackBox } from "./support/black_box.ts";
import { exists, namesIn } from "./support/files.ts";
import { requires } from "./support/requires.ts";
import { mustRun, run } from "./support/run.ts";

// A member of the group moves files of another member's to the names of records. The other member restored them from a snapshot
// of the first, so that they have that one's text. docs/design/control-plane.md.

const [ANN, BEN, TEAM] = [61001, 61002, 61003];
const needs = requires("root", "user");
const OWN_PLACES = ["intents", "staging", "replaced", "tombstones"];

/** A repository of Ann's that she shares with Ben, and one snapshot of hers. */
async function sharedBox(script: string, user = ANN): Promise<BlackBox & { readonly id: string }> {
  const box = await BlackBox.make({ user, group: TEAM });
  act(box, user, script);
  return Object.assign(box, { id: (await box.save("first")).snapshot_id });
}

function act(box: BlackBox, user: number, script: string): void {
  mustRun(...asUser(user, "sh", ["-ec", `cd '${box.main}'; umask 022; ${script}`], TEAM));
}

function mayAct(box: BlackBox, user: number, script: string): boolean {
  return run(...asUser(user, "sh", ["-ec", `cd '${box.main}'; ${script}`], TEAM)).code === 0;
}

/** Ben saves what a script makes; the owner restores it, so that it is the owner's, and goes back. */
async function fromBen(box: BlackBox & { readonly id: string }, script: string): Promise<string> {
  act(box, BEN, script);
  const { snapshot: { snapshot_id } } = await box.json<{ snapshot: { snapshot_id: string } }>(
    ["snapshot", "ben's", "--branch"],
    { user: BEN },
  );
  await box.json(["restore", box.id], { user: BEN });
  await box.json(["restore", snapshot_id]);
  return snapshot_id;
}

function modeOf(path: string): string {
  return ((Deno.lstatSync(path).mode ?? 0) & 0o7777).toString(8);
}

function hostOf(box: BlackBox): string {
  return namesIn(`${box.control}/runtime/hosts`)[0] ?? "";
}

function worktreeIdOf(box: BlackBox): string {
  return JSON.parse(Deno.readTextFileSync(`${box.control}/worktrees/main/config.json`)).worktree_id;
}

/** The intent of an interrupted restore whose staging is in the payload root. */
function restoreIntent(box: BlackBox, steps: string[], inode?: string) {
  const [id, staging] = [crypto.randomUUID(), `.jvs-staging-${crypto.randomUUID()}`];
  const begun = { operation: "restore", worktree_id: worktreeIdOf(box), target: box.path, state: "active" };
  const process = { host: hostOf(box), boot_id: "0", pid: 1, process_start: "1" };
  const details = { root_before: { mode: 0o2770, mtime: [1, 1] }, staging_inode: inode };
  const claims = { staging_in_root: staging };
  const started_at = "2026-01-01T00:00:00Z";
  const text = JSON.stringify({ id, ...begun, ...process, started_at, steps, audit: null, claims, details });
  return { id, staging, text };
}

/** The journal of a restore that gave `run.sh` other rights. */
function journalFor(box: BlackBox): string {
  const { uid, gid, mode } = Deno.lstatSync(`${box.main}/run.sh`);
  const aspects = (mode: number) => ({ mode, uid, gid, mtime: [1, 1], xattrs: [] });
  const entry = {
    path: "run.sh",
    folder: false,
    before: aspects(0o6755),
    after: aspects((mode ?? 0) & 0o7777),
  };
  return JSON.stringify({ version: 1, units: [], aspects: [entry] });
}

for (const user of [ANN, 0]) {
  const who = user === 0 ? "root" : "the user";
  Deno.test({
    name:
      `a file of ${who} that a member moved to the name of an intent changes no rights and deletes no work`,
    ...needs,
    async fn() {
      using box = await sharedBox("printf x > run.sh; chmod 644 run.sh", user);
      const rights = restoreIntent(box, ["staging", "journal"]);
      const removal = restoreIntent(box, ["staging"]);
      const journal = journalFor(box);
      await fromBen(
        box,
        `mkdir stage stage/new stage/old; cat > stage/journal <<E\n${journal}\nE\ncat > r.json <<E\n${rights.text}\nE
        cat > d.json <<E\n${removal.text}\nE\n`,
      );
      // Of another's file root keeps the owner; but a member can make a snapshot that names any.
      if (user === 0) {
        mustRun(
          "chown",
          "-R",
          `0:${TEAM}`,
          ...["r.json", "d.json", "stage"].map((at) => `${box.main}/${at}`),
        );
      }
      act(box, user, "mkdir -m 755 work; printf precious > work/f");
      const shared = `${box.control}/runtime/shared/intents`;
      const own = `${box.control}/runtime/users/${user}/intents`;
      assert(
        !mayAct(box, BEN, `mv r.json '${own}/${rights.id}.json'`),
        "the user's own folder is open to members",
      );
      // Both folders are the user's, and closed to Ben; but he may rename them where they are.
      act(box, BEN, `mv stage ${rights.staging}; mv work ${removal.staging}`);
      for (const [file, { id }] of [["r.json", rights], ["d.json", removal]] as const) {
        act(box, BEN, `mv ${file} '${shared}/${id}.json'`);
        assertEquals(Deno.lstatSync(`${shared}/${id}.json`).uid, user);
        for (const args of [["snapshot", "two"], ["restore", box.id], ["doctor", "--repair-runtime"]]) {
          const { stderr } = await box.run(args);
          assertEquals(modeOf(`${box.main}/run.sh`), "644", args.join(" "));
          assertEquals(Deno.readTextFileSync(`${box.main}/${removal.staging}/f`), "precious", args.join(" "));
          assertStringIncludes(stderr, "may be forged: any member can put such a file there", args.join(" "));
        }
        assertStringIncludes((await box.run(["doctor"])).stdout, `${shared}/${id}.json`);
        Deno.removeSync(`${shared}/${id}.json`);
      }
      await box.json(["snapshot", "goes on"]);
    },
  });
}

Deno.test({
  name: "no member puts anything into the folder of another, takes anything out, or takes the folder away",
  ...needs,
  async fn() {
    using box = await sharedBox("printf x > f; mkdir -m 755 closed; mkdir -m 2775 open");
    await box.json(["restore", box.id, "--preview"]);
    act(box, ANN, "printf y > f");
    await box.json(["restore", box.id]);
    const users = `${box.control}/runtime/users`;
    const own = `${users}/${ANN}`;
    assertEquals([modeOf(users).replace(/.$/, ""), modeOf(own), namesIn(own).sort()], [
      "377",
      "6750",
      ["hosts", ...OWN_PLACES].sort(),
    ]);
    const isEntered = (place: string) => !["staging", "replaced"].includes(place);
    for (const place of OWN_PLACES) {
      assertEquals(modeOf(`${own}/${place}`), isEntered(place) ? "6750" : "6700", place);
    }
    // An intent of hers, which Ben would like to keep for later.
    const { id, text } = restoreIntent(box, []);
    act(box, ANN, `cat > '${own}/intents/${id}.json' <<E\n${text}\nE\n`);
    for (
      const [script, of] of [
        [`mv f '${own}/intents/f.json'`, "a file is moved in"],
        [`mv open '${own}/intents/open'`, "a folder is moved in"],
        [`mv '${own}/intents/${id}.json' x`, "an intent is taken out"],
        [`rm '${own}/intents/${id}.json'`, "an intent is removed"],
        [`mv '${own}' '${users}/other'`, "the folder is renamed"],
        [`mv '${own}' gone`, "the folder is taken out"],
        [`mv '${own}/intents' '${own}/old'`, "what is in it is renamed"],
        [`chmod 777 '${own}'`, "it is opened"],
        [`mv closed '${users}/61009'`, "a closed folder of Ann's becomes that of another"],
      ] as const
    ) assert(!mayAct(box, BEN, script), of);
    act(box, BEN, `cat '${own}/intents/${id}.json'`); // but all see what is under way
    await box.json(["snapshot", "next"]);
    assertEquals(namesIn(`${own}/intents`), []);
    await box.audit();
  },
});

Deno.test({
  name: "a folder that a member put in the place of a user's own is not used, and doctor names it",
  ...needs,
  async fn() {
    using box = await sharedBox("printf x > run.sh; chmod 644 run.sh");
    const { id, staging, text } = restoreIntent(box, ["staging", "journal"]);
    const journal = journalFor(box);
    await fromBen(
      box,
      `mkdir -p own/intents own/staging own/replaced stage/new stage/old; chmod 6775 own; cat > stage/journal <<E\n${journal}\nE
      cat > own/intents/${id}.json <<E\n${text}\nE\n`,
    );
    assertEquals(modeOf(`${box.main}/own`), "2775", "a snapshot of another member gives no mark to a folder");
    act(box, ANN, `chgrp ${TEAM} own`); // it is a folder that the members work in
    const users = `${box.control}/runtime/users`;
    mustRun("rm", "-r", `${users}/${ANN}`); // as if she had never been here
    act(box, BEN, `mv own '${users}/${ANN}'; mv stage ${staging}`);
    for (const mode of [0o2775, 0o2755]) {
      Deno.chmodSync(`${users}/${ANN}`, mode); // as by a descriptor of hers that was open before
      await box.json(["status"]);
      const { message } = await box.error("E_PERMISSION", ["restore", box.id]);
      assertStringIncludes(message, `"${users}/${ANN}"`);
      assertStringIncludes((await box.run(["doctor"])).stdout, `"${users}/${ANN}"`);
      await box.json(["snapshot", "two"]);
      assertEquals([modeOf(`${box.main}/run.sh`), modeOf(`${users}/${ANN}`)], ["644", mode.toString(8)]);
    }
    act(box, ANN, `rm -r '${users}/${ANN}'`);
    await box.json(["restore", box.id]);
  },
});

Deno.test({
  name: "a stat cache that a member moved to its place does not make unsaved work look saved",
  ...needs,
  async fn() {
    using box = await sharedBox("printf saved-1 > f");
    const own = `${box.control}/runtime/users/${ANN}/hosts/${hostOf(box)}`;
    await box.json(["status"]);
    const name = `${worktreeIdOf(box)}.stat`;
    act(box, ANN, "printf precious > f; sleep 0.1; printf unsaved > f");
    await forgeCache(`${own}/${name}`, `${box.main}/f`, `${box.outside}/forged`);
    const place = `${box.control}/runtime/hosts/${hostOf(box)}/cache/${name}`;
    assert(exists(place.slice(0, place.lastIndexOf("/"))));
    mustRun(
      "install",
      "-o",
      `${ANN}`,
      "-g",
      `${TEAM}`,
      "-m",
      "644",
      `${box.outside}/forged`,
      `${box.main}/cache`,
    );
    assert(!mayAct(box, BEN, `mv cache '${own}/${name}'`));
    act(box, BEN, `mv cache '${place}'`);
    assertEquals((await box.json<{ clean: boolean }>(["status"])).clean, false);
    const { autosave_snapshot_id } = await box.json<{ autosave_snapshot_id: string | null }>([
      "restore",
      box.id,
    ]);
    assert(autosave_snapshot_id !== null, "her work was given up");
  },
});

/** A cache that says of a file, as it is now, what another one says of it as it was. */
async function forgeCache(from: string, file: string, to: string): Promise<void> {
  const platform = openPlatform();
  const opened = (path: string) => platform.openFolder(path.slice(0, path.lastIndexOf("/")));
  const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  using folder = opened(from);
  using read = folder.openFile(bytesOf(nameOf(from)), "read");
  const cache = loadStatCache(read);
  assert(cache);
  const { table } = cache;
  const now = new Stat();
  using tree = opened(file);
  for (const [i, name] of [[0, "."], [1, nameOf(file)]] as const) {
    tree.stat(bytesOf(name), now);
    const { ctimeNsec, ctimeSec, inoHi, inoLo, mtimeNsec, mtimeSec, size } = now;
    Object.entries({ ctimeNsec, ctimeSec, inoHi, inoLo, mtimeNsec, mtimeSec, size }).forEach(
      ([column, value]) => {
        if (i > 0 || column !== "size") {
          Reflect.set(Reflect.get(table, column), i, value);
        }
      },
    );
    table.clean[i] = 1;
  }
  using target = opened(to);
  saveStatCache(target, nameOf(to), cache);
  await Promise.resolve();
}

Deno.test({
  name: "settings that members may write do not give up anybody's unsaved work, whoever owns their file",
  ...needs,
  async fn() {
    using box = await sharedBox("printf saved > f");
    await fromBen(box, `printf '{"restore":{"unsaved":"discard"}}' > settings`);
    act(box, BEN, `mv settings '${box.control}/config.jsonc'`);
    assertEquals(Deno.lstatSync(`${box.control}/config.jsonc`).uid, ANN);
    act(box, ANN, "printf precious > f");
    const { stderr } = await box.run(["restore", box.id]);
    assertStringIncludes(stderr, "Other users may write them here, so unsaved work is saved");
    assertEquals((await box.history()).map(({ kind }) => kind).includes("autosave"), true);
  },
});

Deno.test({
  name: "a descriptor that a member moved to its place gives no set-id bits",
  ...needs,
  async fn() {
    using box = await sharedBox("printf x > f");
    act(box, BEN, "cp /bin/true tool; chmod 6755 tool; mkdir dir; chmod 6775 dir");
    const { snapshot: { snapshot_id: id } } = await box.json<{ snapshot: { snapshot_id: string } }>(
      ["snapshot", "ben's"],
      { user: BEN },
    );
    const file = `${box.control}/descriptors/${id}.json`;
    await box.json(["restore", box.id]);
    await fromBen(box, `cat '${file}' > text`);
    act(box, BEN, `mv text '${file}'`);
    assertEquals(Deno.lstatSync(file).uid, ANN);
    const { stderr } = await box.run(["restore", id]);
    assertStringIncludes(stderr, "Another user could have written this snapshot");
    assertEquals([modeOf(`${box.main}/tool`), modeOf(`${box.main}/dir`)], ["755", "2775"]);
    const { path } = await box.json<{ path: string }>(["worktree", "fork", id, "other"]);
    assertEquals([modeOf(`${path}/tool`), modeOf(`${path}/dir`)], ["755", "2775"]);
    // His own snapshot gives him back what he saved, and a claim that Ben puts up for her gives nothing.
    await box.json(["restore", box.id]);
    await box.json(["restore", id], { user: BEN });
    assertEquals(modeOf(`${box.main}/tool`), "6755");
    act(
      box,
      BEN,
      `mkdir '${box.control}/makers/${ANN}'; cp '${box.control}/makers/${BEN}/${id}' '${box.control}/makers/${ANN}'`,
    );
    await box.json(["restore", box.id]);
    await box.json(["restore", id]);
    assertEquals(modeOf(`${box.main}/tool`), "755");
  },
});

Deno.test({
  name:
    "what a member put in the place of a folder that a user has not yet keeps no snapshot from being made",
  ...needs,
  async fn() {
    using box = await sharedBox("printf x > f", BEN); // so Ann has no folder yet
    const as = { user: ANN };
    const plant = (place: string, script: string) => act(box, BEN, `cd '${box.control}/${place}'; ${script}`);
    act(box, BEN, "cp /bin/true tool; chmod 4755 tool");
    await box.save("with rights"); // makes `makers`
    for (const script of [`ln -s /tmp ${ANN}`, `mkfifo ${ANN}`, `mkdir ${ANN}`, `printf x > ${ANN}`]) {
      for (const place of ["runtime/users", "makers"]) plant(place, script);
      assertEquals((await box.json<{ clean: boolean }>(["status"], as)).clean, true, script);
      const { stderr } = await box.run(["snapshot", "ann's"], as);
      assertStringIncludes(stderr, "will leave out its set-id bits", script);
      const { hint } = await box.error("E_PERMISSION", ["restore", box.id], as);
      assertStringIncludes(hint, "move it away", script);
      await box.json(["history", "--all"], as);
      for (const place of ["runtime/users", "makers"]) plant(place, `rm -r ${ANN}`);
    }
    await box.json(["restore", box.id], as);
    await box.json(["restore", "HEAD"], as);
  },
});

for (const group of [TEAM, undefined]) {
  const where = group === undefined ? "a private" : "a shared";
  Deno.test({
    name:
      `staging in a payload root that another user exchanged is neither believed nor deleted, in ${where} repository`,
    ...needs,
    async fn() {
      const made = await BlackBox.make({ user: ANN, ...(group === undefined ? {} : { group }) });
      act(made, ANN, "printf x > run.sh; chmod 644 run.sh; mkdir -m 755 real");
      using box = Object.assign(made, { id: (await made.save("first")).snapshot_id });
      await box.json(["restore", box.id]);
      const own = `${box.control}/runtime/${group === undefined ? "shared" : `users/${ANN}`}/intents`;
      const inode = String(Deno.lstatSync(`${box.main}/real`).ino);
      for (const steps of [["staging"], ["staging", "in root"], ["staging", "in root", "journal"]]) {
        const { id, staging, text } = restoreIntent(box, steps, steps.length > 1 ? inode : undefined);
        const file = `${own}/${id}.json`;
        const journal = journalFor(box);
        act(
          box,
          ANN,
          `mkdir -p ${staging}/new ${staging}/old; cat > ${staging}/journal <<E\n${journal}\nE\ncat > '${file}' <<E\n${text}\nE\n`,
        );
        const { code } = await box.run(["snapshot", "two"]);
        assertEquals(
          [modeOf(`${box.main}/run.sh`), exists(`${box.main}/${staging}/journal`)],
          ["644", true],
          `${steps}`,
        );
        assertEquals([code, exists(file)], steps.length === 1 ? [0, false] : [1, true], `${steps}`);
        if (exists(file)) Deno.removeSync(file);
      }
    },
  });
}

Deno.test({
  name:
    "a folder that got name and inode number of staging in a payload root is not deleted: its birth time differs",
  ...needs,
  async fn() {
    using box = await sharedBox("printf x > f");
    await box.json(["restore", box.id]);
    const { id, staging, text } = restoreIntent(box, ["staging", "in root"], "INODE");
    const path = `${box.main}/${staging}`;
    act(
      box,
      ANN,
      `mkdir -m 700 ${staging} ${staging}/new ${staging}/old; echo unsaved > ${staging}/old/thesis`,
    );
    const stat = new Stat();
    using root = openPlatform().openFolder(box.main);
    assert(root.stat(bytesOf(staging), stat));
    const file = `${box.control}/runtime/users/${ANN}/intents/${id}.json`;
    for (const isOther of [true, false]) {
      const intent = JSON.parse(text);
      intent.details.staging_inode = String(Deno.lstatSync(path).ino);
      intent.details.staging_born = isOther ? "1.0" : birthText(stat);
      act(box, ANN, `cat > '${file}' <<E\n${JSON.stringify(intent)}\nE\n`);
      await box.run(["snapshot", "next"]);
      assertEquals(exists(`${path}/old/thesis`), isOther, "only what the restore itself has made goes");
    }
  },
});

Deno.test({
  name:
    "members finish what another began in the control plane alone, and respect what each other's intents claim",
  ...needs,
  async fn() {
    using box = await sharedBox("printf x > f");
    const intent = JSON.parse(restoreIntent(box, []).text);
    const put = (folder: string, fields: Record<string, unknown>) => {
      const file = `${box.control}/runtime/${folder}/${intent.id}.json`;
      Deno.writeTextFileSync(file, JSON.stringify({ ...intent, ...fields }));
      mustRun("chown", `${ANN}:${TEAM}`, file);
      Deno.chmodSync(file, 0o640);
      return file;
    };
    const saving = put("shared/intents", { operation: "snapshot", claims: {}, details: {} });
    await box.json(["snapshot", "two"], { user: BEN });
    assert(!exists(saving));
    await box.json(["restore", box.id]);
    const claims = { worktree_name: "taken" };
    put(`users/${ANN}/intents`, { operation: "worktree create", host: "elsewhere", claims, details: {} });
    const { message } = await box.error("E_ALREADY_EXISTS", ["worktree", "create", "taken"], { user: BEN });
    assertStringIncludes(message, "is changing a worktree with that name");
  },
});

Deno.test({
  name:
    "a folder with the mark of JVS in a worktree gets no copy that has it: not by a restore, a fork or a live fork",
  ...needs,
  async fn() {
    using box = await sharedBox("mkdir -p moved/users/in; chmod 6750 moved/users/in");
    assertEquals(modeOf(`${box.main}/moved/users/in`), "6750");
    await box.json(["worktree", "fork", "one"]);
    await box.json(["worktree", "fork", "two", "--live"]);
    act(box, ANN, "rm -r moved");
    await box.json(["restore", box.id, "--discard"]);
    for (const root of [box.main, `${box.path}/worktrees/one`, `${box.path}/worktrees/two`]) {
      assertEquals(modeOf(`${root}/moved/users/in`), "2750", root);
    }
    assertEquals(modeOf(`${box.control}/snapshots/${box.id}/moved/users/in`), "750");
  },
});

Deno.test({
  name:
    "what lies in a user's own folder and belongs to another is believed by nobody, and what is closed stops nobody",
  ...needs,
  async fn() {
    using box = await sharedBox("echo 1 >file");
    const intents = `${box.control}/runtime/users/${ANN}/intents`;
    const { id, text } = restoreIntent(box, ["begun"]);
    Deno.writeTextFileSync(`${intents}/${id}.json`, text);
    Deno.chownSync(`${intents}/${id}.json`, BEN, TEAM);
    assertStringIncludes((await box.run(["doctor", "--json"])).stdout, id);
    Deno.removeSync(`${intents}/${id}.json`);
    Deno.chmodSync(intents, 0o700); // what Ann may do to hers: then the group cannot read it
    assertEquals((await box.run(["status"], { user: BEN })).code, 0);
    act(box, BEN, "echo 2 >other");
    await box.json(["snapshot", "ben's", "--branch"], { user: BEN });
  },
});
