/** Makes a tree of `files` files of 4 KB of noise, fifty to a folder, in the folder `root`, which is there and empty. */
export function makeFiles(root: string, files: number): void {
  const content = new Uint8Array(4096);
  for (let made = 0; made < files; made++) {
    const folder = `${root}/folder-${String(Math.floor(made / 50)).padStart(5, "0")}`;
    if (made % 50 === 0) Deno.mkdirSync(folder);
    crypto.getRandomValues(content);
    Deno.writeFileSync(`${folder}/file-${String(made % 50).padStart(2, "0")}`, content);
  }
}

/** Writes new content of the same size into every n-th file. */
export function changeSome(root: string, every: number): void {
  const content = new Uint8Array(4096);
  let seen = 0;
  for (const folder of Deno.readDirSync(root)) {
    if (!folder.isDirectory) continue;
    for (const file of Deno.readDirSync(`${root}/${folder.name}`)) {
      if (seen++ % every !== 0) continue;
      crypto.getRandomValues(content);
      Deno.writeFileSync(`${root}/${folder.name}/${file.name}`, content);
    }
  }
}
