import { recordHash } from "../../src/repo/record_hash.ts";
import { repositoryIn } from "./context.ts";

/** Writes into a folder of user's settings that this user trusts the hooks of a repository as they are now. */
export async function trustHooks(repository: string, userConfig: string): Promise<void> {
  const { store } = await repositoryIn(repository);
  using control = store.layout.control.open();
  const trusted = {
    programs: await recordHash(store.config.hooks() ?? {}),
    path: store.layout.root,
    identity: store.worktrees.identify(control),
    trusted_at: new Date().toISOString(),
  };
  const file = `${userConfig}/trusted_programs.json`;
  Deno.mkdirSync(userConfig, { recursive: true, mode: 0o700 });
  Deno.writeTextFileSync(file, JSON.stringify({ version: 1, repositories: { [store.repoId]: trusted } }), {
    mode: 0o600,
  });
}
