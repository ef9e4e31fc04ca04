import { assertEquals } from "@std/assert";
import { type JvsOptions, runJvs } from "./jvs.ts";

/** Fails unless `doctor --strict` and `verify --all` find nothing: the end of every test that changes a repository. */
export async function fullAudit(repository: string, options: JvsOptions = {}): Promise<void> {
  for (const command of [["doctor", "--strict"], ["verify", "--all"]]) {
    const run = await runJvs([...command, "--json", "--repo", repository], options);
    assertEquals(run.code, 0, `jvs ${command.join(" ")} found something:\n${run.stdout}${run.stderr}`);
    if (command[0] === "doctor") assertEquals(run.json.healthy, true, run.stdout);
    else assertEquals(run.json.severity, "ok", run.stdout);
  }
}
