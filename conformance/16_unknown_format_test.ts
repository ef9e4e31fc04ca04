import { assert, assertEquals } from "@std/assert";
import { BlackBox } from "../tests/support/black_box.ts";
import { requires } from "../tests/support/requires.ts";
import { fingerprint } from "../tests/support/trees.ts";

const COMMANDS = [
  ["status"],
  ["snapshot"],
  ["restore", "HEAD", "--discard"],
  ["doctor", "--repair-runtime"],
  ["history"],
  [
    "worktree",
    "remove",
    "main",
  ],
];

Deno.test({
  name:
    "conformance 16: a repository of another format is refused by every command, with what to do, and not touched",
  ...requires("python3"),
  async fn() {
    using box = await BlackBox.make();
    box.write("a.txt", "one\n");
    await box.save("first");
    box.write("a.txt", "unsaved\n");
    const version = `${box.control}/format_version`;
    for (
      const [text, code, says] of [
        ["1\n", "E_FORMAT_UNSUPPORTED", /Go/],
        ["3\n", "E_FORMAT_UNSUPPORTED", /newer/],
        ["999999999\n", "E_FORMAT_UNSUPPORTED", /newer/],
        ["garbage\n", "E_DESCRIPTOR_CORRUPT", /./],
        ["", "E_DESCRIPTOR_CORRUPT", /./],
        ["-2\n", "E_DESCRIPTOR_CORRUPT", /./],
        [undefined, "E_DESCRIPTOR_CORRUPT", /./],
      ] as const
    ) {
      if (text === undefined) Deno.removeSync(version);
      else Deno.writeTextFileSync(version, text);
      const before = await fingerprint(box.path);
      for (const command of COMMANDS) {
        const { message, hint } = await box.error(code, command);
        assert(message.includes(box.path), message);
        assert(says.test(hint), `${text}: ${hint}`);
      }
      assertEquals(await fingerprint(box.path), before, `format ${text}`);
    }
    Deno.writeTextFileSync(version, "2\n");
    await box.audit();
  },
});
