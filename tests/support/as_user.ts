/** The ordinary user for programs that tests start. */
export const USER = 1000;

/** The command that starts a program as an ordinary user, with this group too. The caller needs the right to do that. */
export function asUser(
  user: number,
  program: string,
  args: string[],
  group?: number,
): [program: string, ...args: string[]] {
  if (Deno.uid() !== 0 || user === 0 && group === undefined) return [program, ...args];
  const groups = group === undefined ? "--clear-groups" : `--groups=${group}`;
  return ["setpriv", `--reuid=${user}`, `--regid=${user}`, groups, program, ...args];
}
