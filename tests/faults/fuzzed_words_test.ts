import { assert, assertEquals } from "@std/assert";
import { operations } from "../../src/operation/registry.ts";
import { argumentsOf, written } from "../../src/surface/cli/line/arguments.ts";
import { runCli } from "../../src/surface/cli/main.ts";
import { refCreate } from "../../src/operation/ref_create.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { namesIn } from "../support/files.ts";
import { FakeIo } from "../support/made_up_cli.ts";
import { mutated } from "../support/mutations.ts";
import { randomFrom } from "../support/random.ts";
import { TestRepository } from "../support/repository.ts";
import { tried } from "../support/tried.ts";

/* Command lines of real flags and words that are nearly right: each ends with an answer or an error of a class, and nothing outside changes. */

const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const inputs = Number(Deno.env.get("JVS_TEST_INPUTS") ?? 10_000);

/** These make repositories where the words say. */
const OUTSIDE = ["init", "adopt", "demo"];

/** A command line in a folder. */
class FolderIo extends FakeIo {
  constructor(private readonly folder: string) {
    super({ JVS_SNAPSHOT_ENGINE: "copy" });
  }
  override cwd(): string {
    return this.folder;
  }
  override now(): number {
    return Date.now();
  }
}

/** Words that mean something in the repository, or to a flag. */
function meaning(id: string): string[] {
  return [
    ...[
      id,
      id.slice(14),
      "HEAD",
      "LATEST",
      "HEAD~1",
      "other@",
      "@",
      "@other",
      "kept",
      "main",
      "other",
      "good",
    ],
    ...["a.txt", "data", "data/b.txt", ".", "*.txt", "7d", "3h", "2026-01-31", "2026-01-31T09:30Z", "1d ago"],
    ...[
      "15%",
      "1/7",
      "10",
      "0",
      "1MB",
      "default",
      "thin",
      "save",
      "optional",
      "engine",
      "retention.keep_days",
    ],
    ...[
      "clean_tmp",
      "snapshot",
      "bash",
      "best_effort",
      "a note",
      "ä漢字\u{1f600}",
      "",
      "-",
      "--",
      "-1",
      "1e9",
    ],
  ];
}

Deno.test("each command answers words that are nearly right with an error of a class, or rightly", async () => {
  using repository = await TestRepository.saved();
  await repository.call(refCreate, { name: "kept" });
  await repository.call(worktreeFork, { name: "other" });
  const random = randomFrom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const word = (text: string) =>
    random() < 0.6 ? text : new TextDecoder().decode(mutated(new TextEncoder().encode(text), random));
  const words = meaning(repository.first);
  const names = operations.names.filter((name) => !OUTSIDE.includes(name));
  const outside = namesIn(repository.outside);
  let answers = 0;
  for (let n = 0; n < inputs; n++) {
    const operation = await operations.load(pick(names));
    const flags = argumentsOf(operation.input.fields).map((each) => written(each).split(/[ =]/)[0] ?? "");
    const rest = Array.from(
      { length: Math.floor(random() * 5) },
      () => random() < 0.4 ? pick([...flags, "--reason", "--session", "--lock-timeout"]) : word(pick(words)),
    );
    const line = [...operation.name.split(" "), ...rest, "--json"];
    const io = new FolderIo(repository.main);
    const code = await runCli(line, io);
    const shown = `input ${n} of seed ${seed}: jvs ${JSON.stringify(line)}\n${io.stdout}${io.stderr}`;
    const ofCommand = operation.name === "lock run" ? [126, 127] : []; // of what cannot be run
    assert([0, 1, 2, ...ofCommand].includes(code), `${shown}\nexit code ${code}`);
    if (code === 0) answers++;
    else if (io.stdout.startsWith("{")) assert(JSON.parse(io.stdout).error !== "E_INTERNAL", shown);
    assert(!io.stderr.includes("E_INTERNAL"), shown);
  }
  assertEquals(namesIn(repository.outside), outside);
  assert(answers > inputs / 20, `only ${answers} of ${inputs} lines were right`);
  tried("command lines", inputs, `${answers} of them right, seed ${seed}`);
});
