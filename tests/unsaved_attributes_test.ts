import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { losingNothing } from "./support/kept_content.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";

/** What these tests ask of a status. */
interface Status {
  readonly clean: boolean;
  readonly differences: readonly { readonly path: string; readonly aspects: readonly string[] }[];
}

/** Two snapshots: the first holds a file, and a folder with one in it, that the second's rules leave out. */
async function ignoredSince(): Promise<BlackBox & { readonly first: string }> {
  const box = await BlackBox.make();
  box.write("run.log", "one\n");
  box.write("cache/known", "two\n");
  const first = (await box.save("first")).snapshot_id;
  box.write(".jvsignore", "*.log\ncache/\n");
  await box.save("with rules");
  return Object.assign(box, { first });
}

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o7777;

Deno.test("jvs restore saves the mode of an ignored file before it sets another", async () => {
  using box = await ignoredSince();
  Deno.chmodSync(`${box.main}/run.log`, 0o600);
  const { autosave_snapshot_id } = await losingNothing(box, ["restore", box.first]);
  assertEquals(modeOf(`${box.main}/run.log`), 0o644);
  assertNotEquals(autosave_snapshot_id, null, "nothing holds the mode that it had");
  await box.json(["restore", autosave_snapshot_id ?? ""]);
  assertEquals(modeOf(`${box.main}/run.log`), 0o600);
});

Deno.test("jvs restore saves the mode of an ignored folder, and only that of it", async () => {
  using box = await ignoredSince();
  box.write("cache/much", "made again at any time\n");
  Deno.chmodSync(`${box.main}/cache`, 0o700);
  const { autosave_snapshot_id } = await losingNothing(box, ["restore", box.first]);
  const payload = `${box.control}/snapshots/${autosave_snapshot_id}`;
  assertEquals([...Deno.readDirSync(`${payload}/cache`)], []);
  await box.json(["restore", autosave_snapshot_id ?? ""]);
  assertEquals(modeOf(`${box.main}/cache`), 0o700);
  assertEquals(box.read("cache/much"), "made again at any time\n");
});

Deno.test("jvs restore takes no autosave of the time of an ignored file", async () => {
  using box = await ignoredSince();
  Deno.utimeSync(`${box.main}/run.log`, 1, 1);
  const result = await losingNothing(box, ["restore", box.first]);
  assertEquals(result.autosave_snapshot_id, null);
});

Deno.test({
  name: "jvs restore saves an extended attribute of an ignored file before it takes it away",
  ...requires("attr"),
  async fn() {
    using box = await ignoredSince();
    mustRun("setfattr", "-n", "user.label", "-v", "precious", `${box.main}/run.log`);
    const { autosave_snapshot_id } = await losingNothing(box, ["restore", box.first]);
    await box.json(["restore", autosave_snapshot_id ?? ""]);
    assertStringIncludes(mustRun("getfattr", "-d", `${box.main}/run.log`), "precious");
  },
});

for (
  const [what, requirement, name, set] of [
    ["an extended attribute", "attr", "file", "setfattr -n user.label -v precious"],
    ["an access control list", "acl", "file", "setfacl -m u:nobody:rwx,m::r"],
    ["a default access control list", "acl", ".", "setfacl -d -m u:nobody:rwx"],
  ] as const
) {
  Deno.test({
    name: `jvs status calls ${what} unsaved that restore saves`,
    ...requires(requirement),
    async fn() {
      using box = await BlackBox.make();
      box.write("folder/file", "one\n");
      const { snapshot_id } = await box.save("first");
      mustRun("sh", "-c", `cd '${box.main}/folder' && ${set} ${name}`);
      const path = name === "." ? "folder" : `folder/${name}`;
      const { clean, differences } = await box.json<Status>(["status"]);
      assertEquals([clean, differences.map((each) => [each.path, each.aspects])], [false, [[path, [
        "xattrs",
      ]]]]);
      const { autosave_snapshot_id } = await losingNothing(box, ["restore", snapshot_id]);
      assertNotEquals(autosave_snapshot_id, null);
      assertEquals((await box.json<Status>(["status"])).clean, true);
    },
  });
}

Deno.test("jvs status calls times alone saved, as restore does, and says nothing of them beside what differs", async () => {
  using box = await BlackBox.make();
  for (const path of ["a", "b"]) box.write(path, "one\n");
  const { snapshot_id } = await box.save("first");
  Deno.utimeSync(`${box.main}/a`, 1, 1);
  assertEquals((await box.json<Status>(["status"])).clean, true);
  Deno.chmodSync(`${box.main}/b`, 0o600);
  Deno.utimeSync(`${box.main}/b`, 1, 1);
  const { differences } = await box.json<Status>(["status"]);
  assertEquals(differences.map((each) => [each.path, each.aspects]), [["b", ["mode"]]]);
  assertNotEquals((await losingNothing(box, ["restore", snapshot_id])).autosave_snapshot_id, null);
});
