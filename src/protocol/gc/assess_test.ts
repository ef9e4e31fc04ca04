import { assertEquals } from "@std/assert";
import { randomNumbers } from "../../../tests/support/random_tables.ts";
import type { Policy } from "../../model/gc_records.ts";
import type { Row, SnapshotTable } from "../../repo/snapshot_table.ts";
import { changedTable, EMPTY_TABLE } from "../../repo/snapshot_table_writer.ts";
import { assess } from "./assess.ts";
import type { Root } from "./roots.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2027-01-01T00:00:00Z");
const POLICY: Policy = {
  name: "default",
  prune_ancestors: false,
  keep_last_n: 0,
  keep_days: 0,
  keep_tag_prefixes: [],
  max_repo_bytes: 0,
  keep_autosave_days: 30,
};

/** A snapshot of a test, by its number; ages in days. */
interface Given {
  parent?: number | "missing";
  worktree?: string;
  kind?: "manual" | "autosave";
  age?: number;
  tags?: string[];
  pruned?: boolean;
  damaged?: boolean;
}

const idOf = (number: number | "missing") =>
  `${1_700_000_000_000 + (number === "missing" ? -1 : number)}-00000000`;

async function tableOf(given: readonly Given[]): Promise<SnapshotTable> {
  const rows = given.map((
    { age = 100, damaged, kind = "manual", parent, pruned = false, tags = [], worktree = "main" },
    i,
  ): Row => ({
    id: idOf(i),
    pruned,
    said: damaged ? null : {
      parent_snapshot_id: parent === undefined ? null : idOf(parent),
      created_at: new Date(NOW - age * DAY).toISOString(),
      worktree_id: worktree,
      kind,
      note: "",
      tags,
    },
  }));
  const table = await changedTable(EMPTY_TABLE, {
    kept: new Uint32Array(),
    pruned: () => false,
    added: rows,
  });
  await table.readDetails();
  return table;
}

const head = (number: number): Root => ({
  id: idOf(number),
  by: "lineage",
  why: "head of worktree main",
  line: "before the head of worktree main",
});
const ref = (number: number): Root => ({ id: idOf(number), by: "ref", why: "ref best" });

async function actions(
  given: readonly Given[],
  roots: readonly Root[],
  policy: Partial<Policy> = {},
  worktreeIds: ReadonlySet<string> = new Set(["main", "a", "b", "c"]),
): Promise<string> {
  const table = await tableOf(given);
  const assessment = assess({ table, roots, worktreeIds, policy: { ...POLICY, ...policy }, now: NOW });
  return given.map((_, row) => assessment.action(row)[0]).join("");
}

Deno.test("assess() keeps heads with all that they descend from, and deletes what nothing keeps", async () => {
  assertEquals(await actions([{}, { parent: 0 }, { parent: 0 }, { parent: 2 }], [head(1)]), "kkdd");
});

Deno.test("assess() prunes what a kept snapshot descends from, as the history leads through it", async () => {
  assertEquals(await actions([{}, { parent: 0 }, { parent: 1 }, { parent: 2 }], [ref(2)]), "ppkd");
});

Deno.test("assess() prunes ancestors of heads only by a policy that says so", async () => {
  const line = [{}, { parent: 0 }, { parent: 1 }, { parent: 2 }];
  assertEquals(await actions(line, [head(3)], { keep_last_n: 2 }), "kkkk");
  assertEquals(await actions(line, [head(3)], { keep_last_n: 2, prune_ancestors: true }), "ppkk");
});

Deno.test("assess() keeps by number for each worktree, by age and by tag", async () => {
  const given: Given[] = [
    { worktree: "a", age: 9 },
    { worktree: "b", age: 8, tags: ["v1"] },
    { worktree: "a", age: 7 },
    { worktree: "b", age: 6 },
    { worktree: "b", age: 2 },
  ];
  assertEquals(await actions(given, []), "ddddd");
  assertEquals(await actions(given, [], { keep_last_n: 1 }), "ddkdk");
  assertEquals(await actions(given, [], { keep_days: 7 }), "dddkk");
  assertEquals(await actions([{ age: -1 }], []), "d"); // by a clock that was ahead
  assertEquals(await actions(given, [], { keep_tag_prefixes: ["v"] }), "dkddd");
});

Deno.test("assess() keeps nothing by number of a worktree that was removed", async () => {
  const given: Given[] = [{ worktree: "old" }, { worktree: "a" }, { worktree: "old" }, { worktree: "a" }];
  assertEquals(await actions(given, [], { keep_last_n: 1 }), "dddk");
  assertEquals(await actions(given, [ref(0)], { keep_last_n: 9 }), "kkdk");
  assertEquals(await actions(given, [], { keep_last_n: 1 }, new Set(["a", "old"])), "ddkk");
  const young: Given[] = [{ worktree: "old", age: 3 }, { worktree: "old", tags: ["v1"] }, {
    worktree: "old",
  }];
  assertEquals(await actions(young, [], { keep_last_n: 1, keep_days: 7, keep_tag_prefixes: ["v"] }), "kkd");
});

Deno.test("assess() keeps an autosave by its age alone", async () => {
  const given: Given[] = [{ kind: "autosave", age: 31 }, { kind: "autosave", age: 29 }, {
    kind: "autosave",
    age: 1,
  }];
  assertEquals(await actions(given, [], { keep_last_n: 5, keep_days: 50 }), "dkk");
  assertEquals(await actions(given, [], { keep_autosave_days: 2 }), "ddk");
});

Deno.test("assess() leaves a pruned snapshot as it is while it is needed, and deletes it when nothing descends from it", async () => {
  assertEquals(await actions([{ pruned: true }, { parent: 0 }], [ref(1)]), "kk");
  assertEquals(await actions([{ pruned: true }, { parent: 0, pruned: true }], []), "dd");
});

Deno.test("assess() keeps all that may be an ancestor of a snapshot whose record is damaged or whose parent is missing", async () => {
  assertEquals(await actions([{}, { parent: 0 }, { damaged: true }, {}], []), "kkkd");
  assertEquals(await actions([{}, {}, { parent: "missing" }, {}], []), "kkdd");
});

Deno.test("assess() says the same as the rules read one by one, for random histories", async () => {
  const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  const random = randomNumbers(seed);
  for (let round = 0; round < 300; round++) {
    const given = Array.from({ length: 1 + random(12) }, (_, i): Given => ({
      ...(i > 0 && random(4) > 0 ? { parent: random(i) } : {}),
      worktree: "abc"[random(3)] ?? "a",
      kind: random(5) === 0 ? "autosave" : "manual",
      age: random(60),
      tags: random(6) === 0 ? ["v1"] : [],
      pruned: random(8) === 0,
    }));
    const roots = given.flatMap((_, i) => random(5) === 0 ? [head(i)] : random(8) === 0 ? [ref(i)] : []);
    const policy = {
      prune_ancestors: random(2) === 0,
      keep_last_n: random(3),
      keep_days: random(2) * 20,
      keep_tag_prefixes: random(2) === 0 ? ["v"] : [],
    };
    const there = new Set(["a", "b", "c"].filter(() => random(4) > 0));
    const case_ = JSON.stringify({ seed, round, given, roots, policy, there: [...there] });
    assertEquals(
      await actions(given, roots, policy, there),
      oneByOne(given, roots, { ...POLICY, ...policy }, there),
      case_,
    );
  }
});

/** The same rules, as slow and as plain as can be. */
function oneByOne(
  given: readonly Given[],
  roots: readonly Root[],
  policy: Policy,
  there: ReadonlySet<string>,
): string {
  const ancestors = (i: number): number[] => {
    const parent = given[i]?.parent;
    return typeof parent === "number" ? [parent, ...ancestors(parent)] : [];
  };
  const isKept = given.map((each, i) => {
    const named = roots.some(({ id, line }) =>
      id === idOf(i) || line !== undefined && !policy.prune_ancestors &&
        given.some((_, j) => id === idOf(j) && ancestors(j).includes(i))
    );
    if (named) return true;
    if (each.pruned) return false;
    const age = each.age ?? 100;
    if ((each.tags ?? []).some((tag) => policy.keep_tag_prefixes.some((prefix) => tag.startsWith(prefix)))) {
      return true;
    }
    if (each.kind === "autosave") return age < policy.keep_autosave_days;
    const later = given.filter((other, j) =>
      j > i && other.worktree === each.worktree && other.kind === "manual" && !other.pruned
    );
    return age < policy.keep_days || there.has(each.worktree ?? "") && later.length < policy.keep_last_n;
  });
  return given.map((each, i) => {
    if (isKept[i]) return "k";
    const leadsOn = given.some((_, j) => isKept[j] && ancestors(j).includes(i));
    return leadsOn ? each.pruned ? "k" : "p" : "d";
  }).join("");
}
