import type { IdWork } from "./id_worker.ts";

/** The ids that several threads take at the same time. */
export async function idsFromWorkers(threads: number, work: IdWork): Promise<string[]> {
  const taken = await Promise.all(Array.from({ length: threads }, () => idsFromWorker(work)));
  return taken.flat();
}

function idsFromWorker(work: IdWork): Promise<string[]> {
  const worker = new Worker(new URL("./id_worker.ts", import.meta.url), { type: "module" });
  return new Promise<string[]>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string[]>) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(work);
  }).finally(() => worker.terminate());
}
