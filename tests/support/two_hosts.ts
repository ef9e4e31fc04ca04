import { jvsJson, type JvsOptions, spawnJvs } from "./jvs.ts";
import { killVolume, makeVolume, mountVolume, reachableJuicefs } from "./juicefs.ts";
import { unmount } from "./disk_image.ts";
import { type Redis, startRedis } from "./redis.ts";
import { mustRun } from "./run.ts";
import { tempDir } from "./temp_dir.ts";

/** One of several hosts that use the same repositories. */
export interface SharingHost {
  readonly name: string;
  /** How a command runs on it; where the repositories are by default. */
  commands(cwd?: string): JvsOptions;
  json<Result>(args: readonly string[], cwd?: string): Promise<Result>;
  /** A command of the shell, where the repositories are. */
  shell(script: string): string;
}

/** A host that has mounted the volume. */
export interface VolumeHost extends SharingHost {
  spawn(args: readonly string[], cwd?: string): Promise<Deno.ChildProcess>;
  /** Where this process sees its mount. */
  readonly mount: string;
  /** A folder that is first on its PATH. */
  readonly bin: string;
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
  const id = machineId(folder, name);
  const under = (cwd: string) =>
    ["unshare", "--mount", "--uts", "sh", "-c", AS_HOST, "sh", id, name, mount, path, cwd] as const;
  const bin = `${folder}/bin-${name}`;
  Deno.mkdirSync(bin);
  const env = { PATH: `${bin}:${reachableJuicefs().replace(/\/[^/]*$/, "")}:/usr/sbin:/usr/bin:/sbin:/bin` };
  const commands = (cwd = path): JvsOptions => ({ under: under(cwd), env });
  return {
    name,
    mount,
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

/** A new machine id in a file. */
function machineId(folder: string, name: string): string {
  const id = `${folder}/${name}.id`;
  Deno.writeTextFileSync(id, crypto.randomUUID().replaceAll("-", ""));
  return id;
}

const WITH_ITS_NAME = 'mount --bind "$1" /etc/machine-id && hostname "$2" && shift 2 && exec "$@"';

/** What makes a command one of another host that uses the same disk as this one: a machine id and a name of its own. */
export function underHost(folder: string, name: string): readonly string[] {
  return ["unshare", "--mount", "--uts", "sh", "-c", WITH_ITS_NAME, "sh", machineId(folder, name), name];
}

/** Two hosts that use a folder of this machine's disk, where locks and files are seen at once by both. */
export function hostsOfOneDisk(folder: string): { readonly a: SharingHost; readonly b: SharingHost } {
  const host = (name: string): SharingHost => {
    const under = underHost(folder, name);
    const commands = (cwd = folder): JvsOptions => ({ under, cwd });
    return {
      name,
      commands,
      json: (args, cwd) => jvsJson(args, commands(cwd)),
      shell: (script) => mustRun("sh", "-ec", `cd '${folder}'; ${script}`),
    };
  };
  return { a: host("host-a"), b: host("host-b") };
}
