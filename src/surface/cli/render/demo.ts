import type { demo } from "../../../operation/demo.ts";
import { wrap } from "./style.ts";
import type { ResultOf, View } from "./view.ts";

/** How the result of each step is shown: as its own command shows it. */
type ShowStep = (operation: string, result: unknown, view: View) => Promise<string>;

/** The tour: what was done, what one would type for it, and what that prints. */
export async function renderDemo(
  { steps, folder }: ResultOf<typeof demo>,
  view: View,
  show: ShowStep,
): Promise<string> {
  const { style } = view;
  const parts = await Promise.all(steps.map(async ({ say, command, operation, result }) => {
    const shown = result === null ? "" : await show(operation, result, { ...view, input: {} });
    const sentence = say === "" ? "" : `\n${wrap(say, style.width)}\n`;
    return `${sentence}${style.paint("strong", `$ ${command}`)}\n${shown}`;
  }));
  return `${parts.join("").trimStart()}\nThe folder stays for you to look around in: ${
    style.paint("name", folder)
  }\n`;
}
