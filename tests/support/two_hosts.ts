import { jvsJson, type JvsOptions, spawnJvs } from "./jvs.ts";
import { killVolume, makeVolume, mountVolume, reachableJuicefs } from "./juicefs.ts";
import { unmount } from "./disk_image.ts";
import { type Redis, startRedis } from "./redis.ts";
import { mustRun } from "./run.ts";
import { tempDir } from "./temp_dir.ts";

/** A host that has mounted the volume. */
export interface VolumeHost {
  readonly name: string;
  /** How a command runs on it; in the volume by default. */
  commands(cwd?: string): JvsOptions;
  json<Result>(args: readonly string[], cwd?: string): Promise<Result>;
  spawn(args: readonly string[], cwd?: string): Promise<Deno.ChildProcess>;
  /** A folder that is first on its PATH. */
  readonly bin: string;
  /** A command of the shell, in the volume. */
  shell(script: string): string;
  /** Ends its mount as a failing machine does. */
  die(): void;
}

/**
 * A volume that two hosts have mounted: with its metadata in a Redis server, one mount for each, in namespaces with a
 * machine id and a host name of their own. Both see it at the same path.
 */
export class TwoHosts implements AsyncDisposable {
  private constructor(
    private readonly folder: Disposable & { readonly path: string },
    private readonly redis: Redis,
    /** Where both hosts see the volume. */
    readonly path: string,
    readonly a: VolumeHost,
    readonly b: VolumeHost,
  ) {}

  static async make(trashDays: number): Promise<TwoHosts> {
    const folder = tempDir();
    const redis = await startRedis(folder.path);
    const { metadata } = redis;
    makeVolume(folder.path, { metadata, trashDays });
    const path = `${folder.path}/volume`;
    Deno.mkdirSync(path);
    const host = (name: string) => makeHost(folder.path, { name, metadata, path });
    return new TwoHosts(folder, redis, path, host("host-a"), host("host-b"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { name } of [this.a, this.b]) unmount(`${this.folder.path}/${name}`);
    await this.redis[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

/** What tells a host from another: its machine id, its name and its mount. */
const AS_HOST =
  'mount --bind "$1" /etc/machine-id && hostname "$2" && mount --bind "$3" "$4" && shift 4 && cd "$1" && ' +
  'shift && exec "$@"';

function makeHost(
  folder: string,
  { name, metadata, path }: { name: string; metadata: string; path: string },
): VolumeHost {
  const mount = `${folder}/${name}`;
  Deno.mkdirSync(mount);
  mountVolume(metadata, mount, { cache: `${folder}/cache-${name}` });
  const id = `${folder}/${name}.id`;
  Deno.writeTextFileSync(id, crypto.randomUUID().replaceAll("-", ""));
  const under = (cwd: string) =>
    ["unshare", "--mount", "--uts", "sh", "-c", AS_HOST, "sh", id, name, mount, path, cwd] as const;
  const bin = `${folder}/bin-${name}`;
  Deno.mkdirSync(bin);
  const env = { PATH: `${bin}:${reachableJuicefs().replace(/\/[^/]*$/, "")}:/usr/sbin:/usr/bin:/sbin:/bin` };
  const commands = (cwd = path): JvsOptions => ({ under: under(cwd), env });
  return {
    name,
    bin,
    commands,
    json: (args, cwd) => jvsJson(args, commands(cwd)),
    spawn: (args, cwd) => spawnJvs(args, commands(cwd)),
    shell: (script) => mustRun(...under(path), "sh", "-ec", script),
    die() {
      killVolume(mount);
    },
  };
}
