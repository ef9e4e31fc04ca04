import type { EngineKind } from "../../src/engine/contract.ts";
import { ENGINES } from "../../src/engine/engines.ts";

/** Makes an engine the first choice, for `using`. */
export function useEngine(kind: EngineKind): Disposable {
  ENGINES.unshift(kind);
  return { [Symbol.dispose]: () => void ENGINES.splice(ENGINES.indexOf(kind), 1) };
}
