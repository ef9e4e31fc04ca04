import type { DegradationList } from "../../model/degradations.ts";
import type { EngineAbilities } from "../../engine/contract.ts";
import type { PlatformAbilities } from "../../platform/platform.ts";

const ALL_OF_IT = new Uint8Array();
const WHY = "nothing can see them without the C library (--allow-ffi)";

/** Notes, once for the whole tree, what this platform cannot even see of it and so does not keep. SPEC 13. */
export function addUnseenAspects(
  degradations: DegradationList,
  { exactStat, holes, xattrs }: PlatformAbilities,
  { keepsHoles }: EngineAbilities,
): void {
  if (!xattrs) {
    degradations.add("xattr", ALL_OF_IT, `extended attributes: ${WHY}`);
    degradations.add("acl", ALL_OF_IT, `access control lists: ${WHY}`);
  }
  if (!holes && !keepsHoles) degradations.add("holes", ALL_OF_IT, `holes are filled: ${WHY}`);
  if (!exactStat) degradations.add("times", ALL_OF_IT, `times finer than a millisecond: ${WHY}`);
}
