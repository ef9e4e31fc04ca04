import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { killedAt } from "../../tests/support/kill_point.ts";
import { warnings } from "../../tests/support/context.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { configGet } from "./config_get.ts";
import { configList } from "./config_list.ts";
import { configSet } from "./config_set.ts";
import { doctor } from "./doctor.ts";
import { info } from "./info.ts";
import { snapshot } from "./snapshot.ts";
import { status } from "./status.ts";

Deno.test("configSet() changes one setting, keeps comments, and leaves one audit record", async () => {
  using repository = await TestRepository.make();
  const before = repository.read(".jvs/config.jsonc");
  await repository.call(configSet, { key: "restore.unsaved", value: "refuse" });
  assertEquals((await repository.call(configGet, { key: "restore.unsaved" })).value, "refuse");
  const comments = (text: string) => text.split("\n").filter((line) => line.startsWith("//"));
  assertEquals(comments(repository.read(".jvs/config.jsonc")), comments(before));
  const last = (await repository.audit()).at(-1);
  assertEquals([last?.operation, last?.target, last?.details], [
    "config set",
    "restore.unsaved",
    { key: "restore.unsaved", value: "refuse" },
  ]);
});

Deno.test("configSet() refuses what is no setting or no value for it, without a record", async () => {
  using repository = await TestRepository.make();
  for (
    const [key, value] of [["nonsense", "1"], ["engine", "sometimes"], ["lock_timeout", "-1"], [
      "",
      "x",
    ]]
  ) {
    const error = await assertRejects(
      () => repository.call(configSet, { key: key ?? "", value: value ?? "" }),
      JvsError,
    );
    assertEquals(error.code, "E_USAGE", key);
  }
  assertEquals((await repository.audit()).length, 1);
  assertEquals((await repository.call(configList)).settings.filter((each) => !each.is_default), []);
});

Deno.test("configSet() killed at any moment made the change with its record, or neither", async () => {
  for (let n = 1;; n++) {
    using repository = await TestRepository.make();
    const killed = await killedAt(
      n,
      () => repository.call(configSet, { key: "consistency", value: "best_effort" }),
    );
    await repository.call(configSet, { key: "lock_timeout", value: "5" });
    const isSet = (await repository.call(configGet, { key: "consistency" })).value === "best_effort";
    const targets = (await repository.audit()).filter(({ operation }) => operation === "config set")
      .map(({ target }) => target);
    assertEquals(targets, [...(isSet ? ["consistency"] : []), "lock_timeout"], `killed at ${n}`);
    if (!killed) return;
  }
});

Deno.test("configSet() and configGet() refuse a setting that this version does not support", async () => {
  using repository = await TestRepository.make();
  for (const key of ["environment", "environment.python"]) {
    const calls = [
      () => repository.call(configSet, { key, value: "required" }),
      () => repository.call(configGet, { key }),
    ];
    for (const call of calls) {
      const error = await assertRejects(
        call,
        JvsError,
        `"${key}": it is a setting that this version does not`,
      );
      assertEquals(error.code, "E_USAGE");
    }
  }
  assertEquals((await repository.audit()).length, 1);
  const error = await assertRejects(() => repository.call(configGet, { key: "nonsense" }), JvsError);
  assertMatch(error.hint, /lock_timeout/);
});

Deno.test("a setting in the file that cannot be honoured is told by changes, info and doctor, and stops nothing", async () => {
  using repository = await TestRepository.saved();
  repository.write(".jvs/config.jsonc", '{ "environment": "all", "lock_timeout": "5s" }');
  const told = /config.jsonc" have environment, which this version does not support/;
  const reporter = warnings();
  await repository.call(snapshot, {}, { reporter });
  await repository.call(status, {}, { reporter }); // what only reads need not say it each time
  assertEquals(reporter.told.length, 1);
  assertMatch(reporter.told[0] ?? "", told);
  assertMatch((await repository.call(info)).problem ?? "", told);
  const { healthy, findings } = await repository.call(doctor);
  assertEquals([healthy, findings.map(({ severity }) => severity)], [true, ["warning"]]);
  assertMatch(findings[0]?.message ?? "", told);
});
