import { type Disk, diskImage, type DiskKind, unmount } from "../tests/support/disk_image.ts";
import { makeVolume, mountVolume, serversOf } from "../tests/support/juicefs.ts";
import { probe, type Requirement } from "../tests/support/probes.ts";
import { listed } from "../tests/support/requires.ts";
import { startRedis } from "../tests/support/redis.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { removeTree } from "./process.ts";
import type { Ground, Place } from "./scene.ts";

/** A place that is made and mounted. */
interface Made {
  readonly path: string;
  readonly servers: readonly number[];
  /** What rows share on it, by its key. */
  readonly shared: Map<string, Promise<unknown>>;
  readonly end: AsyncDisposable;
}

/** What a place needs of the machine. */
const NEEDS: Partial<Record<Place, readonly Requirement[]>> = {
  anywhere: [],
  "juicefs-redis": ["root", "juicefs", "redis"],
};

/** The places where rows run: each is made when the first row needs it, and all are removed at the end. */
export class Grounds implements AsyncDisposable {
  private readonly made = new Map<Place, Made>();
  private readonly probes = new Map<Requirement, string | undefined>();
  private rows = 0;

  constructor(private readonly sizeMb: number) {}

  /** Why a row cannot run here; undefined if it can. */
  whyNot(place: Place, needs: readonly Requirement[] = []): string | undefined {
    const all = [...NEEDS[place] ?? ["root", place as DiskKind], ...needs] as Requirement[];
    return all.map((each) => this.whyMissing(each)).find((why) => why !== undefined);
  }

  /** The ground of a row, with an empty folder that is removed by `clear`. */
  async open(place: Place): Promise<Ground & { clear(): Promise<void> }> {
    let made = this.made.get(place);
    if (made === undefined) this.made.set(place, made = await make(place, this.sizeMb));
    const { path, servers, shared } = made;
    const folder = `${path}/row-${++this.rows}`;
    Deno.mkdirSync(folder);
    return {
      folder,
      servers,
      once: (key, make) => once(shared, key, make, `${path}/shared-${++this.rows}`),
      clear: () => removeTree(folder),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [place, { end }] of [...this.made].reverse()) {
      this.made.delete(place);
      await end[Symbol.asyncDispose]();
    }
  }

  private whyMissing(requirement: Requirement): string | undefined {
    if (listed("JVS_TEST_WITHOUT").includes(requirement)) return "JVS_TEST_WITHOUT names it";
    if (!this.probes.has(requirement)) {
      const found = probe(requirement);
      this.probes.set(requirement, found.met ? undefined : found.why);
    }
    return this.probes.get(requirement);
  }
}

function once<Of>(
  shared: Map<string, Promise<unknown>>,
  key: string,
  make: (folder: string) => Promise<Of>,
  folder: string,
): Promise<Of> {
  let made = shared.get(key) as Promise<Of> | undefined;
  if (made === undefined) {
    Deno.mkdirSync(folder);
    shared.set(key, made = make(folder));
  }
  return made;
}

async function make(place: Place, sizeMb: number): Promise<Made> {
  if (place === "juicefs-redis") return await makeRedisVolume();
  const shared = new Map<string, Promise<unknown>>();
  if (place !== "anywhere") {
    const disk: Disk = await diskImage(place, { sizeMb });
    return { path: disk.path, servers: [], shared, end: disk };
  }
  const folder = tempDir();
  const end = { [Symbol.asyncDispose]: () => Promise.resolve(folder[Symbol.dispose]()) };
  return { path: folder.path, servers: [], shared, end };
}

/** A volume with its metadata in a Redis server of our own. */
async function makeRedisVolume(): Promise<Made> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(tempDir());
  const redis = stack.use(await startRedis(folder.path));
  makeVolume(folder.path, { metadata: redis.metadata });
  const path = `${folder.path}/disk`;
  stack.defer(() => unmount(path));
  mountVolume(redis.metadata, path, { cache: `${folder.path}/cache` });
  const servers = [redis.pid, ...serversOf(path).map(Number)];
  return { path, servers, shared: new Map(), end: stack.move() };
}
