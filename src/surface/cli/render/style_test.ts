import { assertEquals } from "@std/assert";
import {
  count,
  createStyle,
  displayWidth,
  fit,
  oneLine,
  pad,
  pathText,
  table,
  widest,
  wrap,
} from "./style.ts";

const plain = createStyle({ color: false, width: 80 });
const coloured = createStyle({ color: true, width: 80 });

Deno.test("displayWidth() counts columns: paint none, wide characters two, marks none", () => {
  assertEquals(displayWidth("abc"), 3);
  assertEquals(displayWidth(coloured.paint("good", "abc")), 3);
  assertEquals(displayWidth("日本"), 4);
  assertEquals(displayWidth("한글"), 4);
  assertEquals(displayWidth("é"), 1);
  assertEquals(displayWidth("e\u0301"), 1);
  assertEquals(displayWidth("🎮"), 2);
  assertEquals(displayWidth("│ ●"), 3);
});

Deno.test("table() lines columns up whatever characters are in them", () => {
  const rows = [["日本", "1"], [coloured.paint("bad", "x"), "1000"]];
  assertEquals(
    table(["name", "n"], rows, plain, "n"),
    `name     n\n日本     1\n${coloured.paint("bad", "x")}     1000\n`,
  );
  assertEquals(table(["name"], [], plain), "");
});

Deno.test("wrap() breaks at spaces and keeps long words whole", () => {
  assertEquals(wrap("one two three", 8, "  "), "  one\n  two\n  three");
  assertEquals(wrap("a verylongword b", 6), "a\nverylongword\nb");
  assertEquals(wrap("", 10), "");
});

Deno.test("fit() cuts by columns and says that it did", () => {
  assertEquals(fit("abcdef", 6), "abcdef");
  assertEquals(fit("abcdefg", 6), "abcde…");
  assertEquals(fit("日本語", 5), "日本…");
});

Deno.test("oneLine() lets no text steer the terminal", () => {
  assertEquals(oneLine("plain note: 50%"), "plain note: 50%");
  assertEquals(oneLine("first\nsecond"), "first …");
  assertEquals(oneLine("\n  only \n"), "only");
  assertEquals(oneLine("\x1b[2J").includes("\x1b"), false);
  assertEquals(oneLine("a\u202eb").includes("\u202e"), false);
});

Deno.test("pathText() shows the path that a result encodes", () => {
  assertEquals(pathText("dir/a%3Ab%25"), "dir/a:b%");
  assertEquals(pathText("bad%FF"), "bad%FF");
});

Deno.test("count() speaks of one and of many", () => {
  assertEquals([count(1, "file"), count(0, "file"), count(1234567, "entry", "entries")], [
    "1 file",
    "0 files",
    "1,234,567 entries",
  ]);
  assertEquals(pad("a", 3) + pad("b", 3, "right"), "a    b");
});

Deno.test("widest() takes any number of texts, wide characters too", () => {
  assertEquals(widest([]), 0);
  assertEquals(widest(["a", "日本", "abc"]), 4);
  assertEquals(widest(Array.from({ length: 300_000 }, () => "ab")), 2);
});
