const BEGIN = "<!-- written by `deno task bench --write`: begin -->";
const END = "<!-- end -->";

/** The page with its written part replaced; what people wrote around it stays. */
export function withTable(page: string, table: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${table}\n${page.slice(end)}`;
}
