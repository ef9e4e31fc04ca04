import { assert, assertEquals, assertThrows } from "@std/assert";
import { bytesOf, bytesOfHex, exactTextOf, hexOf } from "./bytes.ts";
import { JvsError } from "./errors.ts";
import { decodePath, displayPath, encodePath, quoted, shellWord } from "./path_text.ts";
import { jsonText, printable } from "./printable.ts";

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function randomOf(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Bytes at the edges of the table of well-formed UTF-8, which random bytes would seldom meet. */
const EDGES = bytesOfHex("00091f20252f3a417e7f808f909fa0bfc0c1c2dfe0e1ecedeeefbbf0f1f3f4f5ff");

function* randomPaths(count: number): Generator<Uint8Array> {
  const random = randomOf(20_261);
  for (let i = 0; i < count; i++) {
    const pool = i % 2 === 0 ? EDGES : undefined;
    yield Uint8Array.from({ length: random(9) }, () => pool?.[random(pool.length)] ?? random(256));
  }
}

Deno.test("encodePath() escapes %, colon, controls and what is no UTF-8", () => {
  const cases: Record<string, string> = {
    [hexOf(bytesOf("a/b c~é€😀"))]: "a/b c~é€😀",
    "612562": "a%25b",
    "613a62": "a%3Ab",
    "0009011f7f": "%00%09%01%1F%7F",
    "efbbbf61": "\ufeffa", // a byte order mark is text like any other
    "c285": "\u0085", // a control character, but no control byte
    "ff": "%FF",
    "80": "%80",
    "c0af": "%C0%AF", // overlong forms
    "e08080": "%E0%80%80",
    "e09fbf": "%E0%9F%BF",
    "f0808080": "%F0%80%80%80",
    "f08fbfbf": "%F0%8F%BF%BF",
    "eda080": "%ED%A0%80", // surrogates
    "edbfbf": "%ED%BF%BF",
    "ed9fbf": "\ud7ff",
    "f48fbfbf": "\u{10ffff}",
    "f4908080": "%F4%90%80%80", // above U+10FFFF
    "f5808080": "%F5%80%80%80",
    "e2824161": "%E2%82Aa", // cut short, then plain
    "e282": "%E2%82",
    "f09f98": "%F0%9F%98",
    "c3c3a9": "%C3é",
    "61ffe282ac": "a%FF€",
  };
  for (const [hex, text] of Object.entries(cases)) assertEquals(encodePath(bytesOfHex(hex)), text, hex);
});

Deno.test("encodePath() keeps exactly the bytes that a strict UTF-8 decoder takes", () => {
  for (const path of randomPaths(20_000)) {
    const kept = encodePath(path).replaceAll(/%[01][0-9A-F]|%7F|%25|%3A/g, "");
    assertEquals(/%[89A-F][0-9A-F]/.test(kept), exactTextOf(path) === undefined, hexOf(path));
  }
});

Deno.test("decodePath() is the inverse of encodePath(), and no two paths share a text", () => {
  const seen = new Map<string, string>();
  for (const path of randomPaths(50_000)) {
    const text = encodePath(path);
    const hex = hexOf(path);
    assertEquals(hexOf(decodePath(text)), hex);
    assertEquals(seen.get(text) ?? hex, hex);
    seen.set(text, hex);
    assert(!/[\p{Cc}:]/u.test(text.replaceAll(/[\x80-\x9f]/g, "")), hex);
  }
});

Deno.test("decodePath() refuses malformed text", () => {
  for (const text of ["%", "a%4", "%zz", "%2", "%%25", "100% sure", "\ud800"]) {
    assertEquals(assertThrows(() => decodePath(text), JvsError).code, "E_USAGE", text);
  }
  assertEquals(decodePath("%c3%A9:"), bytesOf("é:"));
});

Deno.test("displayPath() shows plain names as they are and anything that could mislead encoded", () => {
  const cases: Record<string, string> = {
    "": ".",
    "a:b/100%": "a:b/100%",
    "naïve 😀": "naïve 😀",
    "a\nb:c": "a%0Ab%3Ac",
    "\x1b[31m": "%1B[31m",
    "\u009b31m": "%C2%9B31m",
    "evil\u202etxt.exe": "evil%E2%80%AEtxt.exe",
    "\u2066x\u2069": "%E2%81%A6x%E2%81%A9",
    "a\u2028b": "a%E2%80%A8b",
    "a%0Ab": "a%250Ab",
  };
  for (const [name, text] of Object.entries(cases)) assertEquals(displayPath(bytesOf(name)), text);
  assertEquals(displayPath(bytesOfHex("613aff")), "a%3A%FF");
});

Deno.test("displayPath() shows no two paths alike and never a raw control", () => {
  const seen = new Map<string, string>();
  for (const path of randomPaths(20_000)) {
    if (hexOf(path) === "2e") continue; // no entry's path; it stands for the root
    const text = displayPath(path);
    assertEquals(seen.get(text) ?? hexOf(path), hexOf(path), text);
    seen.set(text, hexOf(path));
    assert(!/[\p{Cc}\p{Bidi_Control}]/u.test(text), hexOf(path));
  }
});

Deno.test("quoted() shortens and disarms what a user gave", () => {
  assertEquals(quoted(""), '""');
  assertEquals(quoted("a\nb"), '"a%0Ab"');
  assertEquals(quoted("x".repeat(200)), `"${"x".repeat(128)}…"`);
});

Deno.test("printable() leaves lines and letters, and nothing that acts on a terminal", () => {
  assertEquals(printable("größer\nzweite Zeile"), "größer\nzweite Zeile");
  const steering = { a: "\u001b[2J\u009b1m\u202e\n" };
  assertEquals(jsonText(steering), '{"a":"\\u001b[2J\\u009b1m\\u202e\\n"}');
  assertEquals(JSON.parse(jsonText(steering, 2)), steering);
  assertEquals(printable("\u001b]0;pwn\u0007\r\u009b31m\u202e"), "%1B]0;pwn%07%0D%C2%9B31m%E2%80%AE");
});

Deno.test("an error shows nothing that acts on a terminal, whatever a record says", () => {
  const error = new JvsError("E_USAGE", "Cannot use \u001b[31mX", { hint: "Look at \u009b2J" });
  assertEquals([error.message, error.hint], ["Cannot use %1B[31mX", "Look at %C2%9B2J."]);
});

Deno.test("shellWord() gives what a shell reads as the same word", () => {
  for (const text of ["/home/ana/op", "a b", "it's", "$(touch x)", "", "`x`", "é", "~", "-n"]) {
    const { stdout } = new Deno.Command("sh", { args: ["-c", `printf '%s|' ${shellWord(text)}`] })
      .outputSync();
    assertEquals(new TextDecoder().decode(stdout), `${text}|`);
  }
  assertEquals(shellWord("/home/ana/op"), "/home/ana/op");
  for (const text of ["a\nb", "a\u202eb", "\ud800"]) assertEquals(shellWord(text), undefined);
});
