import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { asUser } from "./support/as_user.ts";
import { BlackBox } from "./support/black_box.ts";
import { exists, namesIn } from "./support/files.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

/* What a member of a group puts into a shared repository must not make the garbage collection of another delete anybody's files. */

const [ANN, BEN, TEAM] = [61001, 61002, 61003];
const needs = requires("root", "user");

type Collected = { pruned: string[]; deleted: string[]; in_use: string[] };

/** A repository of Ann's, shared with Ben, in which each of them has a snapshot that nothing keeps. */
async function withGarbage(): Promise<BlackBox & { readonly anns: string; readonly bens: string }> {
  const box = await BlackBox.make({ user: ANN, group: TEAM });
  act(box, ANN, "umask 022; echo kept > f; mkdir -m 555 closed");
  await box.save("kept");
  const ids: string[] = [];
  for (const user of [ANN, BEN]) {
    const as = { user };
    await box.json(["worktree", "fork", "old"], as);
    act(box, user, `umask 022; cd ../worktrees/old; mkdir -p deep; echo ${user} > deep/mine`);
    const { snapshot } = await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], {
      ...as,
      cwd: `${box.path}/worktrees/old`,
    });
    await box.json(["worktree", "remove", "old"], as);
    await box.json(["gc", "unpin", snapshot.snapshot_id], as);
    ids.push(snapshot.snapshot_id);
  }
  return Object.assign(box, { anns: ids[0] ?? "", bens: ids[1] ?? "" });
}

function act(box: BlackBox, user: number, script: string): void {
  mustRun(...asUser(user, "sh", ["-ec", `cd '${box.main}'; ${script}`], TEAM));
}

Deno.test({
  name: "a member collects what that member made, and its folders without write bits; root collects all",
  ...needs,
  async fn() {
    using box = await withGarbage();
    assertEquals((await box.json<Collected>(["gc", "run", "--yes"], { user: BEN })).deleted, [box.bens]);
    assertEquals((await box.json<Collected>(["gc", "run", "--yes"], { user: ANN })).deleted, [box.anns]);
    assertEquals(namesIn(`${box.control}/snapshots`).length, 2);
    for (const user of [ANN, BEN]) {
      assertEquals(namesIn(`${box.control}/runtime/users/${user}/tombstones`), [], "nothing is left");
    }
    await box.audit();
  },
});

Deno.test({
  name: "what lies in the place of a payload and is not what was saved there is not deleted",
  ...needs,
  async fn() {
    using box = await withGarbage();
    // Ben puts a folder of Ann's, with work of hers that nobody saved, in the place of her snapshot.
    act(
      box,
      ANN,
      "mkdir -m 2775 ../work; echo unsaved > ../work/thesis; mkdir -m 700 ../work/closed; echo more > ../work/closed/more",
    );
    const payload = `${box.control}/snapshots/${box.anns}`;
    act(box, BEN, `mv '${payload}' ../aside; mv ../work '${payload}'`);
    const { error, message } = await box.run(["gc", "run", "--yes", "--json"], { user: ANN }).then((
      { json },
    ) => json);
    assertEquals(error, "E_PERMISSION", String(message));
    assertStringIncludes(String(message), "is not what was saved");
    const kept = `${box.control}/runtime/users/${ANN}/tombstones/${box.anns}.gone`;
    assertEquals(Deno.readTextFileSync(`${kept}/thesis`), "unsaved\n");
    assertEquals(Deno.readTextFileSync(`${kept}/closed/more`), "more\n");
  },
});

Deno.test({
  name: "what a member plants for a garbage collection stops nobody's, and is not believed",
  ...needs,
  async fn() {
    using box = await withGarbage();
    act(box, ANN, "mkdir -m 2775 ../work; echo unsaved > ../work/thesis");
    const other = crypto.randomUUID();
    const tombstone = {
      id: other,
      plan_id: "0123456789abcdef",
      gc_state: "committed",
      pruned: [],
      deleted: [box.bens],
    };
    act(
      box,
      BEN,
      `echo > '${box.control}/snapshots/${box.anns}.gone'; mkdir -p '${box.control}/gc/tombstones';` +
        `echo '${JSON.stringify(tombstone)}' > '${box.control}/gc/tombstones/${other}.json'`,
    );
    assertEquals((await box.json<Collected>(["gc", "run", "--yes"], { user: ANN })).deleted, [box.anns]);
    assert(exists(`${box.control}/snapshots/${box.bens}`));
    const { deleted } = await box.json<Collected>(["gc", "run", "--yes"], { user: 0 });
    assertEquals(deleted, [box.bens]);
    assertEquals(Deno.readTextFileSync(`${box.path}/work/thesis`), "unsaved\n");
  },
});

Deno.test({
  name: "doctor --repair clean_tmp deletes nothing that a member gave the name of a left-over",
  ...needs,
  async fn() {
    using box = await withGarbage();
    act(box, ANN, "mkdir -m 2775 ../work; echo unsaved > ../work/thesis");
    const id = "1795386479359-b0d835ad";
    const names = [
      `${box.path}/.jvs-unfinished-1`,
      `${box.control}/probe-0f1e2d3c-0000-4000-8000-000000000000`,
      `${box.control}/snapshots/${id}.tmp`,
    ];
    for (const name of names) {
      act(box, BEN, `mv ../work '${name}'`);
      await box.run(["doctor", "--repair", "clean_tmp"], { user: ANN });
      const found = mustRun("find", box.path, "-name", "thesis").trim();
      assertEquals(Deno.readTextFileSync(found), "unsaved\n", name);
      mustRun("mv", found.replace("/thesis", ""), `${box.path}/work`);
    }
  },
});
