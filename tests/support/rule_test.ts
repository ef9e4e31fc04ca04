import { assertEquals } from "@std/assert";
import { Program } from "../../src/conformance/black_box/program.ts";
import { randomFrom } from "../../src/conformance/black_box/random.ts";
import { RULES } from "../../src/conformance/rules.ts";
import { asUser, USER } from "./as_user.ts";
import { namesIn } from "./files.ts";
import { jvsEnvironment } from "./jvs.ts";
import { ordinaryHome } from "./ordinary_user.ts";
import { requires } from "./requires.ts";
import { tempDir } from "./temp_dir.ts";

/** The test of a rule as `jvs conformance run --profile release` checks it, on JVS_BIN. */
export function ruleTest(number: number): void {
  const rule = RULES.find((each) => each.number === number);
  if (rule === undefined) throw new Error(`there is no rule ${number}`);
  const name = `conformance ${number}: ${rule.promise}`;
  if (rule.needs === "ordinary user" && Deno.uid() === 0) {
    Deno.test({ name, ...requires("user"), fn: () => checkAsUser(number) });
    return;
  }
  Deno.test({
    name,
    ...requires(...rule.needs === "root" ? ["root"] as const : []),
    async fn() {
      const { program, env } = await jvsEnvironment();
      using folder = tempDir();
      Deno.mkdirSync(`${folder.path}/rule`);
      const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
      await rule.check({
        program: new Program([program], env.HOME),
        folder: `${folder.path}/rule`,
        isThorough: true,
        random: randomFrom(seed),
        signal: new AbortController().signal,
      }).catch((cause) => {
        throw new Error(`${rule.promise}, with JVS_TEST_SEED=${seed}`, { cause });
      });
    },
  });
}

/** The same as a user who is not root: the command does it, in a process of that user. */
async function checkAsUser(number: number): Promise<void> {
  const { program, env } = await jvsEnvironment(USER);
  const { checkout, deno } = ordinaryHome(USER);
  using folder = tempDir({ owner: USER });
  const words = [
    "conformance",
    "run",
    "--profile",
    "release",
    "--rule",
    String(number),
    folder.path,
    "--json",
  ];
  const args = ["run", "-A", "-q", "--cached-only", `${checkout}/cli.ts`, ...words];
  const [first, ...rest] = asUser(USER, deno, args);
  const options = { args: rest, cwd: folder.path, clearEnv: true, env: { ...env, JVS_BIN: program } };
  const { stdout, stderr } = await new Deno.Command(first, options).output();
  const text = new TextDecoder();
  const { rules: [result] } = JSON.parse(text.decode(stdout) || text.decode(stderr));
  assertEquals([result.result, result.reason], ["passed", null]);
  assertEquals(namesIn(folder.path), []);
}
