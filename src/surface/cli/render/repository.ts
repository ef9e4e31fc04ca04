import { formatBytes } from "../../../model/duration.ts";
import { count, joinTexts, oneLine, pathText, type Renderer, table } from "./style.ts";
import { leaseText, titled, valueText } from "./words.ts";

/** A new repository, and the folder to work in. */
export const renderInit: Renderer<"init"> = ({ repository, worktree, engine }, { style }) => {
  const title = `Initialized JVS repository in ${pathText(repository)}`;
  return titled(title, [["work in", pathText(worktree.path)], ["engine", engine ?? ""]], style);
};

/** A folder that is now under version control. */
export const renderAdopt: Renderer<"adopt"> = ({ repository, worktree, engine }, { style, input }) => {
  const [done, next] = input.relocate === true
    ? ["Found again", ""]
    : ["Initialized", "Save it with `jvs snapshot`.\n"];
  const title = `${done}: ${pathText(worktree.path)} is under version control`;
  return titled(title, [["history in", pathText(repository)], ["engine", engine ?? ""]], style) + next;
};

/** Everything about a repository and this system. */
export const renderInfo: Renderer<"info"> = (result, { style }) => {
  const { counts, engine, file_system: disk, permissions } = result;
  const lacking = Object.entries(result.abilities).filter(([, has]) => !has).map(([name]) =>
    name.replaceAll("_", " ")
  );
  const isKnown = disk.free_bytes < Number.MAX_SAFE_INTEGER;
  const space = disk.read_only ? "read-only" : isKnown ? `${formatBytes(disk.free_bytes)} free` : "";
  const allowed = [
    `C library ${permissions.c_library ? "on" : "off"}`,
    permissions.run === "any" ? "any program" : "named programs only",
    permissions.network ? "network" : "no network",
  ];
  return titled(`Repository ${style.paint("strong", pathText(result.repository))}`, [
    ["id", result.repo_id],
    ["format", `${result.format_version}, jvs ${result.jvs_version}`],
    ["you are in", result.worktree === null ? "" : `worktree ${result.worktree}`],
    ["lease", result.lease === null ? "" : leaseText(result.lease)],
    [
      "holds",
      `${count(counts.snapshots, "snapshot")}, ${count(counts.worktrees, "worktree")}, ` +
      `${count(counts.refs, "ref")}, ${count(counts.pins, "pin")}`,
    ],
    [
      "interrupted",
      counts.interrupted === 0 ? "" : `${count(counts.interrupted, "change")}: the next change, or ` +
        "`jvs doctor --repair-runtime`, completes or undoes it",
    ],
    ["engine", `${engine.name ?? "none"}: ${engine.reason}`],
    ["disk", joinTexts([disk.kind, space], ", ")],
    ["used by", hostsText(result.hosts)],
    ["open to", result.shared ? "its group" : ""],
    ["allowed", allowed.join(", ")],
    ["hooks", result.hooks === null ? "" : HOOKS[result.hooks]],
    ["not here", lacking.join(", ")],
    ...result.settings.map(({ key, value }) => [key, valueText(value)] as const),
    ["settings", oneLine(result.problem ?? "")],
  ], style);
};

const HOOKS = {
  trusted: "they run, as you trust them",
  untrusted: "they do not run: `jvs config trust` shows and allows them",
};

/** Where more than one host uses a repository, their names. */
function hostsText(hosts: readonly { id: string; name: string | null; is_this: boolean }[]): string {
  if (hosts.every(({ is_this }) => is_this)) return "";
  return hosts.map(({ id, name, is_this }) => oneLine(name ?? id) + (is_this ? " (this host)" : "")).join(
    ", ",
  );
}

/** The list of settings. Those that differ from their default stand out. */
export const renderSettings: Renderer<"config list"> = ({ settings, path }, { style }) => {
  const rows = settings.map(({ key, value, is_default, about }) => [
    is_default ? key : style.paint("strong", key),
    style.paint(is_default ? "faint" : "good", valueText(value)),
    style.paint("faint", about),
  ]);
  return `${table(["setting", "value", "what it decides"], rows, style)}\nThey are in ${oneLine(path)}\n`;
};

/** The value of a setting and nothing else, for scripts. */
export const renderSetting: Renderer<"config get"> = ({ value }) => `${valueText(value)}\n`;

/** A changed setting. */
export const renderSettingSet: Renderer<"config set"> = ({ key, value }) =>
  value === "" ? `${oneLine(key)} is empty now\n` : `Set ${oneLine(key)} to ${valueText(value)}\n`;
