import { bytesOf, bytesOfHex, hexOf } from "../model/bytes.ts";
import { canonicalJson } from "../model/canonical_json.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { isKeyText } from "../model/key_text.ts";
import { checkName } from "../model/names.ts";
import { quoted } from "../model/path_text.ts";
import type { AnySignature } from "../model/signing.ts";
import { readUserFile } from "../platform/user_file.ts";
import { UserFolder } from "../platform/user_folder.ts";

/** PKCS#8 of an Ed25519 key: these bytes, then the 32 bytes of the secret (RFC 8410). */
const BEGINNING = "302e020100300506032b657004220420";
const LENGTH = 48;
const MOST_BYTES = 16 * 1024;
/** What others than the owner may do. */
const OTHERS = 0o077;
const ED25519 = { name: "Ed25519" };

/** A private key that can sign. Its secret is in the care of WebCrypto, and in no text. */
export interface SigningKey {
  readonly publicKey: string;
  /** Its file; none for a key whose text was given. */
  readonly path?: string;
  /** The record with the key and the signature of all the rest. */
  sign<const T extends object>(record: T): Promise<T & Pick<AnySignature, "public_key" | "signature">>;
}

/** Where the keys of a user are. */
export function keyFolder(userConfig: string | undefined): string {
  if (userConfig !== undefined) return `${userConfig}/keys`;
  throw new JvsError("E_SIGNING_KEY_MISSING", "Cannot find your keys: there is no folder for your settings", {
    hint: "Set HOME or XDG_CONFIG_HOME, or name the key by JVS_SIGNING_KEY.",
  });
}

/** The user's key of this name. */
export async function ownKey(userConfig: string | undefined, name: string): Promise<SigningKey> {
  const path = `${keyFolder(userConfig)}/${checkName(name, "key")}.key`;
  return await keyInFile(
    path,
    `Make it with \`jvs key create ${name}\`, or name another one by JVS_SIGNING_KEY.`,
  );
}

/** What the key that a caller gives is called. */
export const GIVEN_KEY = "JVS_SIGNING_KEY";

/** The key that a caller gives: the text of one, or the path of its file. */
export async function givenKey(given: string): Promise<SigningKey> {
  return await (isKeyText(given) ? keyOfText(given, GIVEN_KEY) : keyInFile(given));
}

/** The key in a file that only its owner may read. */
export async function keyInFile(path: string, hint?: string): Promise<SigningKey> {
  const text = readUserFile(path, MOST_BYTES, OTHERS);
  if (text === undefined) throw unusable(path, "there is no such file", hint);
  return { ...await keyOfText(text, path), path };
}

/** The key in a text: PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes it. `from` is for messages. */
export async function keyOfText(text: string, from: string): Promise<SigningKey> {
  const [, kind, body] = /^\s*-----BEGIN ([A-Z0-9 ]+)-----([^-]*)/.exec(text) ?? [];
  if (kind === undefined) throw unusable(from, "it is no key in PEM form");
  if (kind !== "PRIVATE KEY") throw unusable(from, `it is of another kind, ${kind}`);
  if (!/-----END PRIVATE KEY-----\s*$/.test(text)) {
    throw unusable(from, "it is cut off: its last line is missing");
  }
  const bytes = bytesOfBase64(body ?? "");
  if (bytes === undefined) throw unusable(from, "it is damaged: it is no base64");
  const isEd25519 = hexOf(bytes).startsWith(BEGINNING);
  if (!isEd25519 && bytes.length >= LENGTH) throw unusable(from, "it is a key of another kind than Ed25519");
  if (!isEd25519 || bytes.length !== LENGTH) {
    throw unusable(from, "it is damaged: it has not the length of a key");
  }
  return await keyOf(bytes);
}

/** Makes a new key in the user's folder, which must not have one of this name; gives the public key. */
export async function createKey(userConfig: string | undefined, name: string): Promise<SigningKey> {
  const folder = keyFolder(userConfig);
  using keys = UserFolder.open(folder);
  const pair = await crypto.subtle.generateKey(ED25519, true, ["sign", "verify"]) as CryptoKeyPair;
  const secret = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const file = `${checkName(name, "key")}.key`;
  const path = `${folder}/${file}`;
  const text = `-----BEGIN PRIVATE KEY-----\n${secret.toBase64()}\n-----END PRIVATE KEY-----\n`;
  if (keys.create(file, text)) return await keyOf(secret);
  throw new JvsError(
    "E_ALREADY_EXISTS",
    `Cannot make the key ${quoted(name)}: there is one in ${quoted(path)}`,
    {
      hint:
        `If that is the one, after an interruption or from a copy, trust it: \`jvs key trust ${name} --everywhere\` in a repository. ` +
        "If not, give the new key another name: JVS never replaces one, because a key that is gone cannot sign again.",
      details: { name, path },
    },
  );
}

const imported = new Map<string, Promise<CryptoKey>>();

/** Whether a record has the signature of the key that it names, for exactly what it says. */
export async function isSigned({ signature, ...signed }: AnySignature): Promise<boolean> {
  const { public_key } = signed;
  let key = imported.get(public_key);
  if (key === undefined) {
    key = crypto.subtle.importKey("raw", bytesOfHex(public_key), ED25519, false, ["verify"]);
    imported.set(public_key, key);
  }
  try {
    return await crypto.subtle.verify(
      ED25519,
      await key,
      bytesOfHex(signature),
      bytesOf(canonicalJson(signed)),
    );
  } catch (error) {
    // No key; or what no record of ours has, and cannot be written as one: half a character, lists that are nested too deeply.
    if (error instanceof DOMException || error instanceof RangeError || isJvsError(error)) return false;
    throw error;
  }
}

async function keyOf(secret: Uint8Array<ArrayBuffer>): Promise<SigningKey> {
  const extractable = await crypto.subtle.importKey("pkcs8", secret, ED25519, true, ["sign"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", extractable);
  const publicKey = hexOf(Uint8Array.fromBase64(x, { alphabet: "base64url" }));
  return {
    publicKey,
    async sign(record) {
      const signed = { ...record, public_key: publicKey };
      const signature = await crypto.subtle.sign(ED25519, extractable, bytesOf(canonicalJson(signed)));
      return { ...signed, signature: hexOf(new Uint8Array(signature)) };
    },
  };
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}

function unusable(from: string, why: string, hint?: string): JvsError {
  return new JvsError("E_SIGNING_KEY_MISSING", `Cannot sign with the key in ${quoted(from)}: ${why}`, {
    hint: hint ??
      "JVS takes Ed25519 keys in PKCS#8 (PEM): `jvs key create` makes them. Bring yours back from a copy, or make a new one.",
    details: { path: from, why },
  });
}
