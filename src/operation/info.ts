import type { EngineChoice } from "../engine/select.ts";
import { isJvsError } from "../model/errors.ts";
import { LEASE_HELD } from "../model/lease.ts";
import { ENGINE_NAMES } from "../model/records.ts";
import { REPOSITORY } from "../model/result_fields.ts";
import { boolean, integer, list, mapOf, nullable, oneOf, record, text } from "../model/schema.ts";
import { FORMAT_VERSION, VERSION } from "../model/version.ts";
import { isShared } from "../platform/folder_rights.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { lostFolders } from "../repo/kept_folders.ts";
import type { Store } from "../repo/store.ts";
import { defineOperation, JVS_VERSION, Setting } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { holderOf } from "../protocol/worktree/holder.ts";
import { engineFor } from "../protocol/engine_for.ts";

const NO_LIMIT = `${Number.MAX_SAFE_INTEGER} if there is no limit, or the system does not say`;

/** Shows what a repository is, and what works on this system. */
export const info = defineOperation({
  name: "info",
  summary: "Show what this repository is, how it saves, and what works here",
  about: "For an overview and for bug reports. It repairs nothing.",
  examples: [["jvs info", "the engine and why, the counts, the free space"]],
  changes: "nothing",
  input: record({}, { closed: true }),
  output: record({
    ...REPOSITORY,
    format_version: integer().about("The version of the repository's form on disk."),
    jvs_version: JVS_VERSION,
    worktree: nullable(text())
      .about("The worktree you are in, by default main; null if its record is lost or damaged."),
    lease: LEASE_HELD,
    engine: record({
      name: nullable(oneOf(...ENGINE_NAMES)).about("Null if none works."),
      reason: text().about("Why JVS uses this one, or why none works."),
    }).about("How snapshots of this worktree are made."),
    file_system: record({
      kind: text().about("Its type, such as `xfs` or `fuse.juicefs`; `unknown` if the system does not say."),
      id: text().about("Stays the same when it is mounted again; `unknown` if the system does not say."),
      read_only: boolean().about("Nothing can be written there; false if the system does not say."),
      free_bytes: integer({ min: 0 }).about(`The bytes that you may still write there; ${NO_LIMIT}.`),
      free_inodes: integer({ min: 0 }).about(`How many more entries it has room for; ${NO_LIMIT}.`),
    }).about("Where the worktree is; without a worktree, where the repository is."),
    counts: record({
      snapshots: integer({ min: 0 }).about("Snapshots, with autosaves and without pruned ones."),
      worktrees: integer({ min: 0 }).about("Worktrees, with damaged ones."),
      refs: integer({ min: 0 }).about("Refs, with damaged ones."),
      pins: integer({ min: 0 }).about("Pins, which protect snapshots from deletion, with expired ones."),
      interrupted: integer({ min: 0 })
        .about("Interrupted changes. The next change, or doctor, finishes or undoes them."),
    }).about("How many of each the repository has."),
    shared: boolean().about("The group of its folder may use it."),
    hosts: list(record({
      id: text().about("Its machine id, or else its name."),
      name: nullable(text()).about("Its name on the network when it first used the repository."),
      is_this: boolean().about("It is the machine that you asked."),
    })).about("The machines that have used this repository. On a shared volume there can be several."),
    abilities: mapOf(boolean()).about("What the system lets JVS keep and do."),
    permissions: record({
      c_library: boolean().about("Whether JVS may call the C library. Without it JVS can keep less."),
      run: oneOf("any", "named").about(
        "Which programs JVS may run. The launcher allows any for `lock run` and `conformance run`, and for `snapshot` and `restore` of users who trust hooks.",
      ),
      network: boolean().about("False, unless JVS was started with more permissions than it needs."),
    }).about("What this jvs may do on the system."),
    hooks: nullable(oneOf("trusted", "untrusted"))
      .about("Whether you trust the programs that the settings name as hooks; null if they name none."),
    settings: list(Setting).about("Those that differ from their default."),
    problem: nullable(text()).about("What is wrong in the settings file, or has no effect in this version."),
  }),
  async run(context) {
    const { store, worktree } = context;
    using folder = openSource(context);
    const { kind, id, readOnly, freeBytes, freeInodes } = store.platform.fileSystem(folder);
    for (const { path } of lostFolders(store.layout)) {
      context.reporter.warn(
        `The folder "${path}" is missing, so what was in it is not counted: see \`jvs doctor\`.`,
      );
    }
    const problem = store.config.problem();
    const control = new Stat();
    store.layout.control.stat(control);
    return {
      repository: store.layout.root,
      repo_id: store.repoId,
      format_version: FORMAT_VERSION,
      jvs_version: VERSION,
      worktree: worktree?.name ?? null,
      lease: worktree === null ? null : await holderOf(context, worktree.worktree_id),
      engine: await engineInfo(context, folder),
      file_system: { kind, id, read_only: readOnly, free_bytes: freeBytes, free_inodes: freeInodes },
      counts: {
        snapshots: store.snapshots.list().length,
        worktrees: store.worktrees.names().length,
        refs: store.refs.names().length,
        pins: store.pins.ids().length,
        interrupted: store.intents.list().filter((intent) => store.intents.isAbandoned(intent)).length,
      },
      shared: isShared(control.mode),
      hosts: store.hosts(),
      abilities: abilitiesOf(store),
      permissions: await permissions(store),
      hooks: problem === undefined ? await trustInHooks(context) : null,
      settings: problem === undefined
        ? store.config.list().filter((each) => !each.is_default).map(({ key, value }) => ({ key, value }))
        : [],
      problem: problem?.message ?? store.config.notHonoured() ?? null,
    };
  },
});

/** Opens the folder of the worktree, or of the repository if there is no worktree. */
function openSource({ store, worktree }: RepositoryContext): Folder {
  if (worktree !== null && store.worktrees.checkIdentity(worktree) !== "missing") {
    return store.worktrees.openRoot(worktree);
  }
  return store.platform.openFolder(store.layout.root);
}

async function engineInfo(context: RepositoryContext, source: Folder) {
  try {
    const choice = await engineFor(context, { source });
    return { name: choice.engine.name, reason: reasonFor(context, choice) };
  } catch (error) {
    if (!isJvsError(error)) throw error;
    return { name: null, reason: error.message };
  }
}

function reasonFor({ engine, store }: RepositoryContext, { isLast, passedOver }: EngineChoice): string {
  if (engine !== undefined && engine !== "auto") return "JVS_SNAPSHOT_ENGINE asks for it";
  if (store.config.get("engine") !== "auto") return "the setting `engine` asks for it";
  const others = passedOver.map(({ name, reason }) => `${name} does not: ${reason}`).join("; ");
  const why = isLast ? "it works everywhere" : "it was tried and works: what is cloned shares its blocks";
  return others === "" ? why : `${why}; ${others}`;
}

/** The abilities with names in snake_case, like all names in results. */
function abilitiesOf({ platform }: Store): Record<string, boolean> {
  const inWords = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(platform.abilities).map(([name, has]) => [inWords(name), has]));
}

async function trustInHooks({ store, userConfig }: RepositoryContext) {
  if (!store.config.hasHooks()) return null;
  const { areTrusted, trustedProgramsHash } = await import("../repo/trusted_programs.ts");
  const hash = await trustedProgramsHash(store.config.hooks() ?? {});
  return areTrusted(store, userConfig, hash) ? "trusted" as const : "untrusted" as const;
}

async function permissions({ platform }: Store) {
  const granted = async (name: "run" | "net") => (await Deno.permissions.query({ name })).state === "granted";
  return {
    c_library: platform.abilities.byteNames,
    run: await granted("run") ? "any" as const : "named" as const,
    network: await granted("net"),
  };
}
