import type { Schema } from "../../../model/schema.ts";
import type { Style } from "./style.ts";

/** What a renderer knows besides the result. */
export interface View {
  readonly style: Style;
  /** Milliseconds since 1970, for "5 minutes ago". */
  readonly now: number;
  /** What the user asked, with defaults. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** Makes a result into text for people: pure. */
export type Renderer<R = unknown> = (result: R, view: View) => string;

/** What an operation gives. */
export type ResultOf<O> = O extends { readonly output: Schema<infer R> } ? R : never;
