import { assertEquals, assertRejects } from "@std/assert";
import { JvsError } from "../../src/model/errors.ts";
import { configSet } from "../../src/operation/config_set.ts";
import type { Context } from "../../src/protocol/context.ts";
import { warnings } from "./context.ts";
import { TestRepository } from "./repository.ts";
import { trustHooks } from "./trusted_hooks.ts";

type Hooks = Partial<Record<string, string>>;

/** A repository with hooks, which its user trusts; `log` is a file beside it for the hooks to write. */
export async function hooked(hooks: Hooks, { trusted = true } = {}) {
  const repository = await TestRepository.saved();
  const userConfig = `${repository.outside}/settings`;
  const log = `${repository.outside}/log`;
  const set = async (hooks: Hooks) => {
    for (const [name, text] of Object.entries(hooks)) {
      await repository.call(configSet, { key: `hooks.${name}`, value: text?.replaceAll("LOG", log) ?? "" });
    }
  };
  await set(hooks);
  if (trusted) await trustHooks(repository.main, userConfig);
  const reporter = {
    ...warnings(),
    printed: (name: string, lines: readonly string[]) =>
      void reporter.lines.push(...lines.map((line) => `${name}: ${line}`)),
    lines: [] as string[],
  };
  const logged = () => {
    try {
      return Deno.readTextFileSync(log).trimEnd().split("\n");
    } catch {
      return [];
    }
  };
  const with_ = (more: Partial<Context> = {}) => ({ userConfig, reporter, ...more });
  return {
    repository,
    reporter,
    logged,
    context: with_,
    /** Sets other hooks, which the user trusts. */
    trust: async (hooks: Hooks) => {
      await set(hooks);
      await trustHooks(repository.main, userConfig);
    },
    userConfig,
    log,
    [Symbol.dispose]: () => repository[Symbol.dispose](),
  };
}

/** The error of a call that must fail with this class. */
export async function refused(running: Promise<unknown>, code: string): Promise<JvsError> {
  const error = await assertRejects(() => running, JvsError);
  assertEquals(error.code, code, error.message);
  return error;
}
