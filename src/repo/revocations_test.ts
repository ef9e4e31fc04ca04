import { assertEquals, assertStrictEquals } from "@std/assert";
import { readRevocation, revokedIn, withRevocation } from "./revocations.ts";

const KEY = "ab".repeat(32);
const day = (day: number) => `2026-01-0${day}T00:00:00Z`;
/** A revocation on a day of January; `repo_id` as in the file: null in every repository. */
const own = (on: number, repo_id?: string | null) => ({
  public_key: KEY,
  revoked_at: day(on),
  reason: null,
  ...(repo_id !== undefined && { repo_id }),
});
const settings = (on: number) => ({ public_key: KEY, revoked_at: day(on) });

Deno.test("revokedIn() goes by what was said of a repository, and by the first time where nothing was said of it", () => {
  const said = [own(2, "p"), own(4, "q")];
  const inRepository = (id: string, ...more: typeof said) => revokedIn(id, [...said, ...more], []).get(KEY);
  assertEquals(["p", "q", "elsewhere"].map((id) => inRepository(id)), [day(2), day(4), day(2)]);
  // A time that the user named holds in all; so do those of older files, which do not say.
  assertEquals(["p", "q", "elsewhere"].map((id) => inRepository(id, own(3, null))), [day(2), day(3), day(3)]);
  assertEquals(inRepository("q", own(1)), day(1));
});

Deno.test("revokedIn() takes the earlier of what the user and the settings say, and what is no time as the earliest", () => {
  assertEquals(revokedIn("p", [own(2, "p")], [settings(1)]).get(KEY), day(1));
  assertEquals(revokedIn("p", [own(2, "p")], [settings(3)]).get(KEY), day(2));
  // Settings must not make the fallback of the user later.
  assertEquals(revokedIn("p", [own(2, "q")], [settings(3)]).get(KEY), day(2));
  assertEquals(revokedIn("p", [], [settings(3)]).get(KEY), day(3));
  const noTime = { public_key: KEY, revoked_at: "2026-99-99T00:00:00Z" };
  for (const both of [[noTime, settings(1)], [settings(1), noTime]]) {
    assertEquals(revokedIn("p", [], both).get(KEY), noTime.revoked_at);
  }
});

Deno.test("withRevocation() never replaces an earlier time by a later one", () => {
  const later = [own(2, "p")];
  assertStrictEquals(withRevocation(later, own(3, "p")), later);
  assertStrictEquals(withRevocation([own(2, null)], own(3, "p")).length, 1);
  // A time that was named says more than one of a single repository, also if it is later.
  for (const more of [own(1, "p"), own(3, "q"), own(3, null)]) {
    assertEquals(withRevocation(later, more), [...later, more]);
  }
});

Deno.test("readRevocation() reads a line of the settings", () => {
  assertEquals(readRevocation(`${KEY} ${day(1)}`), settings(1));
});
