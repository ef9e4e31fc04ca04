import { assert, assertEquals } from "@std/assert";
import { FINDING_CODES } from "../src/model/finding_codes.ts";
import { REPAIRS } from "../src/protocol/verify/finding.ts";
import type { Finding } from "../src/model/records.ts";
import type { BrokenRepository } from "./support/break_and_mend.ts";
import { BROKEN } from "./support/broken_repositories.ts";
import type { JvsOptions } from "./support/jvs.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { everyContent, type SoundBox, soundBox } from "./support/sound_box.ts";

type Doctor = { healthy: boolean; findings: Finding[]; repaired: string[] };

for (const broken of BROKEN) {
  const { name, code, requires: needed = [], repair } = broken;
  Deno.test({
    name: `jvs doctor finds ${name} (${code}), and ${repair ?? "what docs/recovery.md says"} mends it`,
    ...requires(...needed),
    async fn() {
      using box = await soundBox(broken.kind ?? "usual");
      await broken.prepare?.(box);
      const before = everyContent(box);
      await broken.breakIt(box);
      await assertFound(box, broken);
      if (repair !== null) await doctor(box, flagsOf(repair));
      await broken.mend?.(box);
      await assertMended(box, broken);
      if (broken.prepare !== undefined) await box.box.json(["gc", "run", "--yes"], { cwd: box.box.path });
      const lost = before.difference(everyContent(box));
      assertEquals([...lost], [], "what was there before is in no snapshot or worktree any more");
    },
  });
}

/** Doctor finds just that, and changes nothing. */
async function assertFound(box: SoundBox, { code, also = [], repair, severity, under }: BrokenRepository) {
  const state = stateOf(box);
  const { findings, healthy } = await doctor(box, ["--strict"], under?.(box));
  assertEquals(stateOf(box), state, "doctor changed something");
  const shown = JSON.stringify(findings, null, 2);
  const messages = findings.map(({ code, message }) => `${code} ${message}`);
  assertEquals(messages.length, new Set(messages).size, `told twice: ${shown}`);
  const codes = new Set(findings.map((each) => each.code));
  assertEquals([...codes].sort(), [...new Set([code, ...also])].sort(), shown);
  const [found] = findings.filter((each) => each.code === code);
  assertEquals([found?.severity, found?.repair], [severity, repair], shown);
  const isBad = findings.some((each) => ["error", "critical"].includes(each.severity));
  assertEquals(healthy, !isBad, shown);
  for (const each of findings) assertWayOut(each);
}

/** A finding has a repair, or says in whole sentences what a person does. */
function assertWayOut({ message, repair, code }: Finding): void {
  if (repair !== null) return;
  const sentences = message.split(/\. (?=[A-Z`"])/);
  assert(message.endsWith(".") && sentences.length > 1, `${code} does not say what to do: ${message}`);
}

async function assertMended(box: SoundBox, { code, stays = false }: BrokenRepository): Promise<void> {
  const [{ findings, healthy }, verified] = await Promise.all([
    doctor(box, ["--strict"]),
    box.box.run(["verify", "--all", "--json"], { cwd: box.box.path }),
  ]);
  assertEquals(
    [healthy, findings.map((each) => each.code)],
    [true, stays ? [code] : []],
    JSON.stringify(findings),
  );
  assertEquals([verified.code, verified.json.severity], [0, "ok"], verified.stdout);
}

async function doctor({ box }: SoundBox, flags: string[], options: JvsOptions = {}): Promise<Doctor> {
  const { json, stderr } = await box.run(["doctor", ...flags, "--json"], { cwd: box.path, ...options });
  assert("findings" in json, `jvs doctor ${flags.join(" ")}: ${JSON.stringify(json)} ${stderr}`);
  return json as Doctor;
}

function flagsOf(repair: string): string[] {
  return repair === "repair_runtime" ? ["--repair-runtime"] : ["--repair", repair];
}

/** Every file of the repository, with kind, mode, time and size; without what JVS remembers on this host. */
function stateOf({ box: { path } }: SoundBox): string {
  return mustRun("find", path, "-path", "*/runtime/hosts", "-prune", "-o", "-printf", "%p %y %m %s %T@\n");
}

const page = Deno.readTextFileSync(new URL("../docs/recovery.md", import.meta.url));

Deno.test("each code of a finding has a broken repository here and a section in docs/recovery.md, which has no other", () => {
  const codes = Object.keys(FINDING_CODES).sort();
  assertEquals([...new Set(BROKEN.map(({ code }) => code))].sort(), codes);
  const sections = [...page.matchAll(/^## ([A-Z_]+)$/gm)].map(([, code = ""]) => code);
  assertEquals(sections.toSorted(), codes);
});

/** Repairs that mend no finding by their name, with the reason. */
const OF_NO_FINDING = new Map<string, string>([
  [
    "rebuild_index",
    "--repair-runtime drops a damaged index; this one drops any: tests/history_index_test.ts",
  ],
  ["clean_locks", "does nothing: open files hold the locks, so a crash releases them"],
]);

Deno.test("every repair by name mends a repository that is broken here, or it is said why not", () => {
  const mending = new Set(BROKEN.map(({ repair }) => repair));
  assertEquals(REPAIRS.filter((each) => !mending.has(each) && !OF_NO_FINDING.has(each)), []);
  assertEquals([...OF_NO_FINDING.keys()].filter((each) => mending.has(each)), []);
});
