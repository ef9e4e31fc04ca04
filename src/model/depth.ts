/** What no schema describes is kept and written again, with lines for each level: a deeper value would grow and grow. */
export const MOST_LEVELS = 32;

/** Whether lists and objects are nested in a value of JSON by more than so many levels. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
