import { exists, namesIn } from "../../support/files.ts";
import type { Json } from "../../support/jvs.ts";
import { contentOf, differences, type Tree, treeOf } from "./tree.ts";
import type { World } from "./world.ts";

/** What JVS did is not what the model says. */
export class Mismatch extends Error {}

/** A snapshot as its descriptor on the disk has it. */
export interface SeenSnapshot {
  readonly id: string;
  readonly kind: string;
  readonly parent: string | null;
  readonly worktree: string;
  readonly tags: readonly string[];
}

/** A repository as it is on the disk (docs/format.md), read without product code. */
export class Seen {
  readonly worktrees = new Map<string, Json & { readonly tree: Tree; readonly held: string | null }>();
  readonly refs = new Map<string, string>();
  readonly pins: string[] = [];
  /** Each snapshot, and whether it is pruned. */
  readonly snapshots = new Map<string, boolean>();

  /** How many records of each operation the audit trail has. */
  readonly records: ReadonlyMap<string, number>;

  constructor(readonly repository: string) {
    const control = `${repository}/.jvs`;
    const trail = trailOf(`${control}/audit`);
    this.records = counted(
      [...trail.matchAll(/"operation":"([^"]+)"/g)].map(([, operation = ""]) => operation)
        .filter((operation) => !UNFORESEEN.includes(operation)),
    );
    for (const name of recordsIn(`${control}/worktrees`)) {
      if (!exists(`${control}/worktrees/${name}/config.json`)) continue; // a removed one, with what a kill left
      const config = json(`${control}/worktrees/${name}/config.json`);
      const lease = `${control}/runtime/shared/leases/${config.worktree_id}.json`;
      const held = exists(lease) ? leaseOf(json(lease)) : null;
      this.worktrees.set(name, { ...config, held, tree: treeOf(`${repository}/${config.path}`) });
    }
    for (const file of recordsIn(`${control}/refs`)) {
      const { ref_name, snapshot_id, keeps_line } = json(`${control}/refs/${file}`);
      this.refs.set(String(ref_name), `${snapshot_id} ${keeps_line}`);
    }
    for (const file of recordsIn(`${control}/gc/pins`)) {
      const { snapshot_id, keeps_line } = json(`${control}/gc/pins/${file}`);
      this.pins.push(`${snapshot_id} ${keeps_line}`);
    }
    for (const name of namesIn(`${control}/snapshots`)) {
      const [, id = "", marker] = /^(.+)\.(READY|PRUNED)$/.exec(name) ?? [];
      if (marker !== undefined && this.snapshots.get(id) !== false) {
        this.snapshots.set(id, marker === "PRUNED");
      }
    }
  }

  /** What the descriptor of a snapshot says. */
  snapshot(id: string): SeenSnapshot {
    const { kind, parent_snapshot_id, worktree_id, tags } = json(
      `${this.repository}/.jvs/descriptors/${id}.json`,
    );
    return {
      id,
      kind: String(kind),
      parent: parent_snapshot_id === null ? null : String(parent_snapshot_id),
      worktree: String(worktree_id),
      tags: Array.isArray(tags) ? tags.map(String) : [],
    };
  }

  /** What the files of a snapshot are. */
  payload(id: string): Tree {
    return contentOf(treeOf(`${this.repository}/.jvs/snapshots/${id}`));
  }

  /** In what it differs from a world, in words. */
  differencesFrom(world: World): string[] {
    return [
      ...this.#worktreesFrom(world),
      ...named("ref", keepers(world.refs), this.refs),
      ...named("pin", counted([...world.pins].map(keeper)), counted(this.pins)),
      ...named("number of records of", world.records, this.records),
      ...named(
        "snapshot",
        new Map([...world.snapshots.values()].map((each) => [each.id, each.isPruned])),
        this.snapshots,
      ),
    ];
  }

  #worktreesFrom(world: World): string[] {
    const names = new Set([...world.worktrees.keys(), ...this.worktrees.keys()]);
    return [...names].flatMap((name) => {
      const [must, is] = [world.worktrees.get(name), this.worktrees.get(name)];
      if (must === undefined || is === undefined) return [`worktree ${name} is ${is ? "" : "not "}there`];
      const fields = [
        ["id", must.id || is.worktree_id, is.worktree_id],
        ["path", must.path, is.path],
        ["base", must.base, is.base_snapshot_id],
        ["head", must.head, is.head_snapshot_id],
        ["latest", must.latest, is.latest_snapshot_id],
        ["lease", must.lease === null ? null : `${must.lease.session} ${must.lease.isOver}`, is.held],
        ["token", Math.max(must.token, Number(is.fencing_token)), is.fencing_token],
      ];
      const different = fields.filter(([, a, b]) => a !== b).map(([what, a, b]) =>
        `${what} is ${b} and not ${a}`
      );
      return [...different, ...differences(must.tree, is.tree, { times: true })]
        .map((each) => `worktree ${name}: ${each}`);
    });
  }

  /** In what the new snapshots differ from those of a world: their records and their files. */
  snapshotsFrom(world: World, ids: Iterable<string>): string[] {
    return [...ids].flatMap((id) => {
      const must = world.snapshots.get(id);
      if (must === undefined) return [`snapshot ${id} is there`];
      const is = this.snapshot(id);
      const records = (["kind", "parent", "worktree"] as const).filter((each) => must[each] !== is[each])
        .map((each) => `${each} is ${is[each]} and not ${must[each]}`);
      if (must.tags.join() !== is.tags.join()) records.push(`tags are ${is.tags} and not ${must.tags}`);
      const files = must.isPruned ? [] : differences(contentOf(must.tree), this.payload(id));
      return [...records, ...files].map((each) => `snapshot ${id}: ${each}`);
    });
  }
}

/** Whose a lease is, and whether it is over. */
function leaseOf({ session_id, lease_expires_at }: Json): string {
  return `${session_id} ${Date.parse(String(lease_expires_at)) < Date.now()}`;
}

/** What the model does not count: a collection that was killed and went on leaves one record, or two; how many files the trail has. */
const UNFORESEEN = ["init", "gc run", "audit open", "audit close"];

/** The audit trail of all its files, with a record that only its HEAD has yet: it is written, and the next one brings it into the log. */
function trailOf(folder: string): string {
  const files = recordsIn(folder).filter((name) => name.endsWith(".jsonl"));
  const log = files.map((name) => Deno.readTextFileSync(`${folder}/${name}`)).join("\n");
  const { next } = json(`${folder}/HEAD`);
  const pending = next as Json | null;
  return pending === null || log.includes(`${pending.event_id}`) ? log : `${log}\n${JSON.stringify(pending)}`;
}

function json(path: string): Json {
  return JSON.parse(Deno.readTextFileSync(path));
}

function recordsIn(folder: string): string[] {
  return exists(folder)
    ? namesIn(folder).filter((name) => !name.startsWith(".") && !name.endsWith(".tmp"))
    : [];
}

function keeper({ snapshot, keepsLine }: { snapshot: string; keepsLine: boolean }): string {
  return `${snapshot} ${keepsLine}`;
}

function keepers(all: World["refs"]): Map<string, string> {
  return new Map([...all].map(([name, each]) => [name, keeper(each)]));
}

function counted(all: readonly string[]): Map<string, number> {
  return new Map([...Map.groupBy(all, (each) => each)].map(([each, some]) => [each, some.length]));
}

function named<T>(what: string, must: ReadonlyMap<string, T>, is: ReadonlyMap<string, T>): string[] {
  const names = new Set([...must.keys(), ...is.keys()]);
  return [...names].filter((name) => must.get(name) !== is.get(name))
    .map((name) => `${what} ${name} is ${is.get(name)} and not ${must.get(name)}`);
}
