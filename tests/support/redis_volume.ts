import { unmount } from "./disk_image.ts";
import { makeVolume, mountVolume } from "./juicefs.ts";
import { startRedis } from "./redis.ts";
import { tempDir } from "./temp_dir.ts";

/** A mounted volume of JuiceFS at `path`, and the folder that holds all of it. */
export interface RedisVolume extends AsyncDisposable {
  readonly path: string;
  readonly folder: string;
}

/** Makes a volume with its metadata in a Redis server, which does not wait for a disk at each change as SQLite does. */
export async function redisVolume(): Promise<RedisVolume> {
  await using parts = new AsyncDisposableStack();
  const { path: folder } = parts.use(tempDir());
  const { metadata } = parts.use(await startRedis(folder));
  makeVolume(folder, { metadata });
  const path = `${folder}/disk`;
  mountVolume(metadata, path, { cache: `${folder}/cache` });
  parts.defer(() => unmount(path));
  const made = parts.move();
  return { path, folder, [Symbol.asyncDispose]: () => made.disposeAsync() };
}
