import { assert, assertEquals } from "@std/assert";
import { TestRepository } from "../../../tests/support/repository.ts";
import { doctor } from "../../operation/doctor.ts";
import { readIndex } from "../../repo/snapshot_index.ts";
import { readSpace } from "./space.ts";

/** A repository with a few snapshots of 60 files, of which some change each time. */
async function made(): Promise<TestRepository & { readonly ids: string[] }> {
  const repository = await TestRepository.make();
  for (let i = 0; i < 60; i++) repository.write(`main/folder-${i % 4}/${i}`, `${i} `.repeat(3000));
  const ids = [await repository.save()];
  for (let n = 1; n < 6; n++) await addTo(repository, ids, n);
  return Object.assign(repository, { ids });
}

async function addTo(repository: TestRepository, ids: string[], n: number): Promise<void> {
  for (let k = 0; k < 5; k++) {
    repository.write(`main/folder-${(n + k) % 4}/${n + k}`, `${n} ${k} `.repeat(3000));
  }
  ids.push(await repository.save());
}

async function asked(repository: TestRepository, ids: readonly string[]) {
  const context = await repository.open();
  const table = await readIndex(context.store);
  const space = await readSpace(context, table);
  const deleted = ids.map((id) => table.find(id));
  const { bytes, isExact } = await space.freed({ deleted, pruned: [] });
  return { total: space.total, bytes, isExact };
}

async function ledgerOf(repository: TestRepository): Promise<string> {
  const { store } = await repository.open();
  const { id, uid } = store.platform.host;
  return store.layout.space(id, uid).path;
}

Deno.test("readSpace() says the same from its ledger, brought up to date, as from nothing", async () => {
  using repository = await made();
  const { ids } = repository;
  const question = [ids[1] as string, ids[2] as string];
  const first = await asked(repository, question);
  assert(first.isExact && first.bytes > 0);
  assertEquals(await asked(repository, question), first);
  await addTo(repository, ids, 7);
  const kept = await asked(repository, question);
  assert(kept.total > first.total);
  Deno.removeSync(await ledgerOf(repository));
  assertEquals(await asked(repository, question), kept);
});

Deno.test("readSpace() measures again where its ledger is damaged, and doctor keeps a sound one", async () => {
  using repository = await made();
  const expected = await asked(repository, repository.ids.slice(0, 3));
  const ledger = await ledgerOf(repository);
  await repository.call(doctor, { repair_runtime: true });
  const bytes = Deno.readFileSync(ledger);
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] as number) ^ 1;
  Deno.writeFileSync(ledger, bytes);
  assertEquals(await asked(repository, repository.ids.slice(0, 3)), expected);
  Deno.writeFileSync(ledger, bytes);
  await repository.call(doctor, { repair_runtime: true });
  assertEquals(
    (await Array.fromAsync(Deno.readDir(ledger.slice(0, ledger.lastIndexOf("/"))))).some(({ name }) =>
      name.endsWith(".ledger")
    ),
    false,
  );
});

Deno.test("readSpace() forgets snapshots that are gone, whether it knew them or not", async () => {
  using repository = await made();
  const { ids, path } = repository;
  await asked(repository, []);
  for (const id of ids.slice(1, 4)) {
    Deno.removeSync(`${path}/.jvs/snapshots/${id}`, { recursive: true });
    Deno.renameSync(`${path}/.jvs/snapshots/${id}.READY`, `${path}/.jvs/snapshots/${id}.PRUNED`);
  }
  const question = [ids[0] as string, ids[4] as string];
  const known = await asked(repository, question);
  Deno.removeSync(await ledgerOf(repository));
  assertEquals(await asked(repository, question), known);
});

Deno.test("readSpace() counts every file of a repository that was copied without its hard links", async () => {
  using repository = await made();
  const { ids, path } = repository;
  const shared = await asked(repository, [ids[5] as string]);
  for (const id of ids) {
    const payload = `${path}/.jvs/snapshots/${id}`;
    for (let i = 0; i < 60; i++) {
      const file = `${payload}/folder-${i % 4}/${i}`;
      Deno.copyFileSync(file, `${file}~`);
      Deno.renameSync(`${file}~`, file);
    }
  }
  Deno.removeSync(await ledgerOf(repository));
  const copied = await asked(repository, [ids[5] as string]);
  assert(copied.bytes > 4 * shared.bytes, `${copied.bytes} after ${shared.bytes}`);
});

Deno.test("readSpace() says so where it estimates what a payload takes", async () => {
  using repository = await made();
  const { ids, path } = repository;
  Deno.removeSync(`${path}/.jvs/snapshots/${ids[2]}`, { recursive: true });
  assertEquals((await asked(repository, [ids[1] as string])).isExact, true);
  const { bytes, isExact } = await asked(repository, [ids[2] as string]);
  assert(bytes > 0);
  assertEquals(isExact, false);
});
