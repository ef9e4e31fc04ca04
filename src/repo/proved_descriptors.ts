import type { Descriptor } from "../model/records.ts";
import { Stat } from "../platform/platform.ts";
import type { ControlPath } from "./control_path.ts";

/** Enough for any history that a person looks at; 10,000 take 20 MB. */
const MOST = 10_000;

/**
 * Descriptors that were read and proved, for those who keep a repository open. One is given again as long as the system
 * reports the same of its files: inode, size and times. They are frozen, because each caller gets the same object.
 */
export class ProvedDescriptors {
  readonly #known = new Map<string, { readonly facts: string; readonly descriptor: Descriptor }>();

  /** The descriptor of a snapshot, by `read` if it must be read. `files` are all that it depends on. */
  async get(
    id: string,
    files: readonly ControlPath[],
    read: () => Promise<Descriptor>,
  ): Promise<Descriptor> {
    const facts = files.map(factsOf).join(" "); // of before it is read: a later change gives others
    const known = this.#known.get(id);
    if (known?.facts === facts) return known.descriptor;
    const descriptor = frozen(await read());
    if (this.#known.size >= MOST) this.forget();
    this.#known.set(id, { facts, descriptor });
    return descriptor;
  }

  /** From here on everything is read again. */
  forget(): void {
    this.#known.clear();
  }
}

function factsOf(file: ControlPath): string {
  const stat = new Stat();
  if (!file.stat(stat)) return "none";
  const { devMajor, devMinor, inoHi, inoLo, size, mtimeSec, mtimeNsec, ctimeSec, ctimeNsec } = stat;
  return [devMajor, devMinor, inoHi, inoLo, size, mtimeSec, mtimeNsec, ctimeSec, ctimeNsec].join();
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}
