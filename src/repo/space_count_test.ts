import { assertEquals } from "@std/assert";
import { randomNumbers } from "../../tests/support/random_tables.ts";
import { compacted } from "./space_compaction.ts";
import { type Going, heldUnits, SpaceCount } from "./space_count.ts";
import { LedgerWriter, NODE, NONE, type Piece, rangeOf, type SpaceLedger } from "./space_ledger.ts";

const BLOCKS = { wholeExtents: false, perByte: 1, inode: 0 };
const WHOLE = { ...BLOCKS, wholeExtents: true };

/** A snapshot of a made-up ledger: its base, and what it has otherwise. */
interface Made {
  readonly base: number;
  readonly adds?: readonly number[];
  readonly removes?: readonly number[];
  readonly packs?: readonly number[];
}

/** A ledger of these snapshots, whose units have these extents and take a byte each besides. */
function ledgerOf(units: readonly (readonly Piece[])[], nodes: readonly Made[], packs = 0): SpaceLedger {
  const writer = new LedgerWriter();
  units.forEach((extents, i) => writer.addUnit({ key: i + 1, mark: 0, bytes: 1, extents }));
  for (let pack = 0; pack < packs; pack++) writer.addPack(pack, 0, 1000);
  nodes.forEach(({ base, adds = [], removes = [], packs = [] }, time) => {
    for (const unit of adds) writer.addEvent(unit, false);
    for (const unit of removes) writer.addEvent(unit, true);
    for (const pack of packs) writer.addPackUse(pack);
    writer.addNode({ time, digits: 0, base, own: 100, inodes: 0, records: 10, flags: NODE.payload });
  });
  return writer.finish();
}

const piece = (start: number, length: number): Piece => ({ start, length });

function goingOf(count: number, payload: readonly number[], records: readonly number[] = []): Going {
  const of = (nodes: readonly number[]) =>
    Uint8Array.from({ length: count }, (_, n) => Number(nodes.includes(n)));
  return { payload: of([...payload, ...records]), records: of(records) };
}

function freed(ledger: SpaceLedger, going: Going, how = BLOCKS, outside: Piece[] = []): number[] {
  const count = new SpaceCount(ledger, Uint8Array.from(ledger.flags), how);
  count.outside = outside;
  return [...count.freed(going)];
}

Deno.test("freed() counts a shared unit only when its last holder goes, for the newest of them", () => {
  const ledger = ledgerOf([[piece(0, 50)], []], [
    { base: NONE, adds: [0] },
    { base: 0 },
    { base: 1, adds: [1], removes: [0] },
  ]);
  assertEquals(freed(ledger, goingOf(3, [0])), [100, 0, 0]);
  assertEquals(freed(ledger, goingOf(3, [0, 1])), [100, 151, 0]);
  assertEquals(freed(ledger, goingOf(3, [2])), [0, 0, 101]);
});

Deno.test("freed() knows that another line, or an autosave, holds a unit too", () => {
  const ledger = ledgerOf([[], []], [
    { base: NONE, adds: [0] },
    { base: 0, adds: [1], removes: [0] }, // an autosave
    { base: 0, adds: [1], removes: [0] }, // shares what the autosave changed
    { base: 0 }, // a fork
  ]);
  assertEquals(freed(ledger, goingOf(4, [1])), [0, 100, 0, 0]);
  assertEquals(freed(ledger, goingOf(4, [0, 1, 2])), [100, 100, 101, 0]);
  assertEquals(freed(ledger, goingOf(4, [0, 3])), [101, 0, 0, 100]);
});

Deno.test("freed() counts blocks once, and not those that a unit that stays shares", () => {
  const ledger = ledgerOf([[piece(0, 1000)], [piece(0, 400), piece(5000, 100), piece(500, 500)]], [
    { base: NONE, adds: [0] },
    { base: 0, adds: [1], removes: [0] },
  ]);
  assertEquals(freed(ledger, goingOf(2, [0])), [201, 0]);
  assertEquals(freed(ledger, goingOf(2, [1])), [0, 201]);
  assertEquals(freed(ledger, goingOf(2, [0, 1])).reduce((a, b) => a + b), 202 + 1100);
});

Deno.test("freed() frees no part of an extent where only whole ones come free", () => {
  const MB = 1024 * 1024;
  const ledger = ledgerOf([[piece(0, 50 * MB)], [piece(0, 20 * MB), piece(21 * MB, 29 * MB)]], [
    { base: NONE, adds: [0] },
    { base: 0, adds: [1], removes: [0] },
  ]);
  assertEquals(freed(ledger, goingOf(2, [0]), WHOLE), [101, 0]);
  assertEquals(freed(ledger, goingOf(2, [0])), [101 + MB, 0]);
  const all = goingOf(2, [0, 1]);
  assertEquals(freed(ledger, all, WHOLE).reduce((a, b) => a + b), 202 + 50 * MB);
});

Deno.test("freed() leaves out what something outside the payloads uses", () => {
  const ledger = ledgerOf([[piece(100, 1000)]], [{ base: NONE, adds: [0] }]);
  assertEquals(freed(ledger, goingOf(1, [0]), BLOCKS, [piece(0, 300), piece(1050, 5000)]), [101 + 750]);
});

Deno.test("freed() counts records and the packs that no index names any more", () => {
  const ledger = ledgerOf([], [{ base: NONE, packs: [0] }, { base: 0, packs: [0, 1] }, {
    base: 1,
    packs: [1],
  }], 2);
  assertEquals(freed(ledger, goingOf(3, [0])), [100, 0, 0]);
  assertEquals(freed(ledger, goingOf(3, [], [0])), [110, 0, 0]);
  assertEquals(freed(ledger, goingOf(3, [], [0, 1])), [110, 1110, 0]);
});

Deno.test("freed() gives inodes back only in chunks that go whole", () => {
  const units = Array.from({ length: 200 }, () => []);
  const ledger = ledgerOf(units, [
    { base: NONE, adds: units.map((_, i) => i) },
    { base: 0, removes: units.map((_, i) => i).slice(0, 150) },
  ]);
  const how = { ...BLOCKS, inode: 512 };
  // The keys 1 to 150 go: of the chunks from 0, 64 and 128 the first two are free, the first without the inode 0.
  assertEquals(freed(ledger, goingOf(2, [0]), how), [100 + 150 + 127 * 512, 0]);
});

/** A history of forks and autosaves, by sets of units: what the ledger must agree with. */
function randomHistory(seed: number) {
  const random = randomNumbers(seed);
  const nodes: Made[] = [];
  const held: Set<number>[] = [];
  for (let node = 0; node < 30; node++) {
    const base = node === 0 ? NONE : random(4) === 0 ? random(node) : node - 1;
    const before = held[base] ?? new Set<number>();
    const now = new Set([...before].filter(() => random(4) > 0));
    for (let k = random(6); k >= 0; k--) now.add(random(60));
    nodes.push({ base, adds: [...now.difference(before)], removes: [...before.difference(now)] });
    held.push(now);
  }
  return { random, nodes, held };
}

Deno.test("freed() and compacted() agree with sets of units, in any history", () => {
  const units = Array.from({ length: 60 }, () => []);
  for (let seed = 1; seed <= 40; seed++) {
    const { random, nodes, held } = randomHistory(seed);
    let ledger = ledgerOf(units, nodes);
    for (let round = 0; round < 4; round++) {
      const count = ledger.time.length;
      const payload = Uint8Array.from(ledger.flags, (flags) => flags & NODE.payload);
      const going = goingOf(
        count,
        [...payload.keys()].filter((node) => payload[node] === 1 && random(3) === 0),
      );
      const sets = (stay: boolean) => {
        const chosen = [...payload.keys()].filter((n) =>
          payload[n] === 1 && (going.payload[n] === 0 || !stay)
        );
        return new Set(chosen.flatMap((n) => [...held[ledger.time[n] as number] ?? []]));
      };
      const expected = sets(false).difference(sets(true)).size;
      const said = freed(ledger, going).reduce((a, b) => a + b);
      assertEquals(
        said - 100 * going.payload.reduce((a, b) => a + b),
        expected,
        `seed ${seed}, round ${round}`,
      );
      const left = payload.map((is, node) => is - (going.payload[node] as number));
      const known = left.map((is) => is === 1 || random(2) === 0 ? 1 : 0);
      ledger = compacted(ledger, { payload: left, known });
      assertCompact(ledger);
    }
  }
});

/** Each unit is held, and a node without a payload has no event unless several are based on it. */
function assertCompact(ledger: SpaceLedger): void {
  const payload = Uint8Array.from(ledger.flags, (flags) => flags & NODE.payload);
  assertEquals(heldUnits(ledger, payload).filter((uses) => uses <= 0).length, 0);
  for (let node = 0; node < payload.length; node++) {
    const [from, to] = rangeOf(ledger.eventEnd, node);
    const heirs = ledger.base.filter((base) => base === node).length;
    if (payload[node] === 0 && from < to) assertEquals(heirs > 1, true);
  }
}
