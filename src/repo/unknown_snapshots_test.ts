import { assertEquals } from "@std/assert";
import { randomNumbers } from "../../tests/support/random_tables.ts";
import type { Row } from "./snapshot_table.ts";
import { changedTable, EMPTY_TABLE } from "./snapshot_table_writer.ts";
import { endsOf, isUnknownTo, nextLine, type Unknown, unknownRows } from "./unknown_snapshots.ts";

const KINDS = ["manual", "autosave", "partial"] as const;
const idOf = (number: number) => `${1_700_000_000_000 + number}-00000000`;

/** Snapshots, each with the number of its parent. */
const line = (...parents: readonly (number | null)[]): Unknown[] =>
  parents.map((parent, i) => ({ id: idOf(i), parent: parent === null ? null : idOf(parent) }));

/** Random snapshots of four worktrees, pruned and damaged ones too. */
function randomRows(next: (below: number) => number): Row[] {
  return Array.from({ length: 60 }, (_, i) => ({
    id: idOf(2 * i),
    pruned: next(3) === 0,
    said: next(8) === 0 ? null : {
      parent_snapshot_id: i === 0 || next(4) === 0 ? null : idOf(2 * next(i)),
      created_at: "2027-01-01T00:00:00Z",
      worktree_id: `w${next(4)}`,
      kind: KINDS[next(3)] ?? "manual",
      note: "",
      tags: [],
    },
  }));
}

Deno.test("unknownRows() finds of a table what isUnknownTo() finds one by one, pruned ones too, and for two records with one id", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const next = randomNumbers(seed);
    const rows = randomRows(next);
    const table = await changedTable(EMPTY_TABLE, {
      kept: new Uint32Array(),
      pruned: () => false,
      added: rows,
    });
    const worktrees = [0, 1, 1, 2, 9].map((id) => ({
      worktree_id: `w${id}`,
      latest_snapshot_id: next(5) === 0 ? null : idOf(next(120)), // of a snapshot that is missing, too
    }));
    const expected = worktrees.flatMap((worktree) =>
      rows.filter(({ id, said }) => said !== null && isUnknownTo(worktree, id, said)).map(({ id }) => [
        id,
        worktree,
      ])
    );
    const found = unknownRows(table, worktrees).map(({ row, worktree }) => [table.id(row), worktree]);
    const sorted = (list: unknown[]) => list.map((each) => JSON.stringify(each)).sort();
    assertEquals(sorted(found), sorted(expected), `seed ${seed}`);
  }
});

Deno.test("isUnknownTo() counts what a user saved of all of the worktree, above the latest of its record", () => {
  const worktree = { worktree_id: "w", latest_snapshot_id: idOf(3) };
  const isUnknown = (number: number, worktree_id = "w", kind: typeof KINDS[number] = "manual") =>
    isUnknownTo(worktree, idOf(number), { worktree_id, kind });
  assertEquals([isUnknown(4), isUnknown(3), isUnknown(2), isUnknown(4, "other")], [
    true,
    false,
    false,
    false,
  ]);
  assertEquals([isUnknown(4, "w", "autosave"), isUnknown(4, "w", "partial")], [false, false]);
  const fresh = { worktree_id: "w", latest_snapshot_id: null };
  assertEquals(isUnknownTo(fresh, idOf(0), { worktree_id: "w", kind: "manual" }), true);
});

Deno.test("nextLine() is one line from where the worktree stands, and nothing else", () => {
  const at = (head: string | null, latest = head) => ({ head_snapshot_id: head, latest_snapshot_id: latest });
  const standsOn = idOf(9);
  assertEquals(nextLine(at(standsOn), line(9, 0, 1)), { first: idOf(0), end: idOf(2), count: 3 });
  assertEquals(nextLine(at(null), line(null, 0)), { first: idOf(0), end: idOf(1), count: 2 });
  assertEquals(nextLine(at(standsOn), []), undefined);
  assertEquals(nextLine(at(idOf(8), standsOn), line(9, 0)), undefined, "detached");
  assertEquals(nextLine(at(standsOn), line(8, 0)), undefined, "from elsewhere");
  assertEquals(nextLine(at(standsOn), line(9, 0, 0)), undefined, "two lines");
  assertEquals(nextLine(at(standsOn), line(9, null)), undefined, "two beginnings");
});

Deno.test("endsOf() gives the newest of each line", () => {
  assertEquals(endsOf(line(null, 0, 0, 2, 7)), [idOf(1), idOf(3), idOf(4)]);
});
