import { bytesOf } from "../model/bytes.ts";

const BEGINNING = "probe-";

/** A new name for what a probe makes and removes again. */
export function newProbeName(): Uint8Array<ArrayBuffer> {
  return bytesOf(`${BEGINNING}${crypto.randomUUID()}`);
}

/** Whether a probe may have left something of this name, because it was killed. */
export function isProbeName(name: string): boolean {
  return name.startsWith(BEGINNING) && name.length === BEGINNING.length + 36;
}
