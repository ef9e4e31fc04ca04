import { assertEquals } from "@std/assert";
import { estimate, judge, median, rangeOf } from "./statistics.ts";

Deno.test("median() is the value in the middle, in whatever order", () => {
  assertEquals(median([5, 1, 3]), 3);
  assertEquals(median([4, 1, 3, 2]), 3);
});

Deno.test("rangeOf() of five values is all of them; of more it leaves out those at the ends", () => {
  assertEquals(rangeOf([3, 1, 2, 5, 4]), [1, 5]);
  const forty = Array.from({ length: 40 }, (_, at) => at);
  assertEquals(rangeOf(forty), [13, 26]);
});

Deno.test("rangeOf() holds the true median in at least 15 of 16 cases, whatever the distribution is", () => {
  let state = 1;
  const random = () => (state = Math.imul(state, 48_271) >>> 0) / 2 ** 32; // the same numbers each time
  for (const count of [5, 9, 20, 40]) {
    let held = 0;
    for (let n = 0; n < 2000; n++) {
      const [low, high] = rangeOf(Array.from({ length: count }, () => random() ** 8)); // as skewed as times are
      if (low <= 0.5 ** 8 && 0.5 ** 8 <= high) held++;
    }
    assertEquals(held >= 2000 * 0.92, true, `${count} values: ${held} of 2000`);
  }
});

Deno.test("judge() is undecided as long as the limit is in the range", () => {
  const five = estimate([1.0, 1.1, 1.2, 1.3, 1.4]);
  assertEquals([0.9, 1.2, 1.4, 1.5].map((limit) => judge(five, limit)), [
    "missed",
    "undecided",
    "met",
    "met",
  ]);
});
