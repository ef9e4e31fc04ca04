import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";
import { jvsEnvironment } from "./support/jvs.ts";
import { run } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

const page = Deno.readTextFileSync(new URL("../docs/operations.md", import.meta.url));

/** The first block of a kind on the page that has this text. */
function block(kind: string, text: string): string {
  const blocks = [...page.matchAll(/^```(\w*)\n([^]*?)^```$/gm)];
  const found = blocks.find(([, name, content = ""]) => name === kind && content.includes(text));
  assert(found?.[2] !== undefined, `the page has a block of ${kind} with ${text}`);
  return found[2];
}

Deno.test("docs/operations.md: the nightly job gives space back and says that all is well, or that it is not", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "kept\n");
  await box.save("first");
  await box.json(["worktree", "fork", "old"]);
  const old = { cwd: `${box.path}/worktrees/old` };
  Deno.writeFileSync(`${old.cwd}/large`, crypto.getRandomValues(new Uint8Array(60_000)));
  const { snapshot } = await box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], old);
  await box.json(["worktree", "remove", "old"]);
  await box.json(["gc", "unpin", snapshot.snapshot_id]);
  const size = async () => (await box.json<{ total_bytes: number }>(["gc", "plan"])).total_bytes;
  const before = await size();

  using folder = tempDir();
  const { program, env } = await jvsEnvironment();
  Deno.symlinkSync(program, `${folder.path}/jvs`);
  Deno.writeTextFileSync(`${folder.path}/jvs-nightly`, block("sh", "gc run"), { mode: 0o755 });
  const nightly = () =>
    new Deno.Command(`${folder.path}/jvs-nightly`, {
      args: [box.path],
      clearEnv: true,
      env: { ...env, PATH: `${folder.path}:${env.PATH}` },
    }).outputSync();
  const { code, stderr } = nightly();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assert(await size() < before - 50_000, "space came back");
  assertEquals(box.records().at(-1)?.reason, "nightly");

  Deno.writeTextFileSync(`${box.control}/audit/HEAD`, "{}");
  assertEquals(nightly().code, 1);
});

Deno.test({
  name: "docs/operations.md: systemd understands the units",
  ignore: run("sh", "-c", "command -v systemd-analyze").code !== 0,
  fn() {
    using folder = tempDir();
    const unit = (kind: string, text: string) => {
      const path = `${folder.path}/jvs-nightly.${kind}`;
      const content = block("ini", text).replace(/^ExecStart=\S+/m, "ExecStart=/bin/true").replace(
        "User=ana",
        "User=root",
      );
      Deno.writeTextFileSync(path, content);
      return path;
    };
    const { code, stderr } = run(
      "systemd-analyze",
      "verify",
      unit("service", "[Service]"),
      unit("timer", "[Timer]"),
    );
    assertEquals([code, stderr.split("\n").filter((line) => line.includes("jvs-nightly"))], [0, []], stderr);
  },
});
