import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { controlPlane, prune, publishSnapshot } from "../../tests/support/control_plane.ts";
import { requires } from "../../tests/support/requires.ts";
import { JvsError } from "../model/errors.ts";
import { LinuxFile } from "../platform/linux_file.ts";
import { Snapshots } from "./snapshots.ts";
import { SystemError } from "../platform/system_error.ts";

Deno.test("Snapshots.claimForRemoval() is refused while a snapshot is in use, by this process too", async () => {
  using plane = controlPlane();
  const { snapshot_id: id } = await publishSnapshot(plane);
  const other = new Snapshots(plane.layout);
  {
    using _used = await plane.snapshots.use(id);
    assertEquals([other.claimForRemoval(id), plane.snapshots.claimForRemoval(id)], [undefined, undefined]);
  }
  using claim = other.claimForRemoval(id);
  assert(claim);
});

Deno.test("Snapshots.use() waits for a claim, and does not find a snapshot whose marker it took away", async () => {
  using plane = controlPlane();
  const { snapshot_id: id } = await publishSnapshot(plane);
  const claim = plane.snapshots.claimForRemoval(id);
  const waiting = assertRejects(() => plane.snapshots.use(id), JvsError, "no snapshot has this id");
  Deno.removeSync(plane.layout.ready(id).path);
  claim?.[Symbol.dispose]();
  assertEquals((await waiting).code, "E_NOT_FOUND");
  assertEquals(assertThrows(() => plane.snapshots.claimForRemoval(id), JvsError).code, "E_NOT_FOUND");
  for (const wrong of ["../x", ""]) {
    assertEquals((await assertRejects(() => plane.snapshots.use(wrong), JvsError)).code, "E_NOT_FOUND");
  }
});

Deno.test("Snapshots.use() keeps a pruned snapshot too; who needs its content is told that it is pruned", async () => {
  using plane = controlPlane();
  const { snapshot_id: id } = await publishSnapshot(plane);
  prune(plane, id);
  {
    using _used = await plane.snapshots.use(id);
    assertEquals(plane.snapshots.claimForRemoval(id), undefined);
  }
  const { message } = await assertRejects(() => plane.snapshots.use(id, { action: "restore" }), JvsError);
  assertStringIncludes(message, "Cannot restore");
  assertStringIncludes(message, "was pruned");
  using claim = plane.snapshots.claimForRemoval(id);
  assert(claim, "a use that failed holds nothing");
});

Deno.test({
  name: "Snapshots.claimForRemoval() says so where the file system gives no locks, and use() works there",
  ...requires("ffi"),
  async fn() {
    using plane = controlPlane();
    const { snapshot_id: id } = await publishSnapshot(plane);
    const { tryLock } = LinuxFile.prototype;
    LinuxFile.prototype.tryLock = function () {
      throw new SystemError("lock", this.path, "ENOLCK");
    };
    try {
      (await plane.snapshots.use(id))[Symbol.dispose]();
      const { message, hint } = assertThrows(() => plane.snapshots.claimForRemoval(id), JvsError);
      assertStringIncludes(message, "nothing tells whether it is in use");
      assertStringIncludes(message, "the file system gives no locks");
      assertStringIncludes(hint, "Nothing of this snapshot was removed.");
    } finally {
      LinuxFile.prototype.tryLock = tryLock;
    }
  },
});
