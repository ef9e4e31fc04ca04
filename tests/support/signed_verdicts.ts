import { assertEquals, assertRejects } from "@std/assert";
import { type ErrorCode, JvsError } from "../../src/model/errors.ts";
import { verify } from "../../src/operation/verify.ts";
import type { Signed } from "./signed_repository.ts";

/** What `verify --all` says as a user: its severity, and the codes for snapshots and around them. */
export async function verified(repository: Signed, options: { as?: string; signingKey?: string } = {}) {
  const { findings, severity, snapshots } = await repository.call(verify, { all: true }, options);
  const codes = [...snapshots.map(({ error }) => error), ...findings.map(({ code }) => code)];
  return { severity, codes: [...new Set(codes.filter((code) => code !== null))].sort() };
}

/** What it says where all is in order. */
export const SOUND = { severity: "ok" as const, codes: [] as string[] };

/** The error with which something is refused, which must be of that class. */
export async function refused(code: ErrorCode, work: () => Promise<unknown>): Promise<JvsError> {
  const error = await assertRejects(work, JvsError);
  assertEquals(error.code, code, error.message);
  return error;
}
