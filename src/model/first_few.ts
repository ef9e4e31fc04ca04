/** The first `most` of these for a message, and how many more of `all` there are. */
export function firstFew(names: readonly string[], { most = 5, all = names.length } = {}): string {
  const shown = names.slice(0, most);
  return shown.join(", ") + (all > shown.length ? `, and ${all - shown.length} more` : "");
}
