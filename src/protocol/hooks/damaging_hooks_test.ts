import { assert, assertEquals } from "@std/assert";
import { fullAudit } from "../../../tests/support/full_audit.ts";
import { hooked } from "../../../tests/support/hooked_repository.ts";
import { mustRun } from "../../../tests/support/run.ts";
import { type ErrorCode, isJvsError } from "../../model/errors.ts";
import type { HookName } from "../../model/hooks.ts";
import { doctor } from "../../operation/doctor.ts";
import { refCreate } from "../../operation/ref_create.ts";
import { restore } from "../../operation/restore.ts";
import { snapshot } from "../../operation/snapshot.ts";

/** What a hook does to `.jvs`, what operations say of it, and what mends it: a repair of `doctor`, or this part as it was before. */
interface Damage {
  readonly command: string;
  readonly fails?: Partial<Record<HookName, ErrorCode>>;
  readonly mendedBy?: "rebuild_ready" | "audit_repair" | "repair_runtime";
  readonly broughtBack?: string;
}

const all = (code: ErrorCode) => ({ fails: { "pre-snapshot": code, "pre-restore": code } });
const onlyRestore = (code: ErrorCode) => ({ fails: { "pre-restore": code } });

/** FIRST is the snapshot that is restored. */
const DAMAGE: readonly Damage[] = [
  { command: "rm snapshots/FIRST.READY", mendedBy: "rebuild_ready", ...onlyRestore("E_NOT_FOUND") },
  { command: "echo x >audit/HEAD", mendedBy: "audit_repair", ...all("E_AUDIT_CHAIN_BROKEN") },
  { command: "sed -i '$d' audit/audit.jsonl" }, // HEAD has the last record too, and the next one writes it again
  { command: "rm -rf runtime", mendedBy: "repair_runtime" },
  { command: "rm config.jsonc" },
  { command: "echo x >refs/named.json", broughtBack: "refs/named.json" },
  {
    command: "echo other >snapshots/FIRST/a.txt",
    broughtBack: "snapshots/FIRST",
    ...onlyRestore("E_PAYLOAD_HASH_MISMATCH"),
  },
  {
    command: "echo x >descriptors/FIRST.json",
    broughtBack: "descriptors/FIRST.json",
    ...onlyRestore("E_DESCRIPTOR_CORRUPT"),
  },
  {
    command: "echo x >worktrees/main/config.json",
    broughtBack: "worktrees/main/config.json",
    ...all("E_DESCRIPTOR_CORRUPT"),
  },
  { command: "mv refs ../refs; ln -s ../refs refs", broughtBack: "refs" },
  { command: "mv audit ../audit; ln -s ../audit audit", broughtBack: "audit", ...all("E_PATH_ESCAPE") },
];

/** A repository with two snapshots, a ref and unsaved work, and a hook that keeps a copy of `.jvs` and then damages it. */
async function damagedBy(hook: HookName, { command }: Damage) {
  const box = await hooked({});
  const { repository } = box;
  const copy = `${repository.outside}/copy`;
  repository.write("main/a.txt", "two\n");
  await repository.save("second");
  await repository.call(refCreate, { name: "named", snapshot: repository.first });
  repository.write("main/a.txt", "unsaved\n");
  const text = `cp -a ../.jvs '${copy}' && cd ../.jvs && { ${
    command.replaceAll("FIRST", repository.first)
  }; }`;
  await box.trust({ [hook]: text });
  return { ...box, copy, [Symbol.dispose]: () => repository[Symbol.dispose]() };
}

for (const hook of ["pre-snapshot", "post-snapshot", "pre-restore"] as const) {
  Deno.test(`Hooks that damage .jvs as ${hook} give an error or a result, and nothing is lost that can be mended`, async () => {
    for (const damage of DAMAGE) {
      using box = await damagedBy(hook, damage);
      const { repository, context, copy } = box;
      const run = hook === "pre-restore"
        ? repository.call(restore, { snapshot: repository.first }, context())
        : repository.call(snapshot, { note: "third" }, context());
      const code = await run.then(() => undefined, codeOf);
      const what = `${hook}: ${damage.command}`;
      assertEquals(code, damage.fails?.[hook], what);
      assert(exists(copy), `${what}: the hook did not run`);
      await mend(box, damage);
      await fullAudit(repository.path);
      const contents = mustRun(
        "sh",
        "-c",
        `cat '${repository.path}'/main/a.txt '${repository.path}'/.jvs/snapshots/*/a.txt`,
      );
      for (const text of ["one", "two", "unsaved"]) {
        assert(contents.split("\n").includes(text), `${what}: ${text} is lost`);
      }
    }
  });
}

async function mend(
  { repository, copy }: Awaited<ReturnType<typeof damagedBy>>,
  { broughtBack, mendedBy }: Damage,
): Promise<void> {
  if (broughtBack !== undefined) {
    const part = broughtBack.replaceAll("FIRST", repository.first);
    mustRun("rm", "-rf", `${repository.path}/.jvs/${part}`);
    mustRun("cp", "-a", `${copy}/${part}`, `${repository.path}/.jvs/${part}`);
  }
  if (mendedBy === "repair_runtime") await repository.call(doctor, { repair_runtime: true });
  else if (mendedBy !== undefined) await repository.call(doctor, { repair: [mendedBy] });
}

Deno.test("Hooks that move the repository or the worktree away give an error, or are recovered from, and lose nothing", async () => {
  for (const command of ["mv ../.jvs ../gone", "mv ../main ../gone"]) {
    using box = await hooked({ "pre-snapshot": command });
    const { repository, context } = box;
    const code = await repository.call(snapshot, {}, context()).then(() => undefined, codeOf);
    assertEquals(code, command.includes(".jvs") ? "E_IO" : "E_NOT_FOUND");
    const [, from, to] = command.split(" ").map((path) => path.replace("..", repository.path));
    assert(
      from !== undefined && to !== undefined && !exists(from),
      `${command}: something is made in its place`,
    );
    mustRun("mv", to, from);
    assertEquals(repository.read("main/a.txt"), "one\n");
    await fullAudit(repository.path);
  }
});

function codeOf(error: unknown): ErrorCode {
  if (isJvsError(error)) return error.code;
  throw error;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
