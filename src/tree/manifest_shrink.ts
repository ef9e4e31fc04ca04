import type { Folder } from "../platform/platform.ts";
export function dropManifests(_folder: Folder, _gone: ReadonlySet<string>): Promise<{ freed: number }> {
  return Promise.resolve({ freed: 0 });
}
