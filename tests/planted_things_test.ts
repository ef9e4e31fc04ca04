import { assertEquals } from "@std/assert";
import { worktreeFork } from "../src/operation/worktree_fork.ts";
import { refCreate } from "../src/operation/ref_create.ts";
import { TestRepository } from "./support/repository.ts";
import { requires } from "./support/requires.ts";
import { tempDir } from "./support/temp_dir.ts";
import { type Plant, PLANTS } from "./support/try_planted.ts";

const SCRIPT = new URL("./support/try_planted.ts", import.meta.url).pathname;
// A hang is what some of these tests are about; none of them takes a tenth of this on a machine that is not busy.
const MOST_MS = 900_000;

/** As much at once: without the C library most of the time is waiting, for the clock of an unknown file system. */
const SHARES = 4;

/** A repository with something at each of its places. */
async function prepared(): Promise<TestRepository> {
  const repository = await TestRepository.saved();
  repository.write("main/a.txt", "two\n");
  await repository.save("second");
  await repository.call(worktreeFork, { name: "other" });
  await repository.call(refCreate, { name: "first" });
  return repository;
}

/** What went wrong when a thing stood in the place of each entry of the control plane in turn. */
async function tried(plant: Plant, { ffi }: { ffi: boolean }): Promise<string[]> {
  using repository = await prepared();
  const shares = Array.from({ length: SHARES }, (_, share) => triedShare(repository, plant, { ffi, share }));
  return (await Promise.all(shares)).flat();
}

async function triedShare(
  repository: TestRepository,
  plant: Plant,
  { ffi, share }: { ffi: boolean; share: number },
): Promise<string[]> {
  using folder = tempDir();
  const allowed = ["-R", "-W", "--allow-run", "-S", "-E", ...(ffi ? ["--allow-ffi"] : [])];
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-prompt",
      ...allowed,
      SCRIPT,
      repository.path,
      folder.path,
      plant,
      `${share}`,
      `${SHARES}`,
    ],
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(MOST_MS),
  }).spawn();
  const { stdout } = await child.output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const faults = lines.filter((line) => line.startsWith("! "));
  return lines.at(-1) === "done" ? faults : [...faults, `hangs or ends at: ${lines.at(-1)}`];
}

for (const plant of PLANTS) {
  Deno.test({
    name:
      `a ${plant} in the place of any part of the control plane is refused, and nothing behind it is touched`,
    ...requires("ffi", ...(plant === "device" ? ["root" as const] : [])),
    fn: async () => assertEquals(await tried(plant, { ffi: true }), []),
  });
}

for (const plant of ["link", "FIFO"] as const) {
  Deno.test(`a ${plant} in the control plane is refused without the C library, too`, async () => {
    assertEquals(await tried(plant, { ffi: false }), []);
  });
}
