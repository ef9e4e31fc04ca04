import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";

const recorded = new WeakSet<OpenIntent>();

/** Notes that a change's audit record is in the log: it is done, whatever fails from now on. */
export function setRecorded(intent: OpenIntent): void {
  recorded.add(intent);
}

/** Whether this process, by the change itself or by its recovery, has written the audit record. */
export function isRecorded(intent: OpenIntent): boolean {
  return recorded.has(intent);
}

/** Writes the audit record that was decided (once: a second time is no second record), and is done with the intent. */
export async function finishDecided(store: Store, intent: OpenIntent): Promise<void> {
  const content = intent.decided();
  if (content !== null) {
    await store.audit.append(content);
    setRecorded(intent);
  }
  intent.complete();
}
