/** A second thread that takes ids. It interrupts the other threads at any point, like another process. */
import { Layout } from "../../src/repo/layout.ts";
import { unfinishedOf } from "./control_plane.ts";

/** In which folder, and how many. */
export interface IdWork {
  readonly root: string;
  readonly count: number;
}

declare const self: {
  onmessage: ((event: MessageEvent<IdWork>) => void) | null;
  postMessage(ids: string[]): void;
};

self.onmessage = async ({ data: { root, count } }) => {
  const unfinished = unfinishedOf(new Layout(root));
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await unfinished.newId());
  self.postMessage(ids);
};
