import { assert, assertEquals } from "@std/assert";
import { BlackBox, type BlackBoxOptions } from "../support/black_box.ts";
import { contentsOf, payloadsOf } from "../support/kept_content.ts";
import { killedAt } from "../support/killed_by_strace.ts";
import { asUser, USER } from "../support/as_user.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";
import { describeTree } from "../support/trees.ts";

const REPAIR = ["doctor", "--repair-runtime"];

/** A restore does two of these: as it begins the second everything is changed and nothing committed. */
const ALL_CHANGED = { call: "syncfs", when: 2 };

/** One with `d/f`, first `1` and then `22`; `between` changes more of it in between. */
async function savedTwice(
  options: BlackBoxOptions & { before?: (box: BlackBox) => void; between?: (box: BlackBox) => void } = {},
): Promise<BlackBox & { readonly first: string }> {
  const { before, between, ...more } = options;
  const box = await BlackBox.make(more);
  box.write("d/f", "1\n");
  before?.(box);
  const { snapshot_id: first } = await box.save("first");
  between?.(box);
  box.write("d/f", "22\n");
  await box.save("second");
  return Object.assign(box, { first });
}

/** Restores the first, killed when all is changed and nothing committed. */
async function killRestore(box: BlackBox & { readonly first: string }): Promise<void> {
  assert(await killedAt(box, ["restore", box.first], ALL_CHANGED), "it must have been killed");
}

function openToAppend(path: string): { append: (text: string) => void } & Disposable {
  const file = Deno.openSync(path, { append: true });
  return {
    append: (text) => void file.writeSync(new TextEncoder().encode(text)),
    [Symbol.dispose]: () => file.close(),
  };
}

/** In which snapshots a file of this content is. */
function snapshotsWith(box: BlackBox, content: string): string[] {
  return [...payloadsOf(box.control)].filter(([, payload]) => [...payload.values()].includes(content))
    .map(([id]) => id);
}

for (const gone of ["moved away", "removed"]) {
  Deno.test({
    name: `jvs restore loses nothing written while it ran when the folder is ${gone} before it is undone`,
    ...requires("strace"),
    fn: async () => {
      using box = await savedTwice();
      using writer = openToAppend(`${box.main}/d/f`);
      await killRestore(box);
      writer.append("precious\n");
      if (gone === "removed") Deno.removeSync(`${box.main}/d`, { recursive: true });
      else Deno.renameSync(`${box.main}/d`, `${box.main}/d2`);
      await box.json(REPAIR);
      assertEquals(snapshotsWith(box, "22\nprecious\n").length, 1);
      await box.audit();
    },
  });
}

Deno.test({
  name:
    "jvs restore saves what was written into what it had taken out when the folder is gone by the time of the undo",
  ...requires("strace"),
  fn: async () => {
    using box = await savedTwice({
      between: ({ main }) => Deno.writeTextFileSync(`${main}/d/only-second`, "2\n"),
    });
    using writer = openToAppend(`${box.main}/d/only-second`);
    await killRestore(box);
    writer.append("precious\n");
    Deno.removeSync(`${box.main}/d`, { recursive: true });
    await box.json(REPAIR);
    assertEquals(snapshotsWith(box, "2\nprecious\n").length, 1);
    assertEquals(snapshotsWith(box, "22\n").length, 1, "what the head has need not be saved again");
    await box.audit();
  },
});

Deno.test({
  name:
    "jvs restore that is undone saves what was written to what it had put there, of the same size and time",
  ...requires("strace"),
  fn: async () => {
    using box = await savedTwice();
    await killRestore(box);
    assertEquals(box.read("d/f"), "1\n");
    mustRun(
      "sh",
      "-ec",
      `cd '${box.main}/d'; touch -r f ../time; echo 3 > f; touch -r ../time f; rm ../time`,
    );
    await box.json(REPAIR);
    assertEquals(box.read("d/f"), "22\n");
    assertEquals(snapshotsWith(box, "3\n").length, 1);
    await box.audit();
  },
});

Deno.test({
  name: "jvs restore that is undone keeps what it had put there for writers that still have it open",
  ...requires("strace"),
  fn: async () => {
    using box = await savedTwice();
    await killRestore(box);
    assertEquals(box.read("d/f"), "1\n");
    using writer = openToAppend(`${box.main}/d/f`);
    await box.json(REPAIR);
    assertEquals(box.read("d/f"), "22\n");
    writer.append("late\n");
    const kept = contentsOf(`${box.control}/runtime/shared/replaced`);
    assertEquals([...kept.values()].filter((content) => content === "1\nlate\n").length, 1);
    await box.audit();
  },
});

Deno.test({
  name: "jvs restore that is undone leaves modes, times and attributes alone that others set meanwhile",
  ...requires("strace", "root"),
  fn: async () => {
    const shell = (box: BlackBox, script: string) => mustRun("sh", "-ec", `cd '${box.main}'; ${script}`);
    using box = await savedTwice({
      before: (made) =>
        shell(made, "for i in mode time attribute; do echo same > $i; done; chmod 644 *e; mkdir folder"),
      between: (made) =>
        shell(
          made,
          "chmod 600 mode time attribute; touch -d @1000000000 mode time attribute; chmod 700 folder; chgrp 1 time",
        ),
    });
    await killRestore(box);
    shell(
      box,
      "chmod 4711 mode; touch -d @1100000000 time; setfattr -n user.mine -v precious attribute; chmod 751 folder",
    );
    await box.json(REPAIR);
    assertEquals(
      mustRun(
        "sh",
        "-ec",
        `cd '${box.main}'; stat -c '%n %a %g %Y' mode time attribute; stat -c '%n %a' folder d`,
      )
        .trimEnd().split("\n"),
      [
        "mode 4711 0 1000000000",
        "time 600 1 1100000000",
        "attribute 600 0 1000000000",
        "folder 751",
        "d 755",
      ],
    );
    assertEquals(
      mustRun("getfattr", "--only-values", "-n", "user.mine", `${box.main}/attribute`),
      "precious",
    );
    assertEquals(box.read("d/f"), "22\n");
    await box.audit();
  },
});

for (const [before, after] of [["755", "555"], ["555", "755"], ["555", "500"]]) {
  Deno.test({
    name: `jvs restore by an ordinary user is undone in a folder that changes from ${before} to ${after}`,
    ...requires("strace", "root", "user"),
    fn: async () => {
      using box = await BlackBox.make({ user: USER });
      const inMain = (script: string) =>
        mustRun(...asUser(USER, "sh", ["-ec", `cd '${box.main}'; ${script}`]));
      inMain(`mkdir d; echo 1 > d/f; echo 1 > d/only-first; chmod ${after} d`);
      const { snapshot_id: first } = await box.save("first");
      inMain(`chmod 700 d; echo 22 > d/f; rm d/only-first; echo 2 > d/only-second; chmod ${before} d`);
      await box.save("second");
      const old = await describeTree(box.main);
      assert(await killedAt(box, ["restore", first], ALL_CHANGED));
      await box.json(REPAIR);
      assertEquals(await describeTree(box.main), old);
      await box.audit();
    },
  });
}

Deno.test({
  name:
    "jvs restore is undone and loses nothing when the undo is killed and a file is written before the next one",
  ...requires("strace"),
  fn: async () => {
    using box = await savedTwice();
    await killRestore(box);
    // While it is open, nothing that is written later can get its inode number and be taken for it.
    using _restored = Deno.openSync(`${box.main}/d/f`);
    const write = (text: string) => {
      Deno.writeTextFileSync(`${box.outside}/new`, text);
      Deno.renameSync(`${box.outside}/new`, `${box.main}/d/f`);
    };
    for (const round of [1, 2, 3]) {
      write(`written ${round}\n`);
      // So many renames try to put aside what was written, the next one would put the old file back.
      assert(await killedAt(box, REPAIR, { call: "renameat2", when: round + 1 }), "it must have been killed");
    }
    write("written 4\n");
    await box.json(REPAIR);
    assertEquals(box.read("d/f"), "22\n");
    for (const round of [1, 2, 3, 4]) {
      assertEquals(snapshotsWith(box, `written ${round}\n`).length, 1, `${round}`);
    }
    await box.audit();
  },
});
