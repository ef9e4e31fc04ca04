import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { ENGINE_NAMES, type EngineName } from "../model/records.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import type { Engine } from "./contract.ts";
import { copyEngine } from "./copy.ts";
import { probeReflink } from "./probe.ts";
import { reflinkEngine } from "./reflink.ts";

/** What to choose an engine for. */
export interface SelectEngineOptions {
  readonly platform: Platform;
  /** The tree that is to be cloned. */
  readonly source: Folder;
  /** A folder of ours on the file system that it is cloned to; a file is tried in it. */
  readonly control: Folder;
  /** The engine that a user insists on; `auto`, the default, takes the best that works. */
  readonly forced?: string | undefined;
}

/** The engine for a tree. One that is forced and cannot work is `E_ENGINE_UNAVAILABLE`, never another one. SPEC 5. */
export function selectEngine(options: SelectEngineOptions): Promise<Engine> {
  // Asynchronous, as some engines can only be asked by running a program.
  return new Promise((resolve) => resolve(chosen(options)));
}

function chosen({ platform, source, control, forced = "auto" }: SelectEngineOptions): Engine {
  if (forced === "copy") return copyEngine(platform);
  if (forced !== "auto" && forced !== "reflink-copy") throw cannotForce(forced);
  const probe = probeReflink(platform, control, source);
  if (probe.works) return reflinkEngine(platform);
  if (forced === "auto") return copyEngine(platform);
  throw unavailable(forced, probe.reason);
}

function cannotForce(name: string): JvsError {
  const known = ENGINE_NAMES.find((engine) => engine === name);
  if (known !== undefined) return unavailable(known, "this version of JVS does not have it yet");
  return new JvsError("E_USAGE", `Cannot use the engine ${quoted(name)}: there is none of that name`, {
    hint: `Name one of these: auto, ${ENGINE_NAMES.join(", ")}.`,
    details: { engine: name },
  });
}

function unavailable(engine: EngineName, reason: string): JvsError {
  return new JvsError("E_ENGINE_UNAVAILABLE", `Cannot use the engine ${engine}: ${reason}`, {
    hint: "Choose another by JVS_SNAPSHOT_ENGINE or the setting `engine`; auto takes the best that works.",
    details: { engine },
  });
}
