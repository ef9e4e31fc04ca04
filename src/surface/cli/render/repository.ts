import { formatBytes } from "../../../model/duration.ts";
import { count, oneLine, pathText } from "./style.ts";
import type { Renderer } from "./view.ts";
import { facts, valueText } from "./words.ts";

/** A new repository, and the folder to work in. */
export const renderInit: Renderer<"init"> = ({ repository, worktree, engine }, { style }) => {
  const pairs = [["work in", pathText(worktree.path)], ["engine", engine ?? ""]] as const;
  return `Initialized JVS repository in ${pathText(repository)}\n${facts(pairs, style, "  ")}`;
};

/** A folder that is now under version control. */
export const renderAdopt: Renderer<"adopt"> = (result, { style, input }) => {
  const { repository, worktree, engine } = result;
  const done = input.relocate === true ? "Found again" : "Initialized";
  const pairs = [["history in", pathText(repository)], ["engine", engine ?? ""]] as const;
  const next = input.relocate === true ? "" : "Save it with `jvs snapshot`.\n";
  return `${done}: ${pathText(worktree.path)} is under version control\n${facts(pairs, style, "  ")}${next}`;
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
  const pairs = [
    ["id", result.repo_id],
    ["format", `${result.format_version}, jvs ${result.jvs_version}`],
    ["you are in", result.worktree === null ? "" : `worktree ${result.worktree}`],
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
    ["disk", space === "" ? disk.kind : `${disk.kind}, ${space}`],
    ["open to", result.shared ? "its group" : ""],
    ["allowed", allowed.join(", ")],
    ["not here", lacking.join(", ")],
    ...result.settings.map(({ key, value }) => [key, valueText(value)] as const),
    ["settings", oneLine(result.problem ?? "")],
  ] as const;
  return `Repository ${style.paint("strong", pathText(result.repository))}\n${facts(pairs, style, "  ")}`;
};
