import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { requires } from "../../tests/support/requires.ts";
import { type TempDir, tempDir } from "../../tests/support/temp_dir.ts";
import { checkOwner, trustedRepositories } from "./trust.ts";

const ANN = { uid: 1001, gid: 1001, userName: "ann" };
const STRANGER = 12345;

interface Owned {
  owner: number;
  group?: number;
  mode?: number;
}

function planted(folder: TempDir, { owner, group = owner, mode = 0o700 }: Owned): string {
  const control = `${folder.path}/.jvs`;
  Deno.mkdirSync(control, { recursive: true });
  Deno.chownSync(control, owner, group);
  Deno.chmodSync(control, mode);
  return folder.path;
}

function groups(folder: TempDir, text: string): { groupFile: string } {
  const groupFile = `${folder.path}/group`;
  Deno.writeTextFileSync(groupFile, text);
  return { groupFile };
}

Deno.test("checkOwner() takes the caller's own control plane and root's", requires("root"), () => {
  using folder = tempDir();
  for (const owner of [ANN.uid, 0]) assertEquals(checkOwner(planted(folder, { owner }), ANN).uid, owner);
});

Deno.test(
  "checkOwner() refuses a stranger's control plane, for root too, and says how to trust it",
  requires("root"),
  () => {
    using folder = tempDir();
    const root = planted(folder, { owner: STRANGER, mode: 0o777 });
    for (const caller of [ANN, { uid: 0, gid: 0, userName: "root" }]) {
      const error = assertThrows(() => checkOwner(root, caller), JvsError, `another user (${STRANGER})`);
      assertEquals([error.code, error.details["owner"]], ["E_UNTRUSTED", STRANGER]);
      assertStringIncludes(error.hint, "trusted_repositories");
    }
    assertThrows(() => checkOwner(root, ANN, { trustedRoots: ["/elsewhere", `${root}x`] }), JvsError);
    Deno.symlinkSync(root, `${root}/link`);
    for (const trusted of [root, `${root}/`, `${root}/link`]) {
      checkOwner(root, ANN, {
        trustedRoots: [trusted],
      });
    }
  },
);

Deno.test(
  "checkOwner() takes one that was opened on purpose to a group of the caller's",
  requires("root"),
  () => {
    using folder = tempDir();
    const file = groups(folder, "root:x:0:\nteam:x:500:bob,ann\nothers:x:501:annabel,bob\n");
    const open = { owner: STRANGER, mode: 0o2770 };
    checkOwner(planted(folder, { ...open, group: ANN.gid }), ANN, file);
    checkOwner(planted(folder, { ...open, group: 500 }), ANN, file);
    const closed = [{ ...open, group: 501 }, { ...open, group: 500, mode: 0o770 }, {
      ...open,
      group: 500,
      mode: 0o2750,
    }];
    for (const owned of [...closed, { ...open, group: 500, mode: 0o2707 }]) {
      assertThrows(() => checkOwner(planted(folder, owned), ANN, file), JvsError, "belongs to another user");
    }
    const root = planted(folder, { ...open, group: 500 });
    const unlisted = { groupFile: `${folder.path}/none` };
    assertThrows(() => checkOwner(root, ANN, unlisted), JvsError);
    // What the system says of the process counts, whatever the file has.
    checkOwner(root, { ...ANN, rights: { groups: [7, 500] } }, unlisted);
    assertThrows(() => checkOwner(root, { ...ANN, rights: { groups: [7, 501] } }, unlisted), JvsError);
  },
);

Deno.test("trustedRepositories() reads the user's own config, comments and all", () => {
  using folder = tempDir();
  assertEquals(trustedRepositories(undefined), []);
  assertEquals(trustedRepositories(`${folder.path}/none`), []);
  const write = (text: string) => Deno.writeTextFileSync(`${folder.path}/config.jsonc`, text);
  write('{ // mine\n "trusted_repositories": ["/a", "/b"], "more": 1 }');
  assertEquals(trustedRepositories(folder.path), ["/a", "/b"]);
  write("{}");
  assertEquals(trustedRepositories(folder.path), []);
  for (
    const [text, place] of [['{ "trusted_repositories": "/a" }', "line 1, column 27"], [
      "{\n",
      "line 2, column 1",
    ]]
  ) {
    write(text as string);
    const error = assertThrows(() => trustedRepositories(folder.path), JvsError, place);
    assertEquals(error.code, "E_USAGE");
  }
});
