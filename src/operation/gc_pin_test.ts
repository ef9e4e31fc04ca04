import { assertEquals } from "@std/assert";
import { fails, twoLines } from "../../tests/support/two_lines.ts";
import { gcPin } from "./gc_pin.ts";
import { gcPins } from "./gc_pins.ts";
import { gcPlan } from "./gc_plan.ts";
import { gcRun } from "./gc_run.ts";
import { gcUnpin } from "./gc_unpin.ts";

Deno.test("gc pin keeps a snapshot forever or for a time, and gc unpin ends that", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  const { pin } = await repository.call(gcPin, { snapshot: fifth, reason: "in the paper" });
  assertEquals((await repository.call(gcPlan)).snapshots.slice(3).map(({ action }) => action), [
    "prune",
    "keep",
  ]);
  await repository.call(gcPin, { snapshot: fourth, expires: "90d" });
  assertEquals((await repository.call(gcPlan)).protected_by_pin, 2);
  const { pins } = await repository.call(gcPins);
  assertEquals(pins.map(({ expired, reason }) => [expired, reason]), [[false, "in the paper"], [false, ""]]);
  assertEquals((await repository.call(gcUnpin, { pin: pin.pin_id.slice(0, 8) })).pins.length, 1);
  await repository.call(gcUnpin, { pin: fourth });
  await fails("E_NOT_FOUND", repository.call(gcUnpin, { pin: fourth }));
  await fails("E_USAGE", repository.call(gcPin, { snapshot: fifth, expires: "2001-01-01" }));
  await fails("E_NOT_FOUND", repository.call(gcPin, { snapshot: "nonsense" }));
  assertEquals((await repository.call(gcRun, { yes: true })).deleted, [fourth, fifth]);
  await fails("E_NOT_FOUND", repository.call(gcPin, { snapshot: fifth }));
});

Deno.test("gc pin with line keeps what the snapshot descends from, too, and says so in the audit trail", async () => {
  using repository = await twoLines();
  const [, , , fourth = "", fifth = ""] = repository.ids;
  await repository.call(gcPin, { snapshot: fifth });
  assertEquals((await repository.call(gcPlan)).candidates, [fourth]);
  const { pin } = await repository.call(gcPin, { snapshot: fifth, line: true });
  assertEquals(pin.keeps_line, true);
  const reasons = (await repository.call(gcPlan)).snapshots.find(({ snapshot_id }) => snapshot_id === fourth);
  assertEquals(reasons?.reasons, ["before a pinned one"], "a pin without a reason of its own");
  assertEquals((await repository.call(gcRun, { yes: true })).pruned, []);
  assertEquals((await repository.call(gcPlan, { policy: "thin" })).candidates, [], "it is promised");
  assertEquals((await repository.audit()).map(({ details }) => details.keeps_line).slice(-2), [false, true]);
});

Deno.test("gc plan counts a pin that has run out for nothing, and gc run removes it", async () => {
  using repository = await twoLines();
  const { store } = await repository.open();
  store.pins.add({
    pin_id: crypto.randomUUID(),
    snapshot_id: repository.ids[4] ?? "",
    reason: "",
    created_at: "2020-01-01T00:00:00Z",
    expires_at: "2020-01-02T00:00:00Z",
    keeps_line: true,
  });
  assertEquals((await repository.call(gcPins)).pins[0]?.expired, true);
  assertEquals((await repository.call(gcRun, { yes: true })).deleted.length, 2);
  assertEquals((await repository.call(gcPins)).pins, []);
});

Deno.test("gc plan keeps what a pin keeps whose end is no time", async () => {
  using repository = await twoLines();
  const { pin } = await repository.call(gcPin, { snapshot: repository.ids[4] ?? "" });
  const { store } = await repository.open();
  store.pins.add({ ...pin, expires_at: "2026-02-30T24:61:00Z" });
  assertEquals((await repository.call(gcRun, { yes: true })).deleted, []);
  assertEquals((await repository.call(gcPins)).pins.length, 1);
});
