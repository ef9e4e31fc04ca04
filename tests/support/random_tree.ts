/** Trees that come about by chance, the same for the same numbers. */

/** One of these. */
export function pick<T>(random: () => number, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)] as T;
}

/** Makes folders in each other; returns their paths and that of the root. */
export function makeFolders(root: string, count: number, random: () => number): string[] {
  const folders = [root];
  for (let i = 0; i < count; i++) {
    const folder = `${pick(random, folders)}/d${i}`;
    Deno.mkdirSync(folder);
    folders.push(folder);
  }
  return folders;
}

/** Makes one change, in which names come from a list: entries are made, written, linked, moved, removed. */
export function changeTree(root: string, random: () => number, names: readonly string[]): void {
  const paths = [...walk(root)];
  const folders = [root, ...paths.filter((path) => Deno.lstatSync(path).isDirectory)];
  const files = paths.filter((path) => Deno.lstatSync(path).isFile);
  const place = `${pick(random, folders)}/${pick(random, names)}`;
  const any = pick(random, [root, ...paths]);
  const file = pick(random, [`${root}/file`, ...files]);
  const change = pick(random, [
    () => Deno.mkdirSync(place),
    () => Deno.mkdirSync(place),
    () => Deno.writeTextFileSync(place, place),
    () => Deno.writeTextFileSync(place, place),
    () => Deno.writeTextFileSync(file, pick(random, ["one", "two", "longer"])),
    () => Deno.symlinkSync(pick(random, [...names, "."]), place),
    () => Deno.linkSync(file, place),
    () => Deno.renameSync(any, place),
    () => Deno.chmodSync(any, pick(random, [0o700, 0o755, 0o777])),
    () => any !== root && pick(random, [0, 1, 2]) === 0 && Deno.removeSync(any, { recursive: true }),
    () => {
      if (any === root) return;
      Deno.renameSync(any, `${root}/moved`);
      Deno.symlinkSync(`${root}/moved`, any);
    },
  ]);
  try {
    change();
  } catch (error) {
    if (!(error instanceof Error)) throw error; // such as a folder that is moved into itself: no change
  }
}

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    yield `${folder}/${name}`;
    if (isDirectory) yield* walk(`${folder}/${name}`);
  }
}
