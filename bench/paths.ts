/** The absolute path of something beside this file. */
export function fromFileUrl(relative: string): string {
  return decodeURIComponent(new URL(relative, import.meta.url).pathname);
}
