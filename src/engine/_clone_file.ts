import type { OpenFile } from "../platform/platform.ts";

/** Gives the empty file `target` the content of `source`, by sharing its blocks; `E_ENGINE_FAILED` where that cannot be. */
export type CloneFile = (source: OpenFile, target: OpenFile) => void;
