import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";

/** Writes the audit record that was decided (once: a second time is no second record), and is done with the intent. */
export async function finishDecided(store: Store, intent: OpenIntent): Promise<void> {
  const content = intent.decided();
  if (content !== null) {
    await store.audit.append(content);
    intent.isRecorded = true;
  }
  intent.complete();
}
