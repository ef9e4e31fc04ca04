import { assert } from "@std/assert";
import { tempDir } from "../support/temp_dir.ts";
import { tried } from "../support/tried.ts";
import { Soak, SoakCounts } from "./soak/soak.ts";

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const rounds = Number(Deno.env.get("JVS_TEST_SOAK") ?? 20);
/** Each sequence has a repository of its own. */
const SEQUENCE = 50;

/* `deno task soak` does the same for as long as you like. Seen to fail without `saveConcurrentWrites` in `restore/in_place.ts`. */
Deno.test("a soak of edits and killed commands, several at once, loses nothing", async () => {
  const counts = new SoakCounts();
  for (let n = 0; n * SEQUENCE < rounds; n++) {
    using folder = tempDir();
    const soak = await Soak.begin(folder.path, { seed: seed + n, counts });
    for (let round = 0; round < Math.min(SEQUENCE, rounds - n * SEQUENCE); round++) await soak.round();
    await soak.audit();
  }
  console.log(`soak: seed ${seed}, ${Object.entries(counts).map(([what, n]) => `${what} ${n}`).join(", ")}`);
  tried("kills", counts.killed, "in a soak");
  assert(counts.killed > 0, "nothing was killed");
});
