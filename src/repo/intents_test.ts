import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Intent } from "../model/records.ts";
import { record } from "../model/schema.ts";
import { JvsError } from "../model/errors.ts";
import { openPlatform } from "../platform/open_platform.ts";
import type { Host } from "../platform/platform.ts";
import { controlPlane, WORKTREE_ID } from "../../tests/support/control_plane.ts";
import type { AuditEntry } from "./audit_record.ts";
import { type IntentForm, Intents, type NewIntent } from "./intents.ts";

const FORM: IntentForm = { operation: "snapshot", details: record({}), steps: [] };
const CHANGE: NewIntent<object> = {
  worktree_id: WORKTREE_ID,
  target: "main",
  details: { a: 1 },
};

const ENTRY: AuditEntry = {
  operation: "snapshot",
  actor: "ann@host",
  target: "main",
  fencing_token: null,
  session_id: null,
  reason: null,
  details: { snapshot_id: "x" },
  event_id: "33333333-3333-4333-8333-333333333333",
  after: 7,
};

function begun(intents: Intents): Intent {
  intents.begin(FORM, CHANGE);
  const [intent] = intents.list();
  assert(intent);
  return intent;
}

function hostLike(more: Partial<Host>): Host {
  const { id, bootId, pid, startTime, name, uid, gid, userName, rights, isInForeground } =
    openPlatform().host;
  return {
    id,
    bootId,
    pid,
    startTime,
    name,
    uid,
    gid,
    userName,
    rights,
    isInForeground,
    isAlive: () => false,
    ...more,
  };
}

Deno.test("Intents.begin() writes what another process reads, step by step", () => {
  using plane = controlPlane();
  const here = new Intents(plane.layout, openPlatform().host);
  const other = new Intents(plane.layout, openPlatform().host);
  const open = here.begin(FORM, CHANGE);
  assertEquals(other.list().map(({ id, operation }) => [id, operation]), [[open.id, "snapshot"]]);
  open.step("began", { snapshot_id: "x" });
  open.step("staged", { a: 2 });
  const [seen] = other.list();
  assertEquals(seen?.steps, ["began", "staged"]);
  assertEquals(seen?.details, { a: 2, snapshot_id: "x" });
  assertEquals(open.decided(), null);
  open.decide(ENTRY);
  const [decided] = other.list();
  assert(decided);
  assertEquals(other.takeOver(FORM, decided).decided(), ENTRY);
  for (let i = 0; i < 2; i++) open.complete();
  assertEquals(other.list(), []);
});

Deno.test("Intents.list() gives the oldest first and passes over what is damaged, which read() names", () => {
  using plane = controlPlane();
  const intents = new Intents(plane.layout, openPlatform().host);
  const opened = Array.from({ length: 5 }, (_, i) => {
    const open = intents.begin(FORM, { ...CHANGE, target: `${i}` });
    const path = plane.layout.intent(open.id);
    Deno.writeTextFileSync(
      path.path,
      JSON.stringify({
        ...JSON.parse(Deno.readTextFileSync(path.path)),
        started_at: `2026-01-01T00:00:0${9 - i}Z`,
      }),
    );
    return path.path;
  });
  Deno.writeTextFileSync(`${plane.layout.intents}/notes.txt`, "");
  Deno.writeTextFileSync(`${plane.layout.intents}/x.json`, "");
  assertEquals(intents.list().map(({ target }) => target), ["4", "3", "2", "1", "0"]);
  const [cut = "", empty = "", moved = ""] = opened;
  Deno.truncateSync(cut, 50);
  Deno.truncateSync(empty, 0);
  const elsewhere = plane.layout.intent(crypto.randomUUID()).path;
  Deno.renameSync(moved, elsewhere);
  const { intents: whole, damaged } = intents.read();
  assertEquals(whole.map(({ target }) => target), ["4", "3"]);
  assertEquals(damaged.map(({ path }) => path).sort(), [cut, empty, elsewhere].sort());
  for (const { error, path } of damaged) assertStringIncludes(error.message, path);
});

Deno.test("Intents.list() finds none in a repository that was copied without runtime", () => {
  using plane = controlPlane();
  Deno.removeSync(plane.layout.intents.path);
  assertEquals(new Intents(plane.layout, openPlatform().host).list(), []);
});

Deno.test("Intents.isAbandoned() is true only where the process is known to be gone", () => {
  using plane = controlPlane();
  const here = hostLike({});
  const intent = begun(new Intents(plane.layout, here));
  const seenFrom = (host: Partial<Host>) => new Intents(plane.layout, hostLike(host)).isAbandoned(intent);
  assertEquals(seenFrom({ isAlive: () => true }), false);
  assertEquals(seenFrom({ isAlive: () => false }), true);
  assertEquals(seenFrom({ isAlive: (pid, start) => pid === here.pid && start === here.startTime }), false);
  assertEquals(seenFrom({ bootId: "another boot", isAlive: () => true }), true);
  assertEquals(seenFrom({ id: "another machine", bootId: "another boot" }), false);
});

Deno.test("Intents.isAbandoned() tells our own running process from one that has ended", async () => {
  using plane = controlPlane();
  const intents = new Intents(plane.layout, openPlatform().host);
  const intent = begun(intents);
  assertEquals(intents.isAbandoned(intent), false);
  const ended = new Deno.Command("true").spawn();
  await ended.status;
  assertEquals(intents.isAbandoned({ ...intent, pid: ended.pid }), true);
});

Deno.test("Intents.takeOver(FORM, ) makes it ours from the next step on", () => {
  using plane = controlPlane();
  const intent = begun(new Intents(plane.layout, hostLike({ pid: 1, startTime: "1" })));
  const recovering = new Intents(plane.layout, hostLike({ pid: 2, startTime: "2" }));
  const [found] = recovering.list();
  assert(found);
  const open = recovering.takeOver(FORM, found);
  open.step("recovering");
  const [seen] = recovering.list();
  assertEquals([seen?.pid, seen?.process_start, seen?.id], [2, "2", intent.id]);
});

Deno.test("OpenIntent.decided() refuses an entry that was damaged", () => {
  using plane = controlPlane();
  const intents = new Intents(plane.layout, openPlatform().host);
  const open = intents.begin(FORM, CHANGE);
  open.decide({ ...ENTRY, operation: 1 } as unknown as AuditEntry);
  const [seen] = intents.list();
  assert(seen);
  const error = assertThrows(() => intents.takeOver(FORM, seen).decided(), JvsError);
  assertEquals([error.code, error.details["path"]], [
    "E_DESCRIPTOR_CORRUPT",
    plane.layout.intent(open.id).path,
  ]);
});
