import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { killedAt } from "../../tests/support/kill_point.ts";
import { exists } from "../../tests/support/files.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { configGet } from "./config_get.ts";
import { configList } from "./config_list.ts";
import { configSet } from "./config_set.ts";
import { configTrust } from "./config_trust.ts";

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
    const [key, value] of [["nonsense", "1"], ["locking", "sometimes"], ["retention.keep_days", "-1"], [
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
    const killed = await killedAt(n, () => repository.call(configSet, { key: "locking", value: "required" }));
    await repository.call(configSet, { key: "retention.keep_days", value: "5" });
    const isSet = (await repository.call(configGet, { key: "locking" })).value === "required";
    const targets = (await repository.audit()).filter(({ operation }) => operation === "config set")
      .map(({ target }) => target);
    assertEquals(targets, [...(isSet ? ["locking"] : []), "retention.keep_days"], `killed at ${n}`);
    if (!killed) return;
  }
});

Deno.test("configGet() knows single hooks, and names the settings there are for what is none", async () => {
  using repository = await TestRepository.make();
  const { note } = await repository.call(configSet, { key: "hooks.pre-snapshot", value: "make check" });
  assertMatch(note ?? "", /config trust/);
  assertEquals((await repository.call(configGet, { key: "hooks.pre-snapshot" })).value, ["make", "check"]);
  const error = await assertRejects(() => repository.call(configGet, { key: "hooks.none" }), JvsError);
  assertEquals(error.code, "E_USAGE");
  assertMatch(error.hint, /lock_timeout/);
});

Deno.test("configTrust() trusts exactly the programs that are named now", async () => {
  using repository = await TestRepository.make();
  const userConfig = `${repository.outside}/settings`;
  const none = await assertRejects(() => repository.call(configTrust, {}, { userConfig }), JvsError);
  assertEquals(none.code, "E_NOT_FOUND");
  await repository.call(configSet, { key: "hooks.pre-snapshot", value: "make check" });
  assertEquals((await repository.call(configTrust, {}, { userConfig })).already_trusted, false);
  assertEquals((await repository.call(configTrust, {}, { userConfig })).already_trusted, true);
  await repository.call(configSet, { key: "hooks.pre-snapshot", value: "rm -rf /" });
  assertEquals((await repository.call(configTrust, {}, { userConfig })).already_trusted, false);
  const nowhere = await assertRejects(() => repository.call(configTrust), JvsError);
  assertEquals(nowhere.code, "E_USAGE");
  assertEquals(exists(`${repository.main}/settings`), false);
});
