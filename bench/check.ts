import { listed } from "../tests/support/requires.ts";
import { BASELINE, readBaseline } from "./write.ts";
import { isTooSlow, limitOf, TOO_SLOW } from "./report.ts";
import { type Bench, measureRow } from "./measure_row.ts";
import type { Row } from "./scene.ts";

/** Compares rows with the baseline by the time of the processor, which other programs change least, and returns the exit code. */
export async function checkRows(bench: Bench, rows: readonly Row[], skipped: number): Promise<number> {
  const baseline = await readBaseline();
  let failed = 0;
  for (const row of rows) {
    const limit = limitOf(baseline, row.name);
    if (limit === undefined) continue; // a test demands that all are there
    if (!await isSlow(bench, row, limit)) continue;
    failed++;
    console.log(`TOO SLOW: ${row.name}: above ${TOO_SLOW} times the ratio in ${BASELINE}, measured twice.`);
  }
  console.log(`${rows.length} rows, ${failed} too slow, ${skipped} skipped`);
  // Where tests may not be skipped, neither may these.
  return failed > 0 || (skipped > 0 && listed("JVS_TEST_REQUIRE").length > 0) ? 1 : 0;
}

/** A row fails if chance can not have made it slow, and if it does so twice. */
async function isSlow(bench: Bench, row: Row, limit: number): Promise<boolean> {
  for (const attempt of ["", ", again"]) {
    const result = await measureRow(bench, row, limit);
    const { median, low, high } = result.cpu;
    const range = `${low.toFixed(2)} to ${high.toFixed(2)} in ${result.ours.all.length} rounds`;
    console.log(`${row.name}${attempt}: ${median.toFixed(2)} (${range}); fails above ${limit.toFixed(2)}`);
    if (!isTooSlow(result, limit)) return false;
  }
  return true;
}
