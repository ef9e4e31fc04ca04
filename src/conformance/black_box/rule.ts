import type { Laboratory } from "./laboratory.ts";

/** How much is checked: `dev` in half a minute what a machine or file system can break, `release` everything. */
export const PROFILES = ["dev", "release"] as const;

/** A promise of SPEC 15, and how it is checked from outside. */
export interface Rule {
  readonly number: number;
  /** What is promised, as SPEC 15 says it. */
  readonly promise: string;
  /** What it means for a user where the promise is broken: one sentence. */
  readonly means: string;
  /** Checked only in this profile, because it does not depend on the machine. By default in both. */
  readonly from?: "release";
  /** Who must check it; by default any user can. */
  readonly needs?: "root" | "ordinary user";
  /** Returns when the promise was kept. Throws `Broken` when it was not, and `NotRun` when this machine cannot tell. */
  readonly check: (laboratory: Laboratory) => Promise<void>;
}
