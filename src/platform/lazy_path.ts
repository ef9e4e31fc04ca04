import { displayPath } from "../model/path_text.ts";

const DOT = 0x2e;

/** Whether a name means the folder itself. */
export function isDot(name: Uint8Array): boolean {
  return name.length === 1 && name[0] === DOT;
}

/** A path for messages. */
export function joinPath(folder: string, name: Uint8Array): string {
  if (isDot(name)) return folder;
  return folder.endsWith("/") ? folder + displayPath(name) : `${folder}/${displayPath(name)}`;
}

/** The path of an open file or folder; it is put together only when it is read. */
export class LazyPath {
  readonly #name: Uint8Array;

  /** Copies the name: its buffer may be used again. */
  constructor(private readonly folder: { readonly path: string }, name: Uint8Array) {
    this.#name = name.slice();
  }

  get path(): string {
    // A loop, because a tree may be deeper than the stack.
    const names = [this.#name];
    let { folder } = this;
    for (; folder instanceof LazyPath; folder = folder.folder) names.push(folder.#name);
    return names.reduceRight(joinPath, folder.path);
  }
}
