import type { Finding, Pin, Ref } from "../../model/records.ts";
import { isAnyLost, lostKeepers } from "../../repo/lost_keepers.ts";
import type { Store } from "../../repo/store.ts";
import { finding } from "./finding.ts";
import { FROM_COPY } from "./ways_out.ts";

/** Reports each ref and pin that the audit trail says is there, and is not. A trail that is broken may have lost their ends. */
export async function checkKeepers(store: Store): Promise<Finding[]> {
  const lost = lostKeepers(store);
  if (!isAnyLost(lost) || (await store.audit.check()).broken !== undefined) return [];
  return [...lost.refs.map((ref) => lostRef(store, ref)), ...lost.pins.map((pin) => lostPin(store, pin))];
}

const STATE = "is missing: the audit trail has it, and not its end.";

function lostRef({ layout }: Store, { keeps_line, ref_name: name, snapshot_id: id }: Ref): Finding {
  const { path } = layout.ref(name);
  const message =
    `The ref "${name}" of snapshot ${id}, "${path}", ${STATE} ${FROM_COPY} Or make it again with \`jvs ref create ${name} ` +
    `${id}${lineOption(keeps_line)}\`. If it is not needed any more, say so with \`jvs ref delete ${name}\`.`;
  return finding("critical", "E_DESCRIPTOR_CORRUPT", message, { path });
}

function lostPin({ layout }: Store, { expires_at, keeps_line, pin_id, snapshot_id: id }: Pin): Finding {
  const { path } = layout.pin(pin_id);
  const until = expires_at === null ? "" : ` --expires ${expires_at}`;
  const message =
    `The pin ${pin_id} of snapshot ${id}, "${path}", ${STATE} ${FROM_COPY} Or pin the snapshot again with \`jvs gc pin ` +
    `${id}${
      lineOption(keeps_line)
    }${until}\`, then end the lost one with \`jvs gc unpin ${pin_id}\`. If it is not needed ` +
    "any more, only end it.";
  return finding("critical", "E_DESCRIPTOR_CORRUPT", message, { path });
}

function lineOption(keepsLine: boolean): string {
  return keepsLine ? " --line" : "";
}
