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

/** The path of something open, put together only when somebody wants to read it. */
export class LazyPath {
  readonly #folder: { readonly path: string };
  readonly #name: Uint8Array;

  /** The name is copied: it may be a view that is filled again. */
  constructor(folder: { readonly path: string }, name: Uint8Array) {
    this.#folder = folder;
    this.#name = name.slice();
  }

  get path(): string {
    // Not by recursion: a tree may be deeper than the stack.
    const names = [this.#name];
    let folder = this.#folder;
    for (; folder instanceof LazyPath; folder = folder.#folder) names.push(folder.#name);
    return names.reduceRight(joinPath, folder.path);
  }
}
