import { type Probe, probe, type Requirement } from "./probes.ts";

/**
 * Options for a `Deno.test` that needs something of the machine: ignored where it is missing, and the reason is told.
 * What JVS_TEST_REQUIRE names must be there: if it is not, a test that says so is added and fails. JVS_TEST_WITHOUT
 * names what to do without, so that anybody can see what a poorer machine would skip.
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

// Looked up once for each file: `requires` is called while tests are being declared, which cannot wait.
function whyMissing(requirement: Requirement): string | undefined {
  if (listed("JVS_TEST_WITHOUT").includes(requirement)) return "JVS_TEST_WITHOUT names it";
  let found = probes.get(requirement);
  if (found === undefined) probes.set(requirement, found = probe(requirement));
  return found.met ? undefined : found.why;
}

const told = new Set<Requirement>();

/** Says a reason once for each file, and leaves it where the summary of all runs finds it. */
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
    throw new Error(`JVS_TEST_REQUIRE names ${requirement}, and this machine has it not: ${why}.`);
  });
}
