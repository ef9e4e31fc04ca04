import type { Rule } from "./black_box/rule.ts";
import { CONTENT_RULES } from "./rules/content.ts";
import { CRASH_RULES } from "./rules/crashes.ts";
import { DAMAGE_RULES } from "./rules/damage.ts";
import { LEASE_RULES } from "./rules/leases.ts";
import { LINE_RULES } from "./rules/lines.ts";
import { METADATA_RULES } from "./rules/metadata.ts";
import { NAME_RULES } from "./rules/names.ts";
import { RECORD_RULES } from "./rules/records.ts";
import { STOPPED_RULES } from "./rules/stopped.ts";

/** Every rule of SPEC 15, in its order. */
export const RULES: readonly Rule[] = [
  ...LEASE_RULES,
  ...STOPPED_RULES,
  ...NAME_RULES,
  ...LINE_RULES,
  ...CONTENT_RULES,
  ...METADATA_RULES,
  ...DAMAGE_RULES,
  ...RECORD_RULES,
  ...CRASH_RULES,
].sort((a, b) => a.number - b.number);
