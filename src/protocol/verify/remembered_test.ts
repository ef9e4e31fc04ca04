import { assertEquals } from "@std/assert";
import { TestRepository } from "../../../tests/support/repository.ts";
import { LinuxFile } from "../../platform/linux_file.ts";
import { SystemError } from "../../platform/system_error.ts";
import { Locks } from "../../repo/locks.ts";
import { Remembered } from "./remembered.ts";

Deno.test("Remembered keeps nothing of a run that began before another one found damage", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  const descriptor = await store.snapshots.descriptor(repository.first);
  using payload = store.snapshots.openPayload(repository.first);
  const known = async () =>
    (await Remembered.open(store, 0)).snapshot(repository.first, payload) !== undefined;
  const realNow = Date.now;
  const at = async <T>(seconds: number, body: () => Promise<T>): Promise<T> => {
    Date.now = () => realNow() + seconds * 1000;
    try {
      return await body();
    } finally {
      Date.now = realNow;
    }
  };
  const long = await at(-20, () => Remembered.open(store));
  await long.noteSnapshot(descriptor, payload, Infinity);
  await at(-10, async () => {
    await using found = await Remembered.open(store);
    found.noteWrong();
  });
  await long[Symbol.asyncDispose]();
  assertEquals(await known(), false);
  await at(-5, async () => {
    await using later = await Remembered.open(store);
    await later.noteSnapshot(descriptor, payload, Infinity);
  });
  assertEquals(await known(), true);
});

Deno.test("Remembered lets nothing of before count where it cannot note that something is damaged", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  const descriptor = await store.snapshots.descriptor(repository.first);
  using payload = store.snapshots.openPayload(repository.first);
  const known = async () =>
    (await Remembered.open(store, 0)).snapshot(repository.first, payload) !== undefined;
  const { own } = Locks.prototype;
  const write = LinuxFile.prototype.write;
  const full = () => {
    throw new SystemError("write", "a file", "ENOSPC");
  };
  for (
    const fail of [() => void (Locks.prototype.own = full), () => void (LinuxFile.prototype.write = full)]
  ) {
    {
      await using remembered = await Remembered.open(store);
      await remembered.noteSnapshot(descriptor, payload, Infinity);
    }
    assertEquals(await known(), true);
    try {
      await using found = await Remembered.open(store);
      found.noteWrong();
      fail();
    } finally {
      Locks.prototype.own = own;
      LinuxFile.prototype.write = write;
    }
    assertEquals(await known(), false);
  }
});
