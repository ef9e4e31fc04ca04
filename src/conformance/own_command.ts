import { JvsError } from "../model/errors.ts";
import { executable } from "../platform/executable.ts";
import type { Command } from "./black_box/program.ts";

/** How this program is started once more, with the permissions that its launcher gives it; `module` is its own. */
export function ownCommand(module: string | undefined): Command {
  const compiled = executable();
  if (compiled !== undefined) return [compiled];
  const root = module?.startsWith("file://") ? new URL(".", module) : undefined;
  if (module === undefined || root === undefined) {
    throw new JvsError("E_USAGE", "Cannot check this program: it was not started from a file", {
      hint: "Name a program in JVS_BIN, such as the path that `command -v jvs` prints.",
    });
  }
  const path = (url: URL) => decodeURIComponent(url.pathname);
  const alone = ["--no-prompt", "--no-remote", "--no-npm", "--no-lock"];
  const config = ["--config", path(new URL("deno.json", root)), "-P=jvs"];
  return [Deno.execPath(), "run", "-q", ...alone, ...config, path(new URL(module))];
}
