import type { OperationName, ResultOf } from "../../../operation/registry.ts";
import type { Style } from "./style.ts";

/** What a renderer knows besides the result. */
export interface View {
  readonly style: Style;
  /** Milliseconds since 1970, for "5 minutes ago". */
  readonly now: number;
  /** The operation's input, defaults included. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** Turns an operation's result into text for people, without side effects. */
export type Renderer<N extends OperationName> = (result: ResultOf<N>, view: View) => string;
