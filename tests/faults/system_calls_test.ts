import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { diskImage } from "../support/disk_image.ts";
import { contentsOf, missingFrom, restoredTo, type RestoreSays } from "../support/kept_content.ts";
import { requires } from "../support/requires.ts";
import { tried } from "../support/tried.ts";
import { badlyTold, type Fault, placesOf, runFaulty, sampleFaults, seeded } from "./faulty_calls.ts";

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const points = Number(Deno.env.get("JVS_TEST_FAULTS") ?? 20);

function told(fault: Fault, failed: string | undefined, output = ""): string {
  const { call, error, when } = fault;
  return `seed ${seed}, ${call} number ${when} gives ${error}: ${failed ?? "not reached"}\n${output}`;
}

/** With `many` files of which each differs, in a folder of their own: some file systems exchange that whole. */
async function someBox(
  parent?: string,
  many = 0,
): Promise<BlackBox & { readonly first: string; readonly second: string }> {
  const box = await BlackBox.make(parent === undefined ? {} : { parent });
  const fill = (text: string) => {
    for (let i = 0; i < many; i++) box.write(`many/deep/${i}`, `${text} ${i}\n`);
  };
  fill("first");
  for (let i = 0; i < 5; i++) box.write(`folder-${i % 2}/${i}`, `first ${i}\n`);
  box.write("only-first/deep/file", "first\n");
  box.write("same", "same\n");
  const first = (await box.save("first")).snapshot_id;
  for (let i = 0; i < 3; i++) box.write(`folder-${i % 2}/${i}`, `second ${i}\n`);
  Deno.removeSync(`${box.main}/only-first`, { recursive: true });
  box.write("only-second/deep/file", "second\n");
  fill("second");
  Deno.utimeSync(`${box.main}/same`, 1, 1);
  const second = (await box.save("second")).snapshot_id;
  return Object.assign(box, { first, second });
}

Deno.test({
  name:
    "jvs snapshot says what failed and loses nothing, whichever system call fails, and works again afterwards",
  ...requires("strace", "ffi"),
  fn: async () => {
    using box = await someBox();
    const random = seeded(seed);
    box.write("folder-0/new", "precious\n");
    const { run, places } = await placesOf(box, ["snapshot", "traced"]);
    assertEquals(run.code, 0, run.stderr);
    let reached = 0;
    for (const [index, fault] of sampleFaults(places, points, random).entries()) {
      box.write("folder-0/new", `precious ${index}\n`);
      const before = contentsOf(box.main);
      const ids = (await box.history()).length;
      const { run, failed } = await runFaulty(box, ["snapshot", `with fault ${index}`], fault);
      if (failed === undefined) continue; // it failed for Deno, or there were fewer calls this time
      reached++;
      const shown = told(fault, failed, run.stdout + run.stderr);
      assertEquals(badlyTold(run), undefined, shown);
      assertEquals(contentsOf(box.main), before, shown);
      const after = await box.history();
      const made = after.some(({ note }) => note === `with fault ${index}`);
      assertEquals(after.length, ids + (made ? 1 : 0), shown);
      if (run.code === 0) assert(made, shown);
      const again = await box.run(["snapshot", `after ${index}`, "--json"]);
      assertEquals(again.code, 0, `${shown}\nand then ${again.stdout}`);
    }
    tried("failing calls", reached, `seed ${seed}`);
    assert(reached >= points / 2, `only ${reached} of ${points} faults were reached; seed ${seed}`);
    await box.audit();
  },
});

const RESTORES = [
  { where: "", needs: [], points, many: 0 },
  { where: " on JuiceFS", needs: ["root", "juicefs"], points: Math.ceil(points / 2), many: 16 },
] as const;

for (const { where, needs, points, many } of RESTORES) {
  const name =
    `jvs restore${where} says what failed and leaves the tree wholly old or new, whichever system call fails`;
  Deno.test(name, requires("strace", "ffi", ...needs), async () => {
    await using disk = many > 0 ? await diskImage("juicefs", { small: true }) : undefined;
    using box = await someBox(disk?.path, many);
    const random = seeded(seed + 1);
    const old = contentsOf(box.main);
    const edit = (text: string) => box.write("folder-1/1", text);
    edit("precious\n");
    const { run, places } = await placesOf(box, ["restore", box.first]);
    assertEquals(run.code, 0, run.stderr);
    const target = contentsOf(box.main);
    let reached = 0;
    for (const [index, fault] of sampleFaults(places, points, random).entries()) {
      await box.json(["restore", box.second]);
      assertEquals(contentsOf(box.main), old);
      edit(`precious ${index}\n`);
      const before = contentsOf(box.main);
      const { run, failed } = await runFaulty(box, ["restore", box.first], fault);
      if (failed === undefined) continue;
      reached++;
      const shown = told(fault, failed, run.stdout + run.stderr);
      assertEquals(badlyTold(run), undefined, shown);
      if (run.code === 0) {
        const says = run.json as unknown as RestoreSays;
        assertEquals(contentsOf(box.main), restoredTo(target, before, says), shown);
      } else {
        const repaired = await box.run(["doctor", "--repair-runtime", "--json"]);
        assertEquals(repaired.code, 0, `${shown}\nand then ${repaired.stdout}`);
        const isNew = contentsOf(box.main).has("only-first/deep/file");
        assertEquals(contentsOf(box.main), isNew ? target : before, shown);
      }
      assertEquals(missingFrom(before, box.main, box.control), [], shown);
    }
    tried("failing calls", reached, `seed ${seed}`);
    assert(reached >= points / 2, `only ${reached} of ${points} faults were reached; seed ${seed}`);
    await box.audit();
  });
}
