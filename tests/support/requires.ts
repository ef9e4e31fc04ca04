import { type Probe, probe, type Requirement } from "./probes.ts";

/**
 * Options for a `Deno.test` that needs something of the machine. If it is missing, the test is ignored and the reason is
 * printed. If it is missing and JVS_TEST_REQUIRE names it, an extra test fails and says so. JVS_TEST_WITHOUT names
 * things to treat as missing; it shows what a poorer machine would skip.
 */
export function requires(...requirements: Requirement[]): { ignore: boolean } {
  let ignore = false;
  for (const requirement of requirements) {
    const why = whyMissing(requirement);
    if (why === undefined) continue;
    ignore = true;
    if (listed("JVS_TEST_REQUIRE").includes(requirement)) failFor(requirement, why);
    else tell(requirement, why);
  }
  return { ignore };
}

/** The words of a comma list in the environment. */
export function listed(variable: string): string[] {
  return (Deno.env.get(variable) ?? "").split(",").map((word) => word.trim()).filter((word) => word !== "");
}

const probes = new Map<Requirement, Probe>();

// Found out once for each file, at its load: `requires` is called while tests are declared and cannot wait.
function whyMissing(requirement: Requirement): string | undefined {
  if (listed("JVS_TEST_WITHOUT").includes(requirement)) return "JVS_TEST_WITHOUT names it";
  let found = probes.get(requirement);
  if (found === undefined) probes.set(requirement, found = probe(requirement));
  return found.met ? undefined : found.why;
}

const told = new Set<Requirement>();

/** Prints a reason once for each file, and writes it to the file for the summary of all runs. */
function tell(requirement: Requirement, why: string): void {
  if (told.has(requirement)) return;
  told.add(requirement);
  const file = Deno.env.get("JVS_TEST_SKIPS");
  if (file) {
    Deno.writeTextFileSync(file, `${requirement}\t${why.replaceAll(/\s+/g, " ")}\n`, { append: true });
  } else console.error(`Tests that need ${requirement} are ignored: ${why}.`);
}

const failed = new Set<Requirement>();

function failFor(requirement: Requirement, why: string): void {
  if (failed.has(requirement)) return;
  failed.add(requirement);
  Deno.test(`JVS_TEST_REQUIRE finds ${requirement}`, () => {
    throw new Error(`JVS_TEST_REQUIRE names ${requirement}, but this machine does not have it: ${why}.`);
  });
}
