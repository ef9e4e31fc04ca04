import { assertEquals } from "@std/assert";
import { tempDir } from "../tests/support/temp_dir.ts";
import { comparison, measure } from "./measure.ts";
import { time } from "./process.ts";
import type { Contender } from "./scene.ts";

const sample = (wallMs: number, cpuMs = wallMs, peakMb = 10) => ({ wallMs, cpuMs, peakMb });
const named = (...names: string[]) => names.map((name) => ({ name }));
const byClock = { target: { times: 1, plusMs: 100 }, countsCpu: false };

Deno.test("comparison() compares round by round with the sum of the reference, and with what is allowed", () => {
  const samples = [[sample(400), sample(300)], [sample(100), sample(50)], [sample(50), sample(25)], [
    sample(9),
  ]];
  const found = comparison(
    named("jvs", "clone", "scan", "restic"),
    samples,
    [{ times: 1 }, { times: 2 }],
    byClock,
  );
  assertEquals([found.wall.low, found.wall.high], [2, 3]); // 400 / 200 and 300 / 100
  assertEquals([found.share?.low, found.share?.high], [400 / 300, 300 / 200]);
  assertEquals(found.verdict, "missed");
  assertEquals(found.reference.map(({ name, times }) => [name, times]), [["clone", 1], ["scan", 2]]);
  assertEquals(found.beside.map(({ name }) => name), ["restic"]);
});

Deno.test("comparison() takes the time of the processor where that counts", () => {
  const samples = [[sample(1000, 50)], [sample(10, 100)]];
  const judged = comparison(named("jvs", "cp"), samples, [{ times: 1 }], {
    target: { times: 1 },
    countsCpu: true,
  });
  assertEquals(judged.verdict, "met");
  assertEquals([judged.wall.median, judged.cpu.median], [100, 0.5]);
});

Deno.test("comparison() misses a target whose memory does not suffice", () => {
  const samples = [[sample(1, 1, 301)], [sample(10)]];
  const target = { times: 1, peakMb: 300 };
  assertEquals(
    comparison(named("jvs", "git"), samples, [{ times: 1 }], { target, countsCpu: false }).verdict,
    "missed",
  );
  const enough = { times: 1, peakMb: 302 };
  assertEquals(
    comparison(named("jvs", "git"), samples, [{ times: 1 }], { target: enough, countsCpu: false }).verdict,
    "met",
  );
});

Deno.test("measure() runs all in turn, forwards and backwards, and leaves out the first round", async () => {
  using folder = tempDir();
  const log = `${folder.path}/log`;
  const writes = (name: string): Contender => {
    return { name, command: ["sh", "-c", `printf ${name} >> ${log}`], cwd: folder.path };
  };
  const found = await measure({
    ours: writes("a"),
    reference: () => [{ times: 1, contender: writes("b") }],
    beside: () => [writes("c")],
    beforeRound: () => Deno.writeTextFileSync(log, "|", { append: true }),
  }, { rounds: 2, target: null, countsCpu: false, moreForMs: 0 });
  assertEquals(Deno.readTextFileSync(log), "|abc|cba|abc");
  assertEquals(found.ours.all.length, 2);
});

Deno.test("measure() goes on as long as chance decides about a limit", async () => {
  using folder = tempDir();
  // One that says that it took 1 and 3 ms by turns, and one that says 2.
  const says = (name: string, ms: string): Contender => ({
    name,
    command: ["sh", "-c", `echo >> ${name}; echo '{"wallMs": 1, "cpuMs": '"${ms}"'}'`],
    cwd: folder.path,
    timesItself: true,
  });
  const scene = {
    ours: says("ours", "$((1 + $(wc -l < ours) % 2 * 2))"),
    reference: () => [{ times: 1, contender: says("other", "2") }],
  };
  const roundsWith = async (cpuLimit: number, moreForMs = 60_000) => {
    const options = { rounds: 2, target: null, countsCpu: false, moreForMs, cpuLimit };
    return (await measure(scene, options)).ours.all.length;
  };
  assertEquals(await roundsWith(1), 16);
  assertEquals(await roundsWith(2), 2);
  assertEquals(await roundsWith(1, 0), 2);
});

Deno.test("time() tells the processor's time and the memory of what a command started", async () => {
  using folder = tempDir();
  const program = "b = bytearray(100 << 20)\nimport time\nwhile time.process_time() < 0.3: pass";
  const found = await time({
    name: "a child",
    command: ["sh", "-c", 'python3 -c "$1"; true', "sh", program],
    cwd: folder.path,
  });
  assertEquals([found.cpuMs >= 300, found.peakMb >= 100, found.wallMs >= found.cpuMs * 0.9], [
    true,
    true,
    true,
  ]);
  const nothing = await time({ name: "true", command: ["true"], cwd: folder.path });
  assertEquals(nothing.peakMb < 50, true, `${nothing.peakMb} MB: not that of the program that starts it`);
});

Deno.test("time() says what a command printed that failed", async () => {
  const failing = { name: "a try", command: ["sh", "-c", "echo reason >&2; exit 3"], cwd: "/" };
  const message = await time(failing).then(() => "", (error) => String(error.message));
  assertEquals([message.includes("a try failed"), message.includes("reason")], [true, true], message);
});
