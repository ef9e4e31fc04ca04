import { type Catalog, catalogOf } from "./catalog.ts";

/**
 * Every operation by the words that call it, each with the one file that describes it. A file is loaded when it is asked
 * for, so that a command pays for itself and for no other; what an operation is stands in its file and only there.
 */
export const OPERATIONS = {
  "status": async () => (await import("./status.ts")).status,
  "demo": async () => (await import("./demo.ts")).demo,
  "snapshot": async () => (await import("./snapshot.ts")).snapshot,
  "history": async () => (await import("./history.ts")).history,
  "diff": async () => (await import("./diff.ts")).diff,
  "restore": async () => (await import("./restore.ts")).restore,
  "verify": async () => (await import("./verify.ts")).verify,
  "doctor": async () => (await import("./doctor.ts")).doctor,
  "completion": async () => (await import("./completion.ts")).completion,
  "version": async () => (await import("./version.ts")).version,
};

/** The words that call an operation. */
export type OperationName = keyof typeof OPERATIONS;

/** The operation of that name. */
export type OperationOf<N extends OperationName> = Awaited<ReturnType<typeof OPERATIONS[N]>>;

/** The operations of JVS, with `help` about them. */
export const operations: Catalog = catalogOf(
  { ...OPERATIONS, help: async () => (await import("./help.ts")).helpOn(operations) },
  { "pin add": "gc pin", "pin list": "gc pins", "pin remove": "gc unpin" },
);
