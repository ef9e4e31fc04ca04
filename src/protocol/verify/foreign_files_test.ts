import { assertEquals, assertMatch } from "@std/assert";
import { TestRepository } from "../../../tests/support/repository.ts";
import { mustRun } from "../../../tests/support/run.ts";
import { doctor } from "../../operation/doctor.ts";

Deno.test("checkPlaces() names each thing that stands in the place of a file or folder of ours, once", async () => {
  using repository = await TestRepository.saved();
  const control = `${repository.path}/.jvs`;
  const link = (name: string) => {
    Deno.removeSync(`${control}/${name}`, { recursive: true });
    Deno.symlinkSync(repository.outside, `${control}/${name}`);
  };
  const pipe = (name: string) => {
    mustRun("rm", "-f", `${control}/${name}`);
    mustRun("mkfifo", `${control}/${name}`);
  };
  link("refs");
  link("runtime/shared/replaced");
  for (const name of ["audit/HEAD", `descriptors/${repository.first}.json`, "worktrees/main/more"]) {
    pipe(name);
  }
  pipe(`runtime/shared/intents/${crypto.randomUUID()}.json`);
  const { healthy, findings } = await repository.call(doctor, { strict: true });
  assertEquals(healthy, false);
  const told = findings.filter(({ message }) => message.includes("of JVS must be"));
  const places = told.map(({ code, path }) =>
    `${code} ${path?.slice(control.length + 1).replace(/[0-9a-f-]{20,}/, "ID")}`
  );
  assertEquals(places.sort(), [
    "E_PATH_ESCAPE refs",
    "E_PATH_ESCAPE runtime/shared/replaced",
    "E_PERMISSION audit/HEAD",
    "E_PERMISSION descriptors/ID.json",
    "E_PERMISSION runtime/shared/intents/ID.json",
    "E_PERMISSION worktrees/main/more",
  ]);
  for (const { message } of told) {
    assertMatch(message, /^Cannot use ".*": it is a (symbolic link|FIFO), .* move it away/);
  }
});
