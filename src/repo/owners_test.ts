import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { requires } from "../../tests/support/requires.ts";
import { type TempDir, tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { Stat } from "../platform/stat.ts";
import { type Caller, type OwnerOptions, Owners } from "./owners.ts";

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

function checkOwner(root: string, caller: Caller, options: OwnerOptions = {}): Owners {
  const owners = new Owners(root, caller, options);
  owners.check(statAt(`${root}/.jvs`));
  return owners;
}

function statAt(path: string): Stat {
  const stat = new Stat();
  using folder = openPlatform().openFolder(path);
  folder.stat(bytesOf("."), stat);
  return stat;
}

Deno.test("Owners.check() takes the caller's own control plane and root's", requires("root"), () => {
  using folder = tempDir();
  for (const owner of [ANN.uid, 0]) checkOwner(planted(folder, { owner }), ANN);
});

Deno.test(
  "Owners.check() refuses a stranger's control plane, for root too, and says how to trust it",
  requires("root"),
  () => {
    using folder = tempDir();
    const root = planted(folder, { owner: STRANGER, mode: 0o777 });
    for (const caller of [ANN, { uid: 0, gid: 0, userName: "root" }]) {
      const error = assertThrows(() => checkOwner(root, caller), JvsError, `another user (${STRANGER})`);
      assertEquals([error.code, error.details["owner"]], ["E_UNTRUSTED", STRANGER]);
      assertStringIncludes(error.hint, "jvs config trust --repository");
    }
    const relative = `${"../".repeat(40)}${root.slice(1)}`; // another folder in each working folder
    const others = [{ path: root, owner: STRANGER + 1 }, { path: "/elsewhere", owner: STRANGER }];
    for (const other of ["/elsewhere", `${root}x`, relative, ...others]) {
      assertThrows(() => checkOwner(root, ANN, { trustedRoots: [other] }), JvsError);
    }
    Deno.symlinkSync(root, `${root}/link`);
    for (const trusted of [root, `${root}/`, `${root}/link`, { path: root, owner: STRANGER }]) {
      checkOwner(root, ANN, {
        trustedRoots: [trusted],
      });
    }
  },
);

Deno.test(
  "Owners.check() takes one that was opened on purpose to a group of the caller's",
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
    assertThrows(() => checkOwner(root, ANN, { groupFile: `${folder.path}/none` }), JvsError);
  },
);

Deno.test(
  "Owners.may() takes what is the caller's, root's, the owner's or a member's of the group, and nothing else",
  requires("root"),
  () => {
    using folder = tempDir();
    const may = (owners: Owners, uid: number, gid: number) =>
      owners.may(Object.assign(new Stat(), { uid, gid }));
    const own = checkOwner(planted(folder, { owner: ANN.uid, mode: 0o777 }), ANN);
    assertEquals([ANN.uid, 0, STRANGER].map((uid) => may(own, uid, 500)), [true, true, false]);
    assertEquals(may(own, STRANGER, ANN.gid), false);
    const file = groups(folder, "team:x:500:ann,daemon\n");
    const root = planted(folder, { owner: STRANGER, group: 500, mode: 0o2770 });
    const shared = checkOwner(root, ANN, file);
    // `daemon` is user 1 everywhere; 2 is in no group.
    assertEquals(
      [[STRANGER, 7], [1, 7], [2, 500], [2, 7]].map(([uid = 0, gid = 0]) => may(shared, uid, gid)),
      [
        true,
        true,
        true,
        false,
      ],
    );
  },
);

Deno.test(
  "Owners.isOwnFolderOf() takes a folder only of its user, that JVS made for nobody else to write",
  requires("root"),
  () => {
    using folder = tempDir();
    const options = groups(folder, `team:x:${ANN.gid}:ann`);
    const root = planted(folder, { owner: STRANGER, group: ANN.gid, mode: 0o2770 });
    const shared = checkOwner(root, ANN, options);
    const own = (uid: number, bits: number) =>
      shared.isOwnFolderOf(ANN.uid, { uid, mode: bits & 0o3777, marked: (bits & 0o4000) !== 0 });
    assertEquals([0o6750, 0o4700].map((mode) => own(ANN.uid, mode)), [true, true]);
    // What a member could move there, from a worktree folder in which the member's own snapshot was restored.
    assertEquals(
      [0o2750, 0o755, 0o700, 0o6770, 0o4702].map((mode) => own(ANN.uid, mode)),
      Array(5).fill(false),
    );
    assertEquals([STRANGER, 0].map((uid) => own(uid, 0o6750)), [false, false]);
    assertEquals(
      [shared.isOpenToOthers, checkOwner(planted(folder, { owner: ANN.uid }), ANN).isOpenToOthers],
      [true, false],
    );
  },
);
