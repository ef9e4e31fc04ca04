import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";

const SNAPSHOTS = 24;
const AT_ONCE = 3;

/** A repository with a line of which refs alone keep each snapshot, that holds its number. */
async function withLooseLine(box: BlackBox): Promise<string[]> {
  box.write("a.txt", "main\n");
  await box.save("first");
  await box.json(["worktree", "fork", "old"]);
  const old = { cwd: `${box.path}/worktrees/old` };
  const ids: string[] = [];
  for (let n = 0; n < SNAPSHOTS; n++) {
    Deno.writeTextFileSync(`${old.cwd}/number.txt`, `${n}\n`);
    ids.push((await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], old)).snapshot.snapshot_id);
    await box.json(["ref", "create", `ref-${n}`, ids.at(-1) ?? ""]);
  }
  await box.json(["worktree", "remove", "old"]);
  await box.json(["gc", "unpin", ids.at(-1) ?? ""]);
  return ids;
}

/** Does all of these, a few at a time. */
async function each<T, R>(all: readonly T[], work: (one: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(all.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < all.length; i = next++) results[i] = await work(all[i] as T, i);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

/** A command that reads snapshot `n`, and the folder that it makes. */
function reading(id: string, n: number): { args: string[]; folder?: string } {
  const name = `w${n}`;
  if (n % 3 === 0) return { args: ["worktree", "fork", id, name], folder: name };
  if (n % 3 === 1) return { args: ["restore", id, "--name", name], folder: name };
  return { args: ["verify", id] };
}

Deno.test("gc run beside forks, restores and verifications: each of these has a whole snapshot or none", async () => {
  using box = await BlackBox.make();
  const ids = await withLooseLine(box);
  const order = ids.map((id, n) => ({ id, n })).sort(() => Math.random() - 0.5);
  let gone = 0;
  const collect = async (n: number) => {
    await box.json(["ref", "delete", `ref-${n}`]);
    const result = await box.json<{ pruned: string[]; deleted: string[] }>(["gc", "run", "--yes"]);
    gone += result.deleted.length + result.pruned.length;
  };
  let whole = 0;
  await each(order, async ({ id, n }) => {
    const { args, folder } = reading(id, n);
    const [run] = await Promise.all([box.run([...args, "--json"]), collect(n)]);
    if (run.code !== 0) {
      assertEquals(run.json.error, "E_NOT_FOUND", `${args.join(" ")}: ${run.stdout}${run.stderr}`);
      return;
    }
    whole++;
    if (folder !== undefined) {
      assertEquals(Deno.readTextFileSync(`${box.path}/worktrees/${folder}/number.txt`), `${n}\n`);
    }
  });
  assert(gone > 0, "nothing was collected beside the others");
  assert(whole > 0, "no other command had a snapshot");
  await box.audit();
});
