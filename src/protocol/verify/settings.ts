import type { JvsError } from "../../model/errors.ts";
import { sentence } from "../../model/printable.ts";
import type { Finding } from "../../model/records.ts";
import type { RepositoryContext } from "../context.ts";
import { policiesProblem } from "../gc/policy.ts";
import { codeOf, finding } from "./finding.ts";

const TAKE_OUT = "They have no effect: you may leave them or take them out of the file.";

/** Checks the files that the user writes: the settings, and the policies of garbage collection. */
export function* checkSettings({ store }: RepositoryContext): Generator<Finding> {
  const { config, layout } = store;
  const problems: readonly (readonly [JvsError | undefined, path: string])[] = [
    [config.problem(), layout.config.path],
    [policiesProblem(store), layout.retention.path],
  ];
  for (const [problem, path] of problems) {
    if (problem === undefined) continue;
    yield finding("error", codeOf(problem), `${sentence(problem.message)} ${problem.hint}`, { path });
  }
  const notHonoured = config.notHonoured();
  if (notHonoured === undefined) return;
  yield finding("warning", "E_USAGE", `${sentence(notHonoured)} ${TAKE_OUT}`, { path: layout.config.path });
}
