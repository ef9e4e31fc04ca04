import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import type { Descriptor, WorktreeConfig } from "../model/records.ts";
import {
  type ControlPlane,
  controlPlane,
  prune,
  publishLine,
  publishSnapshot,
  worktreeAt,
} from "../../tests/support/control_plane.ts";
import { resolveSnapshot } from "./resolve.ts";

type Three = [Descriptor, Descriptor, Descriptor];

function ref(plane: ControlPlane, ref_name: string, { snapshot_id }: Descriptor): void {
  const created_at = "2026-01-02T03:04:05Z";
  plane.refs.create({
    ref_name,
    snapshot_id,
    created_at,
    created_by: "ann@host",
    note: "",
    keeps_line: false,
  });
}

async function refusal(
  plane: ControlPlane,
  word: string,
  options: { worktree?: WorktreeConfig | null; forProgram?: boolean } = {},
): Promise<JvsError> {
  return await assertRejects(() => resolveSnapshot(plane, word, { worktree: null, ...options }), JvsError);
}

Deno.test("resolveSnapshot() takes every kind of name, with and without a worktree", async () => {
  using plane = controlPlane();
  const [a, b, c] = await publishLine(plane, [{ note: "first of all" }, { tags: ["v1"] }, {}]) as Three;
  const worktree = worktreeAt(plane, { head: b.snapshot_id, latest: c.snapshot_id });
  worktreeAt(plane, { name: "other", head: a.snapshot_id });
  ref(plane, "release", a);
  const names: [string, Descriptor][] = [
    [a.snapshot_id, a],
    ["HEAD", b],
    ["LATEST", c],
    ["HEAD~", a],
    ["HEAD~0", b],
    ["HEAD~1", a],
    ["LATEST~1", b],
    ["LATEST~2", a],
    ["release", a],
    ["v1", b],
    ["main@", b],
    ["other@", a],
    [c.snapshot_id.slice(0, 18), c],
    [shortId(b.snapshot_id), b],
    [shortId(b.snapshot_id).toUpperCase(), b],
    [shortId(c.snapshot_id).slice(0, 7), c],
    ["first of", a],
  ];
  for (const [word, { snapshot_id }] of names) {
    assertEquals(await resolveSnapshot(plane, word, { worktree }), snapshot_id, word);
    if (/HEAD|LATEST/.test(word)) continue;
    assertEquals(await resolveSnapshot(plane, word, { worktree: null }), snapshot_id, word);
  }
});

Deno.test("resolveSnapshot() lets the first kind that matches decide", async () => {
  using plane = controlPlane();
  let time = 1700000000000;
  const publish = (more: Partial<Descriptor> = {}, digits = "00000000") =>
    publishSnapshot(plane, { snapshot_id: `${time++}-${digits}`, ...more });
  const byPrefix = await publish({}, "abcdef01");
  const id = byPrefix.snapshot_id;
  const none = { worktree: null };
  const byNote = await publish({ note: "cafe is a note" });
  assertEquals(await resolveSnapshot(plane, "cafe", none), byNote.snapshot_id);
  const prefixed = await publish({}, "cafe0000");
  assertEquals(await resolveSnapshot(plane, "cafe", none), prefixed.snapshot_id, "a prefix before a note");
  assertEquals(await resolveSnapshot(plane, "abcd", none), byPrefix.snapshot_id);
  const byTag = await publish({ tags: ["abcd", "HEAD"] });
  assertEquals(await resolveSnapshot(plane, "abcd", none), byTag.snapshot_id, "a tag before a prefix");
  const byRef = await publish();
  ref(plane, "abcd", byRef);
  assertEquals(await resolveSnapshot(plane, "abcd", none), byRef.snapshot_id, "a ref before a tag");
  const worktree = worktreeAt(plane, { head: byNote.snapshot_id });
  assertEquals(await resolveSnapshot(plane, "HEAD", { worktree }), byNote.snapshot_id, "HEAD before a tag");
  const named = await publish({ tags: [id] });
  assertEquals(await resolveSnapshot(plane, id, none), id, "an id before a tag");
  Deno.removeSync(plane.layout.ready(id).path);
  assertEquals(await resolveSnapshot(plane, id, none), named.snapshot_id, "no snapshot has this id");
});

Deno.test("resolveSnapshot() prefers the newest tag of the worktree's line, and is unsure among other lines", async () => {
  using plane = controlPlane();
  const [, b] = await publishLine(plane, [{ tags: ["good"] }, { tags: ["good"] }, {}]) as Three;
  const latest = plane.snapshots.newest();
  const elsewhere = await publishSnapshot(plane, { tags: ["good", "only"] });
  const worktree = worktreeAt(plane, { head: latest });
  assertEquals(await resolveSnapshot(plane, "good", { worktree }), b.snapshot_id);
  assertEquals(await resolveSnapshot(plane, "only", { worktree }), elsewhere.snapshot_id);
  const error = await refusal(plane, "good");
  assertEquals([error.code, error.details["match_count"]], ["E_AMBIGUOUS", 3]);
  const other = worktreeAt(plane, { name: "other", head: elsewhere.snapshot_id });
  assertEquals(await resolveSnapshot(plane, "good", { worktree: other }), elsewhere.snapshot_id);
  assertEquals(
    await resolveSnapshot(plane, "goo", { worktree }).catch((e: JvsError) => e.code),
    "E_NOT_FOUND",
  );
});

Deno.test("resolveSnapshot() finds a tag beside a damaged line", async () => {
  using plane = controlPlane();
  const [a, b, c] = await publishLine(plane, [{ tags: ["old"] }, {}, {}]) as Three;
  Deno.writeTextFileSync(plane.layout.descriptor(b.snapshot_id).path, "damaged");
  const worktree = worktreeAt(plane, { head: c.snapshot_id });
  assertEquals(await resolveSnapshot(plane, "old", { worktree }), a.snapshot_id);
});

Deno.test("resolveSnapshot() takes four digits or more, of the id or of its last part", async () => {
  using plane = controlPlane();
  const time = Date.now() + 1000;
  await publishSnapshot(plane, { snapshot_id: `${time}-1234aaaa` });
  await publishSnapshot(plane, { snapshot_id: `${time + 1}-1234bbbb` });
  const none = { worktree: null };
  assertEquals(await resolveSnapshot(plane, "1234a", none), `${time}-1234aaaa`);
  assertEquals(await resolveSnapshot(plane, `${time}`, none), `${time}-1234aaaa`);
  assertEquals(await resolveSnapshot(plane, `${time}-`, none), `${time}-1234aaaa`);
  assertEquals((await refusal(plane, "1234")).code, "E_AMBIGUOUS");
  assertEquals((await refusal(plane, `${time}`.slice(0, 8))).code, "E_AMBIGUOUS");
  assertEquals((await refusal(plane, "123")).code, "E_NOT_FOUND");
  assertEquals((await refusal(plane, "234a")).code, "E_NOT_FOUND");
});

Deno.test("resolveSnapshot() lists what an ambiguous word fits, newest first", async () => {
  using plane = controlPlane();
  const made = await publishLine(plane, [{ note: "try one" }, { note: "try two" }, {
    note: "other",
  }]) as Three;
  const error = await refusal(plane, "try");
  assertEquals(error.code, "E_AMBIGUOUS");
  const [a, b] = made;
  assertEquals(
    error.details["matches"],
    [b, a].map(({ snapshot_id, created_at, note }) => ({ snapshot_id, created_at, note })),
  );
  assertMatch(
    error.message,
    /^Cannot find snapshot "try": it fits 2: [0-9a-f]{8} \(.*, "try two"\), [0-9a-f]{8} /,
  );
  assertStringIncludes(error.message, shortId(a.snapshot_id));
  for (let i = 0; i < 12; i++) await publishSnapshot(plane, { note: `try ${i}` });
  assertStringIncludes((await refusal(plane, "try")).message, "and 4 more");
});

Deno.test("resolveSnapshot() takes the beginning of a note literally, and not for a program", async () => {
  using plane = controlPlane();
  const note = 'a "quoted"\n\\ note \u{1f600} (*)';
  const made = await publishSnapshot(plane, { note });
  await publishSnapshot(plane, { note: "has a in it" });
  for (const word of ["a ", 'a "quo', 'a "quoted"\n', 'a "quoted"\n\\', note]) {
    assertEquals(await resolveSnapshot(plane, word, { worktree: null }), made.snapshot_id, word);
    assertEquals((await refusal(plane, word, { forProgram: true })).code, "E_NOT_FOUND");
  }
  const unknown = await refusal(plane, "quoted", { forProgram: true });
  assertEquals(unknown.code, "E_NOT_FOUND");
  assertStringIncludes(unknown.hint, "Use one of the newest: ");
  assertStringIncludes(unknown.hint, '"a "quoted"…")');
  assertStringIncludes(unknown.hint, "A program cannot name a snapshot by its note.");
  assertStringIncludes((await refusal(plane, 'a "quotde"')).hint, 'Did you mean "a "quoted""?');
  assertEquals((await refusal(plane, "  ")).code, "E_USAGE");
});

Deno.test("resolveSnapshot() proposes no other snapshot where one that could not be read may be meant", async () => {
  using plane = controlPlane();
  const all = await publishLine(plane, [{ tags: ["v1"] }, { tags: ["v2"] }, { note: "later" }]) as Three;
  const [a, b, c] = all;
  const damage = ({ snapshot_id }: Descriptor) => {
    const { path } = plane.layout.descriptor(snapshot_id);
    Deno.chmodSync(path, 0o600);
    Deno.truncateSync(path, 100);
  };
  damage(a);
  const { code, details, hint, message } = await refusal(plane, "v1");
  assertEquals(code, "E_NOT_FOUND");
  assertStringIncludes(
    message,
    `note fits; 1 snapshot could not be read and may be it (${shortId(a.snapshot_id)})`,
  );
  assertEquals(hint, "`jvs doctor --strict` says what is wrong.");
  assertEquals([details["close"], details["unread"]], [null, [a.snapshot_id]]);
  assertEquals(await resolveSnapshot(plane, "v2", { worktree: null }), b.snapshot_id);
  // For a program no note is a name, and this is no tag.
  const noTag = await refusal(plane, "v1 of it", { forProgram: true });
  assertEquals(noTag.message.includes("could not be read"), false, noTag.message);
  damage(c);
  const two = `2 snapshots could not be read and may be it (${shortId(c.snapshot_id)}, ${
    shortId(a.snapshot_id)
  })`;
  assertStringIncludes((await refusal(plane, "v1", { forProgram: true })).message, two);
});

Deno.test("resolveSnapshot() names pruned snapshots too", async () => {
  using plane = controlPlane();
  const [a, b] = await publishLine(plane, [{ tags: ["v1"] }, {}, {}]) as Three;
  const worktree = worktreeAt(plane, { head: b.snapshot_id });
  prune(plane, a.snapshot_id);
  for (const word of [a.snapshot_id, shortId(a.snapshot_id), "HEAD~1", "v1"]) {
    assertEquals(await resolveSnapshot(plane, word, { worktree }), a.snapshot_id, word);
  }
});

Deno.test("resolveSnapshot() says what is missing where a name can only be one thing", async () => {
  using plane = controlPlane();
  const [a, b] = await publishLine(plane, [{}, {}, {}]) as Three;
  const empty = worktreeAt(plane, { name: "empty", head: null });
  const worktree = worktreeAt(plane, { head: b.snapshot_id });
  const lost = worktreeAt(plane, { name: "lost", head: "1700000000000-0123abcd" });
  ref(plane, "gone", { ...a, snapshot_id: "1700000000000-0123abcd" });
  const cases: [string, WorktreeConfig | null, string, string][] = [
    ["HEAD", null, "E_NOT_FOUND", "there is no worktree here"],
    ["HEAD", empty, "E_NOT_FOUND", 'worktree "empty" has no snapshot yet'],
    ["empty@", worktree, "E_NOT_FOUND", 'worktree "empty" has no snapshot yet'],
    ["HEAD~2", worktree, "E_NOT_FOUND", 'worktree "main" has only 1 snapshot before HEAD'],
    ["HEAD", lost, "E_LINEAGE_BROKEN", 'worktree "lost" stands on 1700000000000-0123abcd'],
    ["lost@", worktree, "E_LINEAGE_BROKEN", 'worktree "lost" stands on'],
    ["gone", worktree, "E_NOT_FOUND", "it is a ref to 1700000000000-0123abcd"],
  ];
  for (const [word, at, code, message] of cases) {
    const error = await refusal(plane, word, { worktree: at });
    assertEquals(error.code, code, word);
    assertStringIncludes(error.message, `Cannot find snapshot "${word}": ${message}`);
  }
});

Deno.test("resolveSnapshot() says what there is instead of a name that fits nothing", async () => {
  using plane = controlPlane();
  assertStringIncludes((await refusal(plane, "x")).hint, "no snapshot yet");
  const made = await publishLine(plane, [{ tags: ["release-1"] }, {}, {}, {}, {}, {
    note: "the newest one",
  }]);
  ref(plane, "stable", made[0] as Descriptor);
  worktreeAt(plane, { name: "experiment", head: null });
  const cases: [string, string][] = [
    ["relaese-1", "release-1"],
    ["stabel", "stable"],
    ["experimant@", "experiment@"],
    ["teh newest one", "the newest one"],
  ];
  for (const [word, meant] of cases) {
    const error = await refusal(plane, word);
    assertEquals([error.code, error.details["close"]], ["E_NOT_FOUND", meant]);
    assertStringIncludes(error.hint, `Did you mean "${meant}"?`);
  }
  const error = await refusal(plane, "nothing like it");
  assertEquals(error.details["close"], null);
  const newest = error.details["newest"] as { snapshot_id: string }[];
  assertEquals(newest.map((n) => n.snapshot_id), made.slice(1).reverse().map((d) => d.snapshot_id));
  assertStringIncludes(error.hint, '"the newest one"');
  assertEquals((await refusal(plane, "../../etc/passwd@")).code, "E_NOT_FOUND");
});
