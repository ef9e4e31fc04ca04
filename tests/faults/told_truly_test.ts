import { assert, assertEquals, assertMatch } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { requires } from "../support/requires.ts";
import { placesOf, runFaulty } from "./faulty_calls.ts";

/** `f` is `1` in the first, `22` in the second and `unsaved` now. */
async function unsavedAfterTwo(): Promise<BlackBox & { readonly first: string }> {
  const box = await BlackBox.make();
  box.write("f", "1\n");
  const { snapshot_id: first } = await box.save("first");
  box.write("f", "22\n");
  await box.save("second");
  box.write("f", "unsaved\n");
  return Object.assign(box, { first });
}

Deno.test({
  name: "jvs restore says whether it was done when a rename fails, and clears up afterwards",
  ...requires("strace", "ffi"),
  fn: async () => {
    using box = await unsavedAfterTwo();
    const { places } = await placesOf(box, ["restore", box.first]);
    const renames = places.filter(({ call }) => call.startsWith("rename"));
    let [undone, toldAsDone, warned] = [0, 0, 0];
    for (const place of renames) {
      await box.json(["restore", "HEAD"]);
      box.write("f", "unsaved\n");
      const fault = { ...place, error: "ENOSPC" };
      const { run, failed } = await runFaulty(box, ["restore", box.first], fault);
      if (failed === undefined) continue;
      const now = box.read("f");
      const shown = `${fault.call} ${fault.when}: ${run.code}, ${
        JSON.stringify(now)
      }\n${run.stdout}${run.stderr}`;
      if (run.code === 0) {
        assertEquals(now, "1\n", shown);
        if (/done and recorded/.test(run.stderr)) warned++;
      } else if (/"done": "restore"/.test(run.stdout)) {
        toldAsDone++;
        assertEquals(now, "1\n", shown);
        assertMatch(run.stdout, /done and recorded/, shown);
        assert(!/nothing was changed/i.test(run.stdout), shown);
      } else {
        undone++;
        assertEquals(now, "unsaved\n", shown);
      }
      await box.json(["doctor", "--repair-runtime"]);
      assertEquals(box.read("f"), now, shown);
    }
    assert(
      undone > 0 && toldAsDone > 0 && warned > 0,
      `only ${[undone, toldAsDone, warned]} of ${renames.length}`,
    );
    await box.audit();
  },
});

Deno.test({
  name: "jvs restore does not say that nothing was changed when it could not undo what it began",
  ...requires("strace", "ffi"),
  fn: async () => {
    using box = await unsavedAfterTwo();
    // As all is changed syncing fails, and goes on failing when that is undone.
    const under = [
      "strace",
      "-f",
      "-o",
      "/dev/null",
      "-e",
      "trace=syncfs",
      "-e",
      "inject=syncfs:error=ENOSPC:when=2+",
    ];
    await box.json(["restore", "HEAD"]);
    const { message, hint } = await box.error("E_NO_SPACE", ["restore", box.first], { under });
    assert(!/nothing was changed/i.test(message + hint), hint);
    assertMatch(hint, /doctor --repair-runtime/);
    await box.json(["doctor", "--repair-runtime"]);
    assertEquals(box.read("f"), "22\n");
    await box.audit();
  },
});
