import { bringBack, type BrokenRepository, cut, says } from "./break_and_mend.ts";
import { mustRun } from "./run.ts";
import type { SoundBox } from "./sound_box.ts";

/** Ways in which what is signed can be broken. */
export const BROKEN_SIGNATURES: readonly BrokenRepository[] = [
  {
    name: "a signature that was cut in half",
    ...says("critical", "E_SIGNATURE_INVALID"),
    breakIt: async (box) => cut(box, await signedSnapshot(box)),
    mend: (box) => bringBack(box, signatureIn(box)),
  },
  {
    name: "a snapshot whose signature is gone, where signatures are required",
    ...says("critical", "E_TRUST_POLICY_VIOLATION"),
    async breakIt(box) {
      const env = await keyOf(box);
      await box.box.json(["key", "trust", "mine", "--team"], { env });
      await box.box.json(["config", "set", "signing.require", "true"], { env });
      Deno.removeSync(`${box.control}/${await signedSnapshot(box)}`);
    },
    mend: (box) => bringBack(box, signatureIn(box)),
  },
  {
    name: "settings that name a key which the user does not have",
    ...says("warning", "E_SIGNING_KEY_MISSING"),
    breakIt: async ({ box }) => void await box.json(["config", "set", "signing.key", "nobody"]),
    mend: async ({ box }) => void await box.json(["config", "set", "signing.key", ""]),
  },
];

/** Variables with which a command signs; the key is beside the repository. */
async function keyOf({ box, copy }: SoundBox): Promise<Record<string, string>> {
  const env = { XDG_CONFIG_HOME: `${copy}.config` };
  const key = `${env.XDG_CONFIG_HOME}/jvs/keys/mine.key`;
  if (mustRun("find", box.outside, "-path", key) === "") await box.json(["key", "create", "mine"], { env });
  return { ...env, JVS_SIGNING_KEY: key };
}

/** Saves a snapshot that is signed; gives the file of its signature, which the copy has, too. */
async function signedSnapshot(box: SoundBox): Promise<string> {
  const env = await keyOf(box);
  const { snapshot } = await box.box.json<{ snapshot: { snapshot_id: string } }>(["snapshot"], { env });
  const file = `signatures/${snapshot.snapshot_id}.json`;
  mustRun("cp", "-a", `${box.control}/${file}`, `${box.copy}/.jvs/${file}`);
  return file;
}

/** The file of the one signature that the copy has. */
function signatureIn({ copy }: SoundBox): string {
  const [name = ""] = mustRun("ls", `${copy}/.jvs/signatures`).split("\n");
  return `signatures/${name}`;
}
