import type { Act, Choice } from "./act.ts";
import { collect, collectPlanned, pin, plan, refCreate, refDelete, unpin } from "./keepers.ts";
import { acquire, release, renew, steal } from "./leases.ts";
import { look, setting } from "./looks.ts";
import { restore, restorePaths, snapshot } from "./snapshots.ts";
import { create, fork, liveFork, remove, rename, restoreBeside } from "./worktrees.ts";

/** All kinds of acts, each with how often it is drawn. */
const ACTS: readonly (readonly [weight: number, draw: (choice: Choice) => Act])[] = [
  [10, snapshot],
  [9, restore],
  [3, restorePaths],
  [2, restoreBeside],
  [2, create],
  [4, fork],
  [3, liveFork],
  [2, rename],
  [3, remove],
  [2, refCreate],
  [2, refDelete],
  [2, pin],
  [1, unpin],
  [2, collect],
  [4, plan],
  [4, collectPlanned],
  [3, acquire],
  [1, renew],
  [2, release],
  [1, steal],
  [2, setting],
  [3, look],
];

/** An act by chance; seldom one that must be refused. */
export function drawAct(choice: Choice): Act {
  for (;;) {
    const act = drawAny(choice);
    const isTried = act.refusals(choice.world).length === 0 || act.isSeldomRefused === true;
    if (isTried || choice.random() < REFUSED) return act;
  }
}

/** All operations of which an act is drawn, by drawing often. */
export function drawnOperations(choice: Choice): Set<string> {
  return new Set(Array.from({ length: 5000 }, () => drawAny(choice).operation));
}

/** Of those that must be refused, so many are tried. */
const REFUSED = 0.1;

function drawAny(choice: Choice): Act {
  const total = ACTS.reduce((sum, [weight]) => sum + weight, 0);
  let at = choice.random() * total;
  for (const [weight, draw] of ACTS) if ((at -= weight) < 0) return draw(choice);
  return snapshot(choice);
}
