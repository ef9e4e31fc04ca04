/** The path of the program, if it is an executable of its own and not run by a Deno. */
export function executable(): string | undefined {
  return Deno.build.standalone ? Deno.execPath() : undefined;
}
