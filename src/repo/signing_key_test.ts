import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { namesIn } from "../../tests/support/files.ts";
import { killedAt } from "../../tests/support/kill_point.ts";
import { run } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { createKey, isSigned, keyInFile, keyOfText, ownKey } from "./signing_key.ts";

async function refused(code: string, why: RegExp, work: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(work, JvsError);
  assertEquals(error.code, code, error.message);
  assertMatch(error.message, why);
}

const SAID = { signs: "jvs audit", repo_id: crypto.randomUUID(), count: 1, hash: "ab".repeat(32) } as const;

Deno.test("createKey() makes a key that only its owner can read, and never replaces one", async () => {
  using folder = tempDir();
  const { publicKey } = await createKey(folder.path, "anna");
  const path = `${folder.path}/keys/anna.key`;
  assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  assertEquals((await ownKey(folder.path, "anna")).publicKey, publicKey);
  await refused("E_ALREADY_EXISTS", /there is one/, () => createKey(folder.path, "anna"));
  assertEquals((await ownKey(folder.path, "anna")).publicKey, publicKey);
  await refused("E_PATH_ESCAPE", /a path, not a name/, () => createKey(folder.path, "../anna"));
});

Deno.test("createKey(), killed at any moment, leaves a whole key or none", async () => {
  for (let n = 1;; n++) {
    using folder = tempDir();
    const killed = await killedAt(n, () => createKey(folder.path, "anna"));
    const made = namesIn(folder.path).includes("keys") && namesIn(`${folder.path}/keys`).includes("anna.key");
    if (made) await ownKey(folder.path, "anna");
    else await createKey(folder.path, "anna");
    if (!killed) return assert(made);
  }
});

Deno.test("isSigned() is true for exactly what was signed", async () => {
  using folder = tempDir();
  const key = await createKey(folder.path, "anna");
  const other = await createKey(folder.path, "ben");
  const signed = await key.sign({ ...SAID, signed_at: "2026-01-02T03:04:05Z" });
  assert(await isSigned(signed));
  assert(!await isSigned({ ...signed, count: 2 }));
  assert(!await isSigned({ ...signed, public_key: other.publicKey }));
  assert(!await isSigned({ ...signed, signature: "00".repeat(64) }));
  // Not every text of 64 digits is a key.
  assert(!await isSigned({ ...signed, public_key: "ff".repeat(32) }));
});

Deno.test("keyInFile() takes no key that others may read, no link, and none that is missing", async () => {
  using folder = tempDir();
  await createKey(folder.path, "anna");
  const path = `${folder.path}/keys/anna.key`;
  for (const mode of [0o644, 0o640, 0o604, 0o620, 0o601]) {
    Deno.chmodSync(path, mode);
    await refused("E_PERMISSION", new RegExp(`its mode is 0${mode.toString(8)}`), () => keyInFile(path));
  }
  Deno.chmodSync(path, 0o400);
  await keyInFile(path);
  Deno.symlinkSync(path, `${path}.link`);
  await refused("E_PERMISSION", /links do not count/, () => keyInFile(`${path}.link`));
  await refused("E_SIGNING_KEY_MISSING", /there is no such file/, () => keyInFile(`${path}.none`));
  await refused("E_PERMISSION", /it is no file/, () => keyInFile(folder.path));
});

Deno.test("keyOfText() takes what OpenSSL writes, and says why it does not take another key or half of one", async () => {
  using folder = tempDir();
  await createKey(folder.path, "anna");
  const text = Deno.readTextFileSync(`${folder.path}/keys/anna.key`);
  await keyOfText(text.replaceAll("\n", "\r\n"), "a test");
  const missing = (why: RegExp, given: string) =>
    refused("E_SIGNING_KEY_MISSING", why, () => keyOfText(given, "a test"));
  await missing(/no key in PEM/, "");
  await missing(/no key in PEM/, "ssh-ed25519 AAAA me");
  await missing(/no key in PEM/, "\0".repeat(100));
  await missing(/cut off/, text.slice(0, text.length >> 1));
  await missing(/not the length of a key/, text.replace(/\n.{24}/, "\n"));
  await missing(/not the length of a key/, text.replace(/.{12}\n-/, "\n-"));
  await missing(/no base64/, text.replace(/MC/, "M*"));
  await missing(/another kind, OPENSSH PRIVATE KEY/, text.replaceAll("PRIVATE", "OPENSSH PRIVATE"));
  await missing(/another kind, PUBLIC KEY/, text.replaceAll("PRIVATE", "PUBLIC"));
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const ecdsa = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey)).toBase64();
  const pem = `-----BEGIN PRIVATE KEY-----\n${ecdsa}\n-----END PRIVATE KEY-----\n`;
  await missing(/another kind than Ed25519/, pem);
  const openssl = run("openssl", "genpkey", "-algorithm", "ed25519");
  if (openssl.code === 0) await keyOfText(openssl.stdout, "OpenSSL");
});
