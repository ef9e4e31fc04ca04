import type { Row, SpaceRow } from "../scene.ts";
import type { Size } from "../trees.ts";
import { subvolumeRows } from "./btrfs.ts";
import { juicefsRows } from "./juicefs.ts";
import { gcPlan, manyForks, manySnapshots } from "./many.ts";
import { spaceRows } from "./space.ts";
import { emptyProgram, START_ROWS } from "./start.ts";
import {
  collection,
  diff,
  firstSnapshot,
  fork,
  repeatedSnapshot,
  restore,
  unchangedStatus,
  verify,
} from "./work.ts";

/** Which rows there are. */
export interface Rows {
  readonly timed: readonly Row[];
  readonly space: readonly SpaceRow[];
}

const [REFLINK, LINK] = ["cp -a --reflink=always", "cp -al"] as const;

/** The rows of the benchmark, with the sizes for which there are targets; a million files take an hour. */
export function allRows({ million }: { million: boolean }): Rows {
  const standard = { files: 20_000, bigMb: 1024 };
  const [few, many, most] = [smallFiles(1_000), smallFiles(200_000), smallFiles(1_000_000)];
  return {
    timed: [
      ...START_ROWS,
      firstSnapshot(few, null),
      repeatedSnapshot("xfs", few, REFLINK, null),
      unchangedStatus(few, null),
      firstSnapshot(standard, { times: 2 }),
      repeatedSnapshot("xfs", standard, REFLINK, { times: 0.5 }),
      repeatedSnapshot("btrfs", standard, REFLINK, { times: 0.8 }),
      repeatedSnapshot("ext4", standard, LINK, { times: 2 }),
      restore(100, standard, { times: 0.35 }),
      restore(1, standard, { times: 2 }),
      fork(standard),
      collection(standard),
      unchangedStatus(standard, null),
      diff(standard),
      verify(standard),
      ...manySnapshots(10),
      ...manySnapshots(100_000),
      gcPlan(10_000, 1_000),
      manyForks(100, 1_000),
      firstSnapshot(many, null),
      repeatedSnapshot("xfs", many, LINK, null),
      unchangedStatus(many, { times: 1, peakMb: 300 }),
      ...subvolumeRows(many),
      ...juicefsRows(smallFiles(3_000)),
      ...juicefsRows(smallFiles(20_000)),
      ...million
        ? [
          firstSnapshot(most, { times: 1.2, peakMb: 450 }),
          repeatedSnapshot("xfs", most, LINK, { times: 1, peakMb: 450 }),
          unchangedStatus(most, { times: 1, peakMb: 300 }),
          verify(most, 450),
        ]
        : [],
    ],
    space: spaceRows(standard),
  };
}

function smallFiles(files: number): Size {
  return { files, bigMb: 0 };
}

/**
 * Each kind of work with a small tree, in a minute or two: what CI measures beside bench/baseline.json. There are no targets
 * for this size.
 */
export function smallRows(): Rows {
  const size = { files: 2_000, bigMb: 32 };
  const rows = [
    ...START_ROWS.filter(({ name }) => name.includes("from source")),
    ...[
      firstSnapshot(size, null),
      repeatedSnapshot("xfs", size, REFLINK, null),
      repeatedSnapshot("btrfs", size, REFLINK, null),
      repeatedSnapshot("ext4", size, LINK, null),
      restore(100, size, null),
      restore(1, size, null),
      fork(size),
      unchangedStatus(size, null),
      verify(size),
      ...juicefsRows(smallFiles(300)).filter(({ name }) => !name.startsWith("fork")),
    ].map(besideStarts),
    ...manySnapshots(2_000).filter(({ name }) => !name.startsWith("a tag")),
    ...subvolumeRows(size),
  ];
  return {
    timed: rows.filter(({ onlyNow }) => !onlyNow).map((row) => ({ ...row, target: null })),
    space: [],
  };
}

/**
 * With some starts of Deno in the reference. JVS spends as much on running TypeScript as in the kernel, and `cp` only the
 * latter: a machine whose kernel is fast beside its processor must not make JVS look slow.
 */
function besideStarts(row: Row): Row {
  const times = 3;
  return {
    ...row,
    against: `${row.against} + ${times} empty programs`,
    scene: async (jvs, ground) => {
      const scene = await row.scene(jvs, ground);
      const start = { times, contender: emptyProgram(ground.folder) };
      return { ...scene, reference: async () => [...await scene.reference(), start] };
    },
  };
}
