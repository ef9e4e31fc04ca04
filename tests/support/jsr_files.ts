import { CHECKOUT } from "../../tasks/bundle.ts";

/** What `deno publish` would send of this checkout: each file by its path in the package. It throws what publishing would refuse. */
export async function publishedFiles(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const args = ["publish", "--dry-run", "--allow-dirty"];
  const options = { args, cwd: CHECKOUT, env: { NO_COLOR: "1" } };
  const { success, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  const said = new TextDecoder().decode(stderr);
  if (!success || /warning/i.test(said)) throw new Error(`Cannot publish: ${said}`);
  const prefix = `file://${CHECKOUT}`;
  const paths = [...said.matchAll(/^ +(file:\S+) \(/gm)].map(([, url = ""]) => url.slice(prefix.length));
  return new Map(paths.map((path) => [path, Deno.readFileSync(`${CHECKOUT}${path}`)]));
}
