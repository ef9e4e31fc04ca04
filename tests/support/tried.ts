/** Counts tries, such as kills or failing calls, and prints them; `deno task test` adds them up at the end of the run. */
export function tried(what: string, count: number, note = ""): void {
  const file = Deno.env.get("JVS_TEST_TRIED");
  if (file) Deno.writeTextFileSync(file, `${what}\t${count}\n`, { append: true });
  console.log(`${count} ${what}${note === "" ? "" : `, ${note}`}`);
}

/** The sums of all lines that `tried` wrote, as one text: `120 kills, 3,400 inputs`; empty for none. */
export function sumOfTried(text: string): string {
  const sums = new Map<string, number>();
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [what = "", count = ""] = line.split("\t");
    sums.set(what, (sums.get(what) ?? 0) + Number(count));
  }
  return [...sums].toSorted().map(([what, sum]) => `${sum.toLocaleString("en")} ${what}`).join(", ");
}
