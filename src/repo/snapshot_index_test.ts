import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { type ControlPlane, controlPlane } from "../../tests/support/control_plane.ts";
import { exists, namesIn } from "../../tests/support/files.ts";
import { killedAt } from "../../tests/support/kill_point.ts";
import { putSnapshot } from "../../tests/support/many_snapshots.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun, python } from "../../tests/support/run.ts";
import { isJvsError } from "../model/errors.ts";
import type { Descriptor } from "../model/records.ts";
import { Layout } from "./layout.ts";
import { byIndex, readDetailedIndex, readIndex } from "./snapshot_index.ts";
import { readIndexFile, saveIndex } from "./snapshot_index_file.ts";
import { idText, type SnapshotTable } from "./snapshot_table.ts";
import { changedTable } from "./snapshot_table_writer.ts";

const START = 1_700_000_000_000;
const ENOUGH = 70;

const idOf = (n: number) => idText(START + n, n);

async function put(plane: ControlPlane, n: number, more: Partial<Descriptor> = {}): Promise<void> {
  const parent_snapshot_id = n === 0 ? null : idOf(n - 1);
  const tags = n % 10 === 0 ? ["ten", `tag-${n}`] : [];
  await putSnapshot(plane, { snapshot_id: idOf(n), parent_snapshot_id, note: `note ${n}`, tags, ...more });
}

async function planeOf(count: number): Promise<ControlPlane> {
  const plane = controlPlane();
  Deno.writeTextFileSync(plane.layout.repoId.path, crypto.randomUUID());
  for (let n = 0; n < count; n++) await put(plane, n);
  return plane;
}

/** A control plane with an index that readers rely on. */
async function indexed(count = ENOUGH): Promise<ControlPlane> {
  const plane = await planeOf(count);
  await settleIndex(plane);
  return plane;
}

/** Reads until the folder of markers is old enough to be relied on. */
async function settleIndex(plane: ControlPlane): Promise<void> {
  for (;;) {
    await readIndex(plane);
    const stored = await readIndexFile(Deno.readFileSync(fileOf(plane)));
    if (stored !== undefined && stored.stamp !== "") return;
  }
}

function fileOf({ layout }: ControlPlane): string {
  const { id, uid } = layout.plane.platform.host;
  return layout.index(id, uid).path;
}

/** All that a table says. */
async function saysOf(table: SnapshotTable): Promise<unknown[]> {
  await table.readDetails();
  return Array.from({ length: table.count }, (_, row) => [
    table.id(row),
    table.parentId(row),
    table.tags(row),
    table.note(row),
    table.created(row),
    table.columns.flags[row],
    table.columns.words.worktrees[table.columns.worktree[row] ?? 0],
    [...table.line(row).rows],
  ]);
}

async function assertRight(plane: ControlPlane, what = ""): Promise<void> {
  const right = await saysOf(await readIndex(plane, { isNew: true }));
  assertEquals(await saysOf(await readIndex(plane)), right, what);
}

/** The same, but what is right is read without writing an index. */
async function assertStillRight(plane: ControlPlane, what: string): Promise<void> {
  const table = await readIndex(plane);
  using _kept = copyOf(fileOf(plane));
  assertEquals(await saysOf(table), await saysOf(await readIndex(plane, { isNew: true })), what);
}

function copyOf(path: string): Disposable {
  const content = Deno.readFileSync(path);
  return { [Symbol.dispose]: () => Deno.writeFileSync(path, content) };
}

Deno.test("a table finds the row of an id, whichever row is guessed", async () => {
  using plane = await planeOf(5);
  const table = await readIndex(plane);
  for (let guess = -1; guess < 8; guess++) {
    for (let n = -1; n < 7; n++) {
      const expected = n < 0 || n > 4 ? -1 : n;
      assertEquals(table.findNumbers(START + n, n, guess), expected, `${n}, guessed ${guess}`);
      assertEquals(
        table.findNumbers(START + n, n + 1, guess),
        -1,
        `other digits than ${n}, guessed ${guess}`,
      );
    }
  }
});

Deno.test("readIndex() keeps no file for a few snapshots, and one for many", async () => {
  using few = await planeOf(5);
  assertEquals((await readIndex(few)).count, 5);
  assertEquals(exists(fileOf(few)), false);
  using many = await planeOf(ENOUGH);
  await assertRight(many);
  assertEquals(namesIn(fileOf(many).slice(0, fileOf(many).lastIndexOf("/"))).length, 1);
});

Deno.test("readIndex() reads no descriptor, and lists nothing, while nothing changes", async () => {
  using plane = await indexed();
  const before = await saysOf(await readIndex(plane));
  for (let n = 0; n < ENOUGH; n++) Deno.removeSync(plane.layout.descriptor(idOf(n)).path);
  const { snapshots } = plane.layout;
  const original = snapshots.open;
  Object.assign(snapshots, { open: () => assert(false, "the folder of markers was opened") });
  assertEquals(await saysOf(await readIndex(plane)), before);
  Object.assign(snapshots, { open: original });
});

const CHANGES: [what: string, change: (plane: ControlPlane) => unknown][] = [
  ["a new snapshot", (plane) => put(plane, ENOUGH)],
  ["two new ones, one of them before all others", async (plane) => {
    await put(plane, ENOUGH, { kind: "autosave" });
    await put(plane, -5, { parent_snapshot_id: null });
  }],
  ["a marker that is gone", ({ layout }) => Deno.removeSync(layout.ready(idOf(30)).path)],
  ["the marker of a tagged one that is gone", ({ layout }) => Deno.removeSync(layout.ready(idOf(10)).path)],
  ["one that is pruned", ({ layout }) => {
    Deno.renameSync(layout.ready(idOf(9)).path, layout.pruned(idOf(9)).path);
  }],
  [
    "some with both markers",
    ({ layout }) => {
      for (let n = 9; n < 40; n++) Deno.copyFileSync(layout.ready(idOf(n)).path, layout.pruned(idOf(n)).path);
    },
  ],
  ["a new one that is damaged", async (plane) => {
    await put(plane, ENOUGH);
    Deno.writeTextFileSync(plane.layout.descriptor(idOf(ENOUGH)).path, "{}");
  }],
  ["a new one without a descriptor", async (plane) => {
    await put(plane, ENOUGH);
    Deno.removeSync(plane.layout.descriptor(idOf(ENOUGH)).path);
  }],
  ["files of others", ({ layout }) => {
    for (const name of ["x.READY", "1700000000000-0000000g.READY", `${idOf(200)}.READY2`, `${idOf(200)}`]) {
      Deno.writeTextFileSync(`${layout.snapshots.path}/${name}`, "");
    }
  }],
  ["all of them are gone", ({ layout }) => Deno.removeSync(layout.snapshots.path, { recursive: true })],
];

for (const [what, change] of CHANGES) {
  Deno.test(`readIndex() notices ${what}`, async () => {
    using plane = await indexed();
    await change(plane);
    await assertStillRight(plane, "at once");
    await assertStillRight(plane, "once more");
  });
}

Deno.test("readIndex() notices what comes back", async () => {
  using plane = await indexed();
  const { layout } = plane;
  const [ready, descriptor] = [layout.ready(idOf(30)).path, layout.descriptor(idOf(50)).path];
  const sound = Deno.readTextFileSync(descriptor);
  Deno.removeSync(fileOf(plane));
  Deno.writeTextFileSync(descriptor, "damaged");
  Deno.renameSync(ready, `${ready}.lost`);
  await settleIndex(plane);
  assert((await readIndex(plane)).isUnread(49), "row 49, because that of 30 is gone");
  await assertStillRight(plane, "without both");
  Deno.writeTextFileSync(descriptor, sound); // the folder of markers shows nothing of this
  await assertStillRight(plane, "the descriptor");
  Deno.renameSync(`${ready}.lost`, ready);
  await assertStillRight(plane, "the marker, too");
});

Deno.test("readIndex() notices every change in a row of quick ones", async () => {
  using plane = await planeOf(ENOUGH);
  const { layout, snapshots } = plane;
  for (let round = 0; round < 60; round++) {
    const ready = layout.ready(idOf(round)).path;
    if (round % 2 === 0) Deno.removeSync(ready);
    else await put(plane, ENOUGH + round);
    const table = await readIndex(plane);
    assertEquals(Array.from({ length: table.count }, (_, row) => table.id(row)), snapshots.listKnown());
  }
});

Deno.test("readIndex() lists the markers again after a change that HEAD shows, whatever the folder's times say", async () => {
  using plane = await indexed();
  const lying = await readIndex(plane);
  Deno.writeTextFileSync(plane.layout.auditHead.path, "another record");
  const { stamp } = await storedOf(plane);
  const less = await changedTable(lying, { kept: Uint32Array.of(1, 2), pruned: () => false, added: [] });
  await store(plane, less, stamp); // as if a second host had added all others
  await assertStillRight(plane, "HEAD");
});

async function storedOf(plane: ControlPlane) {
  const stored = await readIndexFile(Deno.readFileSync(fileOf(plane)));
  assert(stored !== undefined);
  return stored;
}

async function store(plane: ControlPlane, table: SnapshotTable, stamp: string): Promise<void> {
  using folder = plane.cacheFolder().open();
  const { repository } = await storedOf(plane);
  await saveIndex(folder, fileOf(plane).slice(fileOf(plane).lastIndexOf("/") + 1), {
    table,
    repository,
    stamp,
  });
}

Deno.test("readIndex() believes no damaged file", async () => {
  using plane = await indexed();
  const path = fileOf(plane);
  const sound = Deno.readFileSync(path);
  const contents: [string, Uint8Array][] = [
    ["empty", new Uint8Array()],
    ["zeros", new Uint8Array(sound.length)],
    ["text", new TextEncoder().encode("SQLite format 3\0 and more of it")],
    ["longer", Uint8Array.from([...sound, ...new Uint8Array(8)])],
  ];
  for (let cut = 1; cut < sound.length; cut += Math.ceil(sound.length / 20)) {
    contents.push([`cut to ${cut}`, sound.slice(0, cut)]);
  }
  for (let at = 0; at < sound.length; at += Math.ceil(sound.length / 60)) {
    const flipped = sound.slice();
    flipped[at] = (flipped[at] as number) ^ 0x10;
    contents.push([`byte ${at}`, flipped]);
  }
  const right = await saysOf(await readIndex(plane, { isNew: true }));
  for (const [round, [what, content]] of contents.entries()) {
    Deno.writeFileSync(path, content);
    const said = await byIndex(plane, {}, ({ table }) => saysOf(table));
    assertEquals(said, right, what);
    Deno.writeFileSync(path, content);
    assertEquals(await saysOf(await readDetailedIndex(plane)), right, `${what}, with details`);
    Deno.writeFileSync(path, content);
    await put(plane, ENOUGH + round); // then the index is written again
    assertEquals((await readIndex(plane)).count, ENOUGH + 1, `${what}, and a new snapshot`);
    plane.layout.ready(idOf(ENOUGH + round)).remove();
  }
});

Deno.test("readIndex() believes no index of another repository", async () => {
  using plane = await indexed();
  using other = await indexed(ENOUGH + 5);
  for (const [from, to] of [[plane, other], [other, plane]] as const) {
    const kept = Deno.readFileSync(fileOf(to));
    Deno.copyFileSync(fileOf(from), fileOf(to));
    await assertStillRight(to, "after a copy");
    Deno.writeFileSync(fileOf(to), kept);
  }
});

/** An index with the right stamp, in which one note, one tag and one parent are others. */
async function lie(plane: ControlPlane): Promise<void> {
  const table = await readIndex(plane);
  const { stamp } = await storedOf(plane);
  assertNotEquals(stamp, "");
  const kept = Uint32Array.from({ length: ENOUGH }, (_, row) => row).filter((row) => row !== 20);
  const descriptor = await plane.snapshots.descriptor(idOf(20));
  const said = { ...descriptor, note: "a lie", tags: ["liar"], parent_snapshot_id: idOf(3) };
  const added = [{ id: idOf(20), pruned: false, said }];
  await store(plane, await changedTable(table, { kept, pruned: () => false, added }), stamp);
}

Deno.test("readIndex() believes no index where others may write, but in a folder that only the caller may write", async () => {
  using plane = await indexed();
  await lie(plane);
  assertEquals((await readIndex(plane)).tags(20), ["liar"], "the lie would be believed");
  const [{ layout }, forged] = [plane, Deno.readFileSync(fileOf(plane))];
  Deno.chmodSync(layout.control.path, 0o2770);
  const shared = { ...plane, layout: new Layout(layout.root) };
  assertEquals((await readIndex(shared)).tags(20), ["ten", "tag-20"], "where it lay before");
  const folder = shared.layout.caches(layout.plane.platform.host.id);
  Deno.mkdirSync(folder.path, { recursive: true }); // as another user could have moved it there
  Deno.writeFileSync(fileOf(shared), forged);
  assertEquals((await readIndex(shared)).tags(20), ["ten", "tag-20"], "in a folder that JVS did not make");
});

Deno.test("byIndex() confirms what an answer is about, and makes an index anew that says something else", async () => {
  using plane = await indexed();
  await lie(plane);
  const tagged = (tag: string) =>
    byIndex(plane, {}, async ({ confirm, table }) => {
      const rows = [...table.withTag((each) => each === tag)];
      for (const row of rows) await confirm(row);
      return rows.map((row) => table.id(row));
    });
  assertEquals(await tagged("liar"), []);
  assertEquals(await tagged("tag-20"), [idOf(20)]);
  await assertStillRight(plane, "mended");
  Deno.writeTextFileSync(plane.layout.descriptor(idOf(20)).path, "damaged");
  assertEquals(await tagged("tag-20"), [], "what cannot be read has no tag");
  const error = await assertRejects(() =>
    byIndex(plane, {}, ({ confirm, table }) => confirm(table.find(idOf(20))))
  );
  assert(isJvsError(error, "E_DESCRIPTOR_CORRUPT"));
});

Deno.test({
  name: "readIndex() killed at any change leaves an index, old or new, and the next reader answers",
  ...requires("ffi"),
  fn: async () => {
    using plane = await indexed();
    for (let n = 1, ended = false; !ended; n++) {
      await put(plane, ENOUGH + n);
      ended = !await killedAt(n, () => readIndex(plane));
      assert(await readIndexFile(Deno.readFileSync(fileOf(plane))) !== undefined, `killed at change ${n}`);
      await assertStillRight(plane, `killed at change ${n}`);
    }
  },
});

const PLANTS: [what: string, plant: (path: string, outside: string) => void][] = [
  ["link", (path, outside) => Deno.symlinkSync(outside, path)],
  ["hard link", (path, outside) => Deno.linkSync(outside, path)],
  ["FIFO", (path) => mustRun("mkfifo", path)],
  [
    "socket",
    (path) => mustRun(python(), "-c", "import os,sys,stat; os.mknod(sys.argv[1], stat.S_IFSOCK|0o600)", path),
  ],
  ["folder", (path) => Deno.mkdirSync(`${path}/in`, { recursive: true })],
];

for (const [what, plant] of PLANTS) {
  Deno.test(`a ${what} in the place of the index, or of its folder, changes no answer and nothing outside`, async () => {
    using plane = await indexed();
    const outside = `${plane.layout.root}/outside`;
    const path = fileOf(plane);
    const folder = path.slice(0, path.lastIndexOf("/"));
    for (const place of [path, folder]) {
      if (place === folder && what === "hard link") continue; // folders have none
      Deno.removeSync(place, { recursive: true });
      if (place === folder) Deno.mkdirSync(outside);
      else Deno.writeTextFileSync(outside, "the user's");
      plant(place, outside);
      const right = Array.from({ length: ENOUGH }, (_, n) => idOf(n));
      for (let look = 0; look < 2; look++) {
        const table = await readIndex(plane);
        assertEquals(right, Array.from({ length: table.count }, (_, row) => table.id(row)));
      }
      const left = place === folder ? namesIn(outside) : Deno.readTextFileSync(outside);
      assertEquals(left, place === folder ? [] : "the user's");
      Deno.removeSync(outside, { recursive: true });
    }
  });
}
