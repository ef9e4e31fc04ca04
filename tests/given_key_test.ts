import { assertEquals, assertMatch } from "@std/assert";
import { keyCreate } from "../src/operation/key_create.ts";
import { keyExport } from "../src/operation/key_export.ts";
import { keyList } from "../src/operation/key_list.ts";
import { keyTrust } from "../src/operation/key_trust.ts";
import { createKey } from "../src/repo/signing_key.ts";
import { BlackBox } from "./support/black_box.ts";
import { callIn } from "./support/context.ts";
import { Signed } from "./support/signed_repository.ts";
import { refused, SOUND, verified } from "./support/signed_verdicts.ts";
import { tempDir } from "./support/temp_dir.ts";

Deno.test("a key in JVS_SIGNING_KEY signs, as text or as path, and key list and key export show its public key", async () => {
  using keys = tempDir();
  using box = await BlackBox.make();
  const { publicKey } = await createKey(keys.path, "ci");
  const path = `${keys.path}/keys/ci.key`;
  const text = Deno.readTextFileSync(path);
  for (const [given, file] of [[text, null], [path, path]] as const) {
    const env = { JVS_SIGNING_KEY: given, XDG_CONFIG_HOME: `${box.outside}/config` };
    box.write("a.txt", given);
    await box.json(["snapshot", "signed"], { env });
    const { snapshots } = await box.json<Verified>(["verify"], { env });
    assertEquals(snapshots[0]?.signature, {
      ...snapshots[0]?.signature,
      state: "valid",
      public_key: publicKey,
    });
    const name = "JVS_SIGNING_KEY";
    const exported = await box.json(["key", "export"], { env });
    assertEquals([exported["public_key"], exported["name"]], [publicKey, name]);
    for (const cwd of [box.main, box.outside]) {
      const { own, trusted } = await box.json<Keys>(["key", "list"], { env, cwd });
      assertEquals(own, [{ name, path: file, public_key: publicKey, problem: null }]);
      assertEquals(trusted.map(({ public_key }) => public_key), [publicKey]);
    }
    const { stdout } = await box.run(["key", "list"], { env });
    assertMatch(stdout, new RegExp(`JVS_SIGNING_KEY +${publicKey}`));
    assertEquals(stdout.includes("PRIVATE KEY"), false);
  }
});

interface Verified {
  readonly snapshots: { readonly signature: object }[];
}

interface Keys {
  readonly own: object[];
  readonly trusted: { readonly public_key: string }[];
}

Deno.test("key list says why a given key cannot be used, and key export needs one", async () => {
  using folder = tempDir();
  const signingKey = `${folder.path}/none.key`;
  const { own, trusted } = await callIn(folder.path, keyList, {}, { signingKey });
  assertEquals(own.map(({ path, public_key }) => [path, public_key]), [[signingKey, null]]);
  assertMatch(own[0]?.problem ?? "", /there is no such file/);
  assertEquals(trusted, []);
  assertMatch((await refused("E_USAGE", () => callIn(folder.path, keyExport))).hint, /jvs key export NAME/);
});

Deno.test("a key whose making was interrupted is used as key create says", async () => {
  using repository = await Signed.make();
  const userConfig = repository.configOf("ben");
  const { publicKey } = await createKey(userConfig, "anna"); // and then the process was killed
  const { hint } = await refused(
    "E_ALREADY_EXISTS",
    () => repository.call(keyCreate, { name: "anna" }, { as: "ben" }),
  );
  assertMatch(hint, /`jvs key trust anna --everywhere`/);
  await repository.call(keyTrust, { key: "anna", everywhere: true, require: true }, { as: "ben" });
  await repository.save("Ben's", { as: "ben" });
  assertEquals(await verified(repository, { as: "ben" }), SOUND);
  const { trusted } = await callIn(repository.repository.outside, keyList, {}, { userConfig });
  assertEquals(trusted.map(({ name, public_key }) => [name, public_key]), [["anna", publicKey]]);
});
