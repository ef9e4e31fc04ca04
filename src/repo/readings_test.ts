import { assertEquals } from "@std/assert";
import { TreeTable } from "../tree/table.ts";
import { Readings } from "./readings.ts";

const COUNT = 3000;

/** Columns of files, of which two neighbours differ in one fact only. */
function files(): TreeTable {
  const table = new TreeTable(COUNT);
  const facts = [table.inoLo, table.inoHi, table.size, table.mtimeSec, table.mtimeNsec];
  for (let i = 0; i < COUNT; i++) {
    const changed = i % facts.length;
    for (const [n, fact] of facts.entries()) {
      fact[i] = Math.floor(i / facts.length) * 2 + (n === changed ? 1 : 0);
    }
  }
  return table;
}

const hash = new Uint8Array(32).map((_, byte) => byte * 13);

Deno.test("Readings knows when each of many files was read, by its inode, size, time and content", () => {
  const table = files();
  const readings = new Readings();
  for (let i = 0; i < COUNT; i++) readings.note(table, i, hash, 1000 + i, "a");
  for (let i = 0; i < COUNT; i++) assertEquals(readings.timeOf(table, i, hash), 1000 + i);
  assertEquals(readings.timeOf(table, 0, hash.toReversed()), 0, "another content");
  table.mtimeNsec[7] = 999;
  assertEquals(readings.timeOf(table, 7, hash), 0, "another time");
});

Deno.test("Readings.merge() takes the newer of two times, and columnsSince() leaves out what is old", () => {
  const table = files();
  const [one, other] = [new Readings(), new Readings()];
  for (const [readings, times] of [[one, [10, 50, 0]], [other, [20, 40, 5]]] as const) {
    for (const [i, time] of times.entries()) {
      readings.note(table, i, hash, time, "a");
      readings.snapshots.set(`${i}`, { time, folder: "f" });
    }
  }
  one.merge(other);
  assertEquals([0, 1, 2].map((i) => one.timeOf(table, i, hash)), [20, 50, 5]);
  assertEquals([...one.snapshots.values()].map(({ time }) => time), [20, 50, 5]);
  const recent = Readings.of([], one.columnsSince(15), one.sourcesOfFiles);
  assertEquals([0, 1, 2].map((i) => recent.timeOf(table, i, hash)), [20, 50, 0]);
});

Deno.test("Readings.forgetFiles() forgets those that are named, and Readings.of() brings back the rest", () => {
  const table = files();
  const [all, some] = [new Readings(), new Readings()];
  for (let i = 0; i < COUNT; i++) {
    all.note(table, i, hash, 7, "a");
    if (i % 3 === 0) some.note(table, i, hash, 1, "a");
  }
  const reading = { time: 8, folder: "f" };
  all.snapshots.set("a", reading);
  all.forgetFiles(some);
  const read = Readings.of(all.snapshots, all.columns, all.sourcesOfFiles);
  for (let i = 0; i < COUNT; i++) assertEquals(read.timeOf(table, i, hash), i % 3 === 0 ? 0 : 7);
  assertEquals([...read.snapshots], [["a", reading]]);
});

Deno.test("Readings.of() leaves out what was read in snapshots that are gone, unless it was read again in another", () => {
  const table = files();
  const readings = new Readings();
  readings.note(table, 0, hash, 7, "gone");
  readings.note(table, 1, hash, 7, "gone");
  readings.note(table, 1, hash, 7, "there");
  readings.snapshots.set("gone", { time: 8, folder: "f" });
  const read = Readings.of(
    readings.snapshots,
    readings.columns,
    readings.sourcesOfFiles,
    (id) => id === "there",
  );
  assertEquals([0, 1].map((i) => read.timeOf(table, i, hash)), [0, 7]);
  assertEquals(read.snapshots.size, 0);
});
