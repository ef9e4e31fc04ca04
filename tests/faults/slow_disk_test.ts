import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { leaseOn } from "../support/leases.ts";
import { requires } from "../support/requires.ts";
import { openIntents } from "../support/stopped_change.ts";

/* What goes by a lease, on a disk that takes long, or not all. */

const NEEDED = requires("strace", "ffi");
const BY_LEASE = ["--session", "mine"];

/** Two saved contents of `a`, and a third that is not saved. */
async function leased(lease_ms: number): Promise<BlackBox & { readonly first: string }> {
  const box = await BlackBox.make();
  box.write("a", "one\n");
  const { snapshot_id: first } = await box.save("first");
  box.write("a", "two\n");
  await box.save("second");
  box.write("a", "three\n");
  await box.json(["lock", "acquire", "--lease-ms", String(lease_ms), ...BY_LEASE]);
  return Object.assign(box, { first });
}

function changes({ first }: { readonly first: string }): Record<"snapshot" | "restore", string[]> {
  return { snapshot: ["snapshot", ...BY_LEASE], restore: ["restore", first, "--discard", ...BY_LEASE] };
}

function injecting(fault: string): string[] {
  return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=syncfs", "-e", `inject=syncfs:${fault}`];
}

Deno.test("jvs snapshot keeps its lease while the disk takes longer than that holds", NEEDED, async () => {
  using box = await leased(15_000);
  const { created_at } = leaseOn(box);
  const began = Date.now();
  await box.json(changes(box).snapshot, { under: injecting("delay_exit=18s:when=1") });
  assert(Date.now() - began > 15_000, "nothing was delayed");
  const lease = leaseOn(box);
  assertEquals([lease.created_at, lease.fencing_token], [created_at, 1]);
  await box.json(["lock", "renew", ...BY_LEASE]);
});

for (const what of ["snapshot", "restore"] as const) {
  Deno.test(
    `jvs ${what} by a lease is undone, and says so, when the disk does not take all`,
    NEEDED,
    async () => {
      using box = await leased(60_000);
      const before = await box.history();
      const { message } = await box.error("E_IO", changes(box)[what], { under: injecting("error=ENOSPC") });
      assertStringIncludes(message, "the disk did not take all of it");
      assertEquals([await box.history(), openIntents(box), box.read("a")], [before, [], "three\n"]);
      await box.json(changes(box)[what]);
      await box.json(["lock", "release", ...BY_LEASE]);
      await box.audit();
    },
  );
}
