import { assert, assertEquals } from "@std/assert";
import { FILE } from "../src/model/entry.ts";
import { planRestore } from "../src/protocol/restore/plan.ts";
import { writeManifest } from "../src/tree/manifest.ts";
import { mergeTables } from "../src/tree/merge_tables.ts";
import type { TreeTable } from "../src/tree/table.ts";
import { inFolder } from "./support/by_path.ts";
import { entry, tableOf } from "./support/random_tables.ts";
import { pathOf } from "./support/restore_scenes.ts";
import { tempDir } from "./support/temp_dir.ts";

/** Other work: counts how often it got its turn. */
class OtherWork implements Disposable {
  turns = 0;
  private next = setImmediate(() => this.run());

  private run(): void {
    this.turns++;
    this.next = setImmediate(() => this.run());
  }

  [Symbol.dispose](): void {
    clearImmediate(this.next);
  }
}

/** A folder of so many files, each of which takes a millisecond. */
const MANY = 200;

function manyFiles(): TreeTable {
  const names = Array.from({ length: MANY }, (_, i) => `${i}`.padStart(4, "0"));
  return tableOf(names.map((name) => entry(name, { type: FILE })));
}

function takeAMillisecond(): void {
  for (const until = performance.now() + 1; performance.now() < until;);
}

Deno.test("mergeTables() gives other work its turn", async () => {
  const table = manyFiles();
  using other = new OtherWork();
  await mergeTables(table, table, takeAMillisecond);
  assert(other.turns > 0, "nothing else ran while two trees were merged");
});

Deno.test("writeManifest() gives other work its turn while it encodes entries", async () => {
  using folder = tempDir();
  const table = manyFiles();
  using other = new OtherWork();
  const turnAt: number[] = [];
  const contentHash = table.contentHash.bind(table);
  table.contentHash = (index) => {
    takeAMillisecond();
    turnAt.push(other.turns);
    return contentHash(index);
  };
  await inFolder(writeManifest)(folder.path, "1700000000001-0000000a", table, null);
  assertEquals(turnAt.length, table.count, "the hash of each entry is asked for once");
  assert(turnAt.at(-1) !== turnAt[0], "nothing else ran between the first entry and the last");
});

Deno.test("planRestore() gives other work its turn while it decides on entries", async () => {
  const table = manyFiles();
  using other = new OtherWork();
  const turnAt: number[] = [];
  const inScope = () => {
    takeAMillisecond();
    turnAt.push(other.turns);
    return true;
  };
  const never = () => false;
  await planRestore({ now: table, then: table, ignored: never, fixed: never, inScope });
  assert(turnAt.length >= table.count);
  assert(turnAt.at(-1) !== turnAt[0], "nothing else ran between the first entry and the last");
});

Deno.test("planRestore() gives other work its turn between its passes over a tree", async () => {
  const now = tableOf(["folder/inside", "only now"].map((path) => entry(path)));
  const then = tableOf([entry("folder")]);
  using other = new OtherWork();
  const turnOf = new Map<string, number>();
  const noted = (pass: string) => {
    turnOf.set(pass, other.turns);
    return false;
  };
  await planRestore({
    now,
    then,
    // Asked for what is in a folder that a file replaces.
    fixed: (i) => pathOf(now, i) === "folder/inside" && noted("what goes with a folder"),
    // Asked for what the snapshot does not have.
    ignored: (i) => pathOf(now, i) === "only now" && noted("what is removed"),
    inScope: () => true,
  });
  noted("the counts");
  assertEquals([...turnOf.keys()], ["what goes with a folder", "what is removed", "the counts"]);
  assertEquals(new Set(turnOf.values()).size, 3, `two passes in one turn: ${JSON.stringify([...turnOf])}`);
});
