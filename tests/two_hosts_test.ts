import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Lease } from "../src/model/lease.ts";
import type { Descriptor } from "../src/model/records.ts";
import { BlackBox } from "./support/black_box.ts";
import { exists } from "./support/files.ts";
import { jvsError, runJvs } from "./support/jvs.ts";
import { leaseOn, olderLease, pastLease } from "./support/leases.ts";
import { requires } from "./support/requires.ts";
import { largeBox, openIntents, StoppedChange } from "./support/stopped_change.ts";
import { stoppedReader } from "./support/stopped_reader.ts";
import { until } from "./support/until.ts";
import { hostsOfOneDisk, type SharingHost, TwoHosts, type VolumeHost } from "./support/two_hosts.ts";

/*
 * Two hosts that work on one repository: on a JuiceFS volume with the caches that a mount has by default, and, for what does not depend on
 * these, on one disk.
 */

const NEEDED = requires("root", "ffi", "juicefs", "redis");

interface Sharing {
  readonly hosts: { readonly a: SharingHost; readonly b: SharingHost };
  readonly main: string;
}

interface Repository extends Sharing {
  readonly hosts: TwoHosts;
}

function test(title: string, trashDays: number, body: (repository: Repository) => Promise<void>): void {
  Deno.test(`two hosts, ${trashDays} days of trash: ${title}`, NEEDED, async () => {
    await using hosts = await TwoHosts.make(trashDays);
    const { repository } = await hosts.a.json<{ repository: string }>(["init", "project"]);
    await body({ hosts, main: `${repository}/main` });
  });
}

async function save(host: SharingHost, main: string, ...flags: string[]): Promise<Descriptor> {
  return (await host.json<{ snapshot: Descriptor }>(["snapshot", "--lock-timeout", "120", ...flags], main))
    .snapshot;
}

/** Fails if anything is wrong, whichever host asks. */
async function audit({ hosts, main }: Sharing): Promise<void> {
  for (const host of [hosts.a, hosts.b]) {
    const { snapshots } = await host.json<{ snapshots: { severity: string }[] }>(["verify", "--all"], main);
    assertEquals(snapshots.filter(({ severity }) => severity !== "ok"), []);
    assertEquals((await host.json<{ findings: unknown[] }>(["doctor", "--strict"], main)).findings, []);
  }
}

for (const [trashDays, rounds] of [[0, 20], [1, 8]] as const) {
  test("snapshots, restores and forks of both at once are all in line", trashDays, async (repository) => {
    const { hosts: { a, b }, main } = repository;
    a.shell(`cd '${main}'; for i in $(seq 30); do echo $i > file-$i; done`);
    const base = await save(a, main, "base");
    const work = async (host: VolumeHost) => {
      for (let n = 1; n <= rounds; n++) {
        host.shell(`echo ${n} > '${main}/by-${host.name}'`);
        await save(host, main, `${host.name} ${n}`);
        if (n % 4 === 0) await host.json(["restore", "HEAD", "--discard", "--lock-timeout", "120"], main);
        if (n % 4 === 2) {
          await host.json([
            "worktree",
            "fork",
            base.snapshot_id,
            `${host.name}-${n}`,
            "--lock-timeout",
            "120",
          ], main);
        }
      }
    };
    await Promise.all([work(a), work(b)]);
    for (const host of [a, b]) {
      const { snapshots } = await host.json<{ snapshots: Descriptor[] }>(
        ["history", "--limit", "1000"],
        main,
      );
      // What one writes while the other restores is kept in a snapshot of its own.
      const notes = snapshots.filter(({ kind }) => kind === "manual").map(({ note }) => note);
      assertEquals(notes.length, 1 + 2 * rounds);
      for (const name of ["host-a", "host-b"]) {
        const own = notes.filter((note) => note.startsWith(name)).reverse();
        assertEquals(own, Array.from({ length: rounds }, (_, i) => `${name} ${i + 1}`));
      }
      const { worktrees } = await host.json<{ worktrees: unknown[] }>(["worktree", "list"], main);
      assertEquals(worktrees.length, 1 + rounds / 2);
    }
    await audit(repository);
  });

  test("what one publishes or changes the other sees at once", trashDays, async (repository) => {
    const { hosts: { a, b }, main } = repository;
    a.shell(`cd '${main}'; echo one > data; mkdir more; echo one > more/data`);
    await save(a, main, "first");
    assertEquals((await b.json<{ clean: boolean }>(["status"], main)).clean, true);
    for (let n = 1; n <= 5; n++) {
      const [writer, reader] = n % 2 === 0 ? [a, b] : [b, a];
      // The same size, and read before by the other host's kernel.
      reader.shell(`cat '${main}/data' '${main}/more/data' > /dev/null`);
      writer.shell(`cd '${main}'; printf 'n %s' ${n} > more/data`);
      assertEquals((await reader.json<{ clean: boolean }>(["status"], main)).clean, false, `change ${n}`);
      const { snapshot_id: id } = await save(writer, main, `number ${n}`);
      const shown = await reader.json<{ snapshot: Descriptor }>(["show", "HEAD"], main);
      assertEquals(shown.snapshot.snapshot_id, id);
      assertEquals((await reader.json<{ clean: boolean }>(["status"], main)).clean, true);
      const { path } = await reader.json<{ path: string }>(["path", id], main);
      assertEquals(reader.shell(`cat '${path}/more/data'`), `n ${n}`);
    }
    const { hosts: known } = await b.json<{ hosts: { name: string }[] }>(["info"], main);
    assertEquals(known.map(({ name }) => name).sort(), ["host-a", "host-b"]);
    await audit(repository);
  });
}

test("with metadata in Redis, where clones lack FIFOs and devices, they are kept", 0, async (repository) => {
  const { hosts: { a }, main } = repository;
  a.shell(
    `cd '${main}'; mkdir d; for i in $(seq 60); do echo $i > d/$i; done; mkfifo d/pipe; mknod d/null c 1 3`,
  );
  await save(a, main, "first");
  a.shell(`cd '${main}'; mkfifo d/second`);
  await save(a, main, "second");
  assertEquals((await a.json<{ clean: boolean }>(["status"], main)).clean, true);
  a.shell(`rm -r '${main}/d'`);
  await a.json(["restore", "HEAD", "--discard"], main);
  assertEquals(
    a.shell(`cd '${main}/d'; find . -type p | sort; find . -type c`),
    "./pipe\n./second\n./null\n",
  );
  await audit(repository);
});

test("a snapshot that one host reads the other cannot claim", 0, async (repository) => {
  const { hosts: { a, b }, main } = repository;
  a.shell(`echo one > '${main}/data'`);
  const { snapshot_id: id } = await save(a, main, "first");
  const marker = `${main}/../.jvs/snapshots/${id}.READY`;
  const isFree = () => b.shell(`flock -n -x '${marker}' true && echo free || echo used`) === "free\n";
  assert(isFree());
  {
    await using _reader = await stoppedReader(["verify"], a.commands(main));
    assert(!isFree());
  }
  await until(isFree);
  await audit(repository);
});

test("what a host held when it died comes free, and nothing of it is left", 0, async (repository) => {
  const { hosts: { a, b }, main } = repository;
  a.shell(`cd '${main}'; for i in $(seq 50); do echo $i > file-$i; done`);
  await save(a, main, "before");
  // It clones for ever, and holds the lock of the worktree.
  Deno.writeTextFileSync(`${a.bin}/juicefs`, `#!/bin/sh\ntouch ${a.bin}/began\nsleep 5\nexit 1\n`, {
    mode: 0o755,
  });
  const holder = await a.spawn(["snapshot", "by the dead"], main);
  await until(() => exists(`${a.bin}/began`));
  a.die();
  holder.kill("SIGKILL");
  await holder.output();
  await holder.stdin.close().catch(() => {});
  const busy = await jvsError("E_BUSY", ["snapshot", "--lock-timeout", "1"], b.commands(main));
  assertMatch(`${busy.message} ${busy.hint}`, /host-a.*freed after about 60 s/s);
  const { note, parent_snapshot_id: parent } = await save(b, main, "by the other");
  assertEquals(note, "by the other");
  assert(parent !== null);
  const { snapshots } = await b.json<{ snapshots: Descriptor[] }>(["history"], main);
  assertEquals(snapshots.map((each) => each.note).filter((each) => each !== "by the dead"), [
    "by the other",
    "before",
  ]);
  await b.json(["doctor", "--repair", "clean_tmp"], main);
  assertEquals((await b.json<{ findings: unknown[] }>(["doctor", "--strict"], main)).findings, []);
});

/** In each round 20 take an expired lease, from both hosts: one gets it, and the holder before changes nothing any more. */
async function takeInTurns({ hosts: { a, b }, main }: Sharing, rounds: number): Promise<void> {
  await a.json(["lock", "acquire", "--session", "first"], main);
  const leaseFile = a.shell(`ls "${main}"/../.jvs/runtime/shared/leases/*.json`).trim();
  const leaseSeenBy = (host: SharingHost): Lease => JSON.parse(host.shell(`cat '${leaseFile}'`));
  const holders = ["first"];
  for (let round = 0; round < rounds; round++) {
    const [near, far] = round % 2 === 0 ? [a, b] : [b, a];
    const over = JSON.stringify(olderLease(leaseSeenBy(near)));
    near.shell(`cd '${main}/..'; echo '${over}' > over; mv over '${leaseFile}'`);
    const takers = Array.from({ length: 20 }, (_, n) => {
      const args = ["lock", n % 4 < 2 ? "acquire" : "steal", "--json", "--session", `${round}-${n}`];
      return runJvs(
        [...args, "--lease-ms", "600000", "--lock-timeout", "120"],
        (n % 2 === 0 ? a : b).commands(main),
      );
    });
    const ends = (await Promise.all(takers)).map(({ json }) => json);
    const won = ends.flatMap(({ error, lease }) => error === undefined ? [lease as Lease] : []);
    assertEquals(won.length, 1, JSON.stringify(ends));
    assertEquals([leaseSeenBy(a), leaseSeenBy(b)], [won[0], won[0]]);
    const [lost] = holders.slice(-1);
    for (const host of [far, near]) {
      host.shell(`echo ${round} > '${main}/data'`);
      await jvsError("E_LOCK_CONFLICT", ["snapshot", "--session", `${lost}`], host.commands(main));
    }
    holders.push(won[0]?.session_id ?? "");
    const saved = await save(far, main, `${round}`, "--session", holders.at(-1) ?? "");
    assertEquals(saved.fencing_token, holders.length);
  }
}

test(
  "of 200 that take an expired lease from both one wins each time, and the earlier holders change nothing",
  0,
  async (repository) => {
    await takeInTurns(repository, 10);
    await audit(repository);
  },
);

const ONE_DISK = requires("root");

Deno.test(
  "two hosts of one disk: of 40 that take an expired lease one wins each time, and the earlier holders change nothing",
  ONE_DISK,
  async () => {
    using box = await BlackBox.make();
    const repository = { hosts: hostsOfOneDisk(box.outside), main: box.main };
    await takeInTurns(repository, 2);
    const { hosts } = await box.json<{ hosts: { name: string }[] }>(["info"]);
    assertEquals(["host-a", "host-b"].filter((name) => !hosts.some((host) => host.name === name)), []);
    await audit(repository);
  },
);

for (const what of ["snapshot", "restore"] as const) {
  const title =
    `a ${what} that lost its file lock, its lease and then the worktree to the other publishes nothing`;
  Deno.test(`two hosts of one disk: ${title}`, ONE_DISK, async () => {
    using box = await largeBox();
    const { a, b } = hostsOfOneDisk(box.outside);
    await a.json(["lock", "acquire", "--session", "a"], box.main);
    const args = what === "snapshot" ? ["snapshot", "too late"] : ["restore", box.first, "--discard"];
    const running = [...args, "--session", "a"];
    await using stopped = await StoppedChange.make(box, running, "journal", a.commands(box.main));
    // As a volume forgets the locks of a host that is cut off: the next one to lock the worktree locks another file.
    const { worktree_id } = leaseOn(box);
    Deno.removeSync(`${box.control}/runtime/shared/locks/worktree-${worktree_id}.lock`);
    pastLease(box);
    await b.json(["lock", "acquire", "--session", "b"], box.main);
    const saved = await save(b, box.main, "by the other", "--session", "b");
    assertEquals(saved.fencing_token, 2);
    const before = box.records().length;
    const { error, message } = await stopped.error();
    assertEquals(error, "E_FENCING_MISMATCH", message);
    assertEquals((await box.history()).map(({ note }) => note), ["by the other", "first"]);
    assertEquals([box.records().length, openIntents(box)], [before, []]);
    assertEquals(box.read("data/7/7.txt"), "two 7\n");
    await b.json(["restore", saved.snapshot_id, "--session", "b"], box.main);
    await b.json(["lock", "release", "--session", "b"], box.main);
    await box.audit();
  });
}
