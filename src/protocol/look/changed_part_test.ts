import { assert, assertEquals, assertMatch } from "@std/assert";
import { bytesOf } from "../../model/bytes.ts";
import { countNewlines } from "../../model/lines.ts";
import { unifiedDiff } from "../../model/unified_diff.ts";
import { openPlatform } from "../../platform/open_platform.ts";
import type { OpenFile } from "../../platform/platform.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { randomFrom } from "../../../tests/support/random.ts";
import { requires } from "../../../tests/support/requires.ts";
import { run } from "../../../tests/support/run.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { changedPart } from "./changed_part.ts";

/** A folder with the two files `a` and `b`. */
function twoFiles() {
  const dir = tempDir();
  const folder = openPlatform().openFolder(dir.path);
  return {
    path: dir.path,
    async part(blockBytes?: number, wrap = (file: OpenFile) => file) {
      using a = folder.openFile(bytesOf("a"), "read");
      using b = folder.openFile(bytesOf("b"), "read");
      return await changedPart(wrap(a), wrap(b), new TimeSlice(undefined), blockBytes);
    },
    /** The whole patch, or why there is none. */
    async patch(blockBytes?: number): Promise<string> {
      const part = await this.part(blockBytes);
      if (typeof part === "string") return part;
      return unifiedDiff(part.before, part.after, {
        oldName: "a/x",
        newName: "b/x",
        linesBefore: part.linesBefore,
      });
    },
    write(name: "a" | "b", text: string) {
      Deno.writeTextFileSync(`${dir.path}/${name}`, text);
    },
    [Symbol.dispose]() {
      folder[Symbol.dispose]();
      dir[Symbol.dispose]();
    },
  };
}

Deno.test("changedPart() gives with blocks of any size the patch that the whole files give", async () => {
  using files = twoFiles();
  const random = randomFrom(5);
  const randomText = () => {
    const lines = Array.from({ length: Math.floor(random() * 30) }, () => `${"x".repeat(random() * 3)}\n`);
    return random() < 0.3 ? lines.join("").slice(0, -1) : lines.join("");
  };
  for (let round = 0; round < 400; round++) {
    const [head, tail] = [randomText(), randomText()];
    const [a, b] = [head + randomText() + tail, head + randomText() + tail];
    files.write("a", a);
    files.write("b", b);
    const whole = unifiedDiff(bytesOf(a), bytesOf(b), { oldName: "a/x", newName: "b/x" });
    assertEquals(await files.patch(1 + Math.floor(random() * 20)), whole, JSON.stringify([a, b]));
  }
});

Deno.test("changedPart() gives a context that belongs to the files, not to lines that look like it", async () => {
  using files = twoFiles();
  const same = Array.from({ length: 20 }, (_, i) => `same ${i}\n`).join("");
  files.write("a", `${same}gone\nc\nc\nc\n${same}`);
  files.write("b", `${same}c\nnew\nc\nc\nc\n${same}`);
  const [, hunk = ""] = (await files.patch(16)).split("@@\n");
  assert(hunk.startsWith(" same 17\n same 18\n same 19\n"), hunk);
  assertMatch(hunk, /( .*\n){3}$/); // git takes a hunk without context for the end of the file
});

Deno.test(
  "changedPart() finds one line in a file that is larger than what is compared",
  requires("git"),
  async () => {
    using files = twoFiles();
    const lines = Array.from({ length: 400_000 }, (_, i) => `line ${i} of a log that is rather long\n`);
    files.write("a", lines.join(""));
    files.write("b", lines.with(250_000, "other\n").toSpliced(250_010, 0, "one more\n").join(""));
    const { stdout } = run("git", "diff", "--no-index", `${files.path}/a`, `${files.path}/b`);
    const hunks = stdout.slice(stdout.indexOf("@@")).replaceAll(/(?<= @@) .*/g, "");
    assertEquals((await files.patch()).replace(/^---.*\n\+\+\+.*\n/, ""), hunks);
  },
);

Deno.test("changedPart() says when what differs is too large, also if only its context is", async () => {
  using files = twoFiles();
  const line = "x".repeat(6_000_000);
  files.write("a", `1\n${line}\n2\n`);
  files.write("b", `1\n${line}y\n2\n`);
  assertEquals(await files.part(), "too large");
  files.write("b", `1\n${line}\n3\n`);
  assertEquals(await files.part(), "too large");
  files.write("a", "\n".repeat(2_000_000));
  files.write("b", "x\n".repeat(2_000_000));
  assertEquals(await files.part(), "too large");
});

Deno.test("changedPart() calls what has zeros no text, and reads no hole to find that out", async () => {
  using files = twoFiles();
  files.write("a", "text\n");
  files.write("b", "text\n");
  Deno.truncateSync(`${files.path}/b`, 10_000_000_000_000);
  assertEquals(await files.part(), "binary");
  for (const place of [0, 50, 99]) {
    files.write("a", "x".repeat(100));
    files.write("b", "x".repeat(place) + "\0" + "x".repeat(99 - place));
    assertEquals(await files.part(7), "binary");
  }
  const same = "same\n".repeat(50);
  for (const [head, tail] of [["\0\n", ""], ["", "\0\n"]]) {
    files.write("a", `${head}${same}old\n${same}${tail}`);
    files.write("b", `${head}${same}new\n${same}${tail}`);
    assertEquals(await files.part(7), "binary");
  }
});

Deno.test("changedPart() says when a file gets shorter while it is read", async () => {
  using files = twoFiles();
  files.write("a", "x\n".repeat(1000));
  files.write("b", "x\n".repeat(1000) + "y\n");
  const cutAtFirstRead = (file: OpenFile): OpenFile =>
    new Proxy(file, {
      get(target, key) {
        if (key === "readAt") Deno.truncateSync(`${files.path}/b`, 10);
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  assertEquals(await files.part(64, cutAtFirstRead), "changing");
});

Deno.test("countNewlines() counts newlines wherever they are, and nothing else", () => {
  const random = randomFrom(3);
  for (let round = 0; round < 300; round++) {
    const bytes = Uint8Array.from(
      { length: 40 },
      () => [0x0a, 0x8a, 0x0b, 0x09, 0, 0xff, 0xf5][Math.floor(random() * 7)] ?? 0,
    );
    for (const part of [bytes, bytes.subarray(1), bytes.subarray(4), bytes.subarray(0, 37)]) {
      assertEquals(countNewlines(part), part.filter((byte) => byte === 0x0a).length, String(part));
    }
  }
});
