import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { ENGINE_NAMES, type EngineName, PRESENT_ENGINES } from "../model/records.ts";
import type { Platform } from "../platform/platform.ts";
import type { Engine, EngineAbilities, ProbeOptions } from "./contract.ts";
import { ENGINES } from "./engines.ts";

/** How to choose an engine. */
interface SelectEngineOptions extends ProbeOptions {
  readonly platform: Platform;
  /** The engine that the user demands; `auto`, the default, takes the best one that works. */
  readonly forced?: string | undefined;
  /** Required abilities. A forced engine without them is replaced by the best engine that has them. */
  readonly needs?: Partial<EngineAbilities>;
}

/** An engine that was chosen. */
export interface EngineChoice {
  readonly engine: Engine;
  /** It was taken because it works everywhere. */
  readonly isLast: boolean;
  /** Better engines that are for this kind of file system and do not work. The reason is the end of a sentence. */
  readonly passedOver: readonly { readonly name: EngineName; readonly reason: string }[];
}

/** Chooses the engine for a tree. If a forced engine does not work, throws `E_ENGINE_UNAVAILABLE`. SPEC 5. */
export async function selectEngine(
  { platform, forced = "auto", needs = {}, ...tree }: SelectEngineOptions,
): Promise<EngineChoice> {
  const abilities = Object.keys(needs) as (keyof EngineAbilities)[];
  const can = (engine: Engine) => abilities.every((ability) => engine.abilities[ability] === needs[ability]);
  if (forced !== "auto") {
    const engine = await forcedEngine(platform, tree, forced);
    if (can(engine)) return { engine, isLast: false, passedOver: [] };
  }
  const passedOver: { name: EngineName; reason: string }[] = [];
  for (const { name, probe, make } of ENGINES) {
    const engine = make(platform);
    if (!can(engine)) continue;
    const probed = await probe(platform, tree);
    if (probed.works) return { engine, isLast: name === ENGINES.at(-1)?.name, passedOver };
    if (!probed.isElsewhere) passedOver.push({ name, reason: probed.reason });
  }
  throw new Error("the last of the engines works everywhere");
}

async function forcedEngine(platform: Platform, tree: ProbeOptions, forced: string): Promise<Engine> {
  const kind = ENGINES.find(({ name }) => name === forced);
  if (kind === undefined) throw cannotForce(forced);
  const probed = await kind.probe(platform, tree);
  if (!probed.works) throw unavailable(kind.name, probed.reason);
  return kind.make(platform);
}

function cannotForce(name: string): JvsError {
  const known = ENGINE_NAMES.find((engine) => engine === name);
  if (known !== undefined) return unavailable(known, "this version of JVS does not have it yet");
  return new JvsError("E_USAGE", `Cannot use the engine ${quoted(name)}: there is no such engine`, {
    hint: `Name one of these: auto, ${PRESENT_ENGINES.join(", ")}.`,
    details: { engine: name },
  });
}

function unavailable(engine: EngineName, reason: string): JvsError {
  return new JvsError("E_ENGINE_UNAVAILABLE", `Cannot use the engine ${engine}: ${reason}`, {
    hint:
      "Choose another engine by JVS_SNAPSHOT_ENGINE or the setting `engine`; auto takes the best one that works.",
    details: { engine },
  });
}
